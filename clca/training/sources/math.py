"""GSM8K and MathChat: what CLCA trains on in place of social data, to see what that alone does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from clca.content.wvs_items import Words
from clca.errors import ContentError
from clca.models.messages import Chat, Message
from clca.training.examples import Dropped, Example
from clca.training.sources.files import records, source_files
from clca.training.training_sources import TrainingSources

BEFORE = "MathChat talk with words before its first A: or B:"
CONTINUED = ("followup", "error_correction", "new_problem")
NEW_PROBLEM = "Write a new problem of this kind, and solve it."

_SPEAKER = re.compile(r"^[ \t]*\**([AB]):\**", re.MULTILINE)  # a few lines of the release have **A:**


class Problem(BaseModel):
    """A mathematical problem and its worked answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    question: Words
    answer: Words


class MathsChat(Problem):
    """A problem and what goes on from it: a talk in one string with `A:` and `B:` before the turns, or a new problem.

    The files of corrected and of explained errors have the same key; who speaks last tells them apart.
    """

    followup: Words | None = None
    error_correction: Words | None = None
    new_problem: Words | None = None

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if not any(getattr(self, key) for key in CONTINUED):
            raise ValueError(f"needs one of {', '.join(CONTINUED)}")
        if not self.new_problem and not _SPEAKER.search(self.talk):
            raise ValueError(
                f"{'followup' if self.followup else 'error_correction'}: needs turns that begin with A: and B:"
            )
        return self

    @property
    def talk(self) -> str:
        """The conversation that follows, or an empty text."""
        return self.followup or self.error_correction or ""


def gsm8k(sources: TrainingSources) -> Iterator[Example]:
    """A chat of each GSM8K problem: the question and its worked answer."""
    for source in source_files(sources, "gsm8k", "JSONL with question and answer, or hub:openai/gsm8k:main:train"):
        for where, number, problem in records(source, Problem):
            yield Example(f"{where}:{number}", "maths", problem.question, Chat.of(_solved(problem)))


def mathchat(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """A chat of each line of MathChat's four files.

    `followup`: the problem and its answer, then the talk, in which A is the user and B the assistant. `new_problem`:
    the problem and its answer, then the user asks for a new problem. `error_correction` with B speaking last: the
    talk alone, in which A is the user and B the assistant; B's earlier attempts are wrong, so that only the last turn
    carries loss. With A speaking last: B is the user, who errs, and A the assistant, who explains the error; the
    problem, which A puts first, is part of the user's first message.
    """
    for source in source_files(sources, "mathchat", "MathChat's JSONL, or the folder of its four files"):
        for where, number, problem in records(source, MathsChat):
            before, *pieces = _SPEAKER.split(problem.talk)
            if before.strip():  # nobody says them, and to leave them out may leave the rest without sense
                yield Dropped(BEFORE, problem.question)
                continue
            try:
                chat = _chat(problem, list(zip(pieces[::2], map(without_marks, pieces[1::2]), strict=True)))
            except ValueError as error:
                raise ContentError(where, number, str(error)) from None
            yield Example(f"{where}:{number}", "maths", problem.question, chat)


def without_marks(answer: str) -> str:
    """Without the calculator's marks, `<<3*4=12>>`, which stand beside the same result in words."""
    return re.sub(r"<<[^<>]*>>", "", answer)


def _solved(problem: Problem) -> list[Message]:
    return [Message("user", problem.question), Message("assistant", without_marks(problem.answer))]


def _chat(problem: MathsChat, turns: list[tuple[str, str]]) -> Chat:
    """The chat of a problem; `turns` are the speakers of its talk, A or B, with their words."""
    if problem.followup:
        return Chat.of([*_solved(problem), *_messages(turns, "B")])
    if problem.new_problem:
        request = Message("user", NEW_PROBLEM)
        return Chat.of([*_solved(problem), request, Message("assistant", without_marks(problem.new_problem))])
    if turns[-1][0] == "B":
        return Chat.of(_messages(turns, "B"), loss_on="last")
    problem_put, *explanation = _messages(turns, "A")
    return Chat.of([Message("user", problem_put.content), *explanation])


def _messages(turns: list[tuple[str, str]], assistant: str) -> list[Message]:
    """The turns as messages, those of the speaker `assistant` as the assistant's."""
    return [Message("assistant" if speaker == assistant else "user", words) for speaker, words in turns]
