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
CONTINUED = ("followup", "error_correction", "error_analysis", "new_problem")


class Problem(BaseModel):
    """A mathematical problem and its worked answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    question: Words
    answer: Words


class MathsChat(Problem):
    """A problem and, in one string with `A:` and `B:` before the turns, the talk that goes on from it."""

    followup: Words | None = None
    error_correction: Words | None = None
    error_analysis: Words | None = None
    new_problem: Words | None = None

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if not re.search(r"^\s*[AB]:", self.talk, re.MULTILINE):
            raise ValueError(f"needs one of {', '.join(CONTINUED)} with turns that begin with A: and B:")
        return self

    @property
    def talk(self) -> str:
        """The continuation of the conversation, or an empty text."""
        return next((text for key in CONTINUED if (text := getattr(self, key))), "")


def gsm8k(sources: TrainingSources) -> Iterator[Example]:
    """A chat of each GSM8K problem: the question and its worked answer."""
    for source in source_files(sources, "gsm8k", "JSONL with question and answer, or hub:openai/gsm8k:main:train"):
        for where, number, problem in records(source, Problem):
            messages = (Message("user", problem.question), Message("assistant", without_marks(problem.answer)))
            yield Example(f"{where}:{number}", "maths", problem.question, Chat.of(messages))


def mathchat(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """The problem and its answer, then the talk: A is the user, B the assistant."""
    for source in source_files(sources, "mathchat", "MathChat's JSONL, or the folder of its four files"):
        for where, number, problem in records(source, MathsChat):
            before, *turns = re.split(r"^\s*([AB]):", problem.talk, flags=re.MULTILINE)
            if before.strip():  # nobody says them, and to leave them out may leave the rest without sense
                yield Dropped(BEFORE, problem.question)
                continue
            messages = [Message("user", problem.question), Message("assistant", without_marks(problem.answer))]
            try:
                chat = Chat.of([*messages, *_turns(turns)])
            except ValueError as error:
                raise ContentError(where, number, str(error)) from None
            yield Example(f"{where}:{number}", "maths", problem.question, chat)


def without_marks(answer: str) -> str:
    """Without the calculator's marks, `<<3*4=12>>`, which stand beside the same result in words."""
    return re.sub(r"<<[^<>]*>>", "", answer)


def _turns(pieces: list[str]) -> Iterator[Message]:
    """A speaker and what is said, by turns."""
    for speaker, text in zip(pieces[::2], pieces[1::2], strict=True):
        yield Message("user" if speaker == "A" else "assistant", without_marks(text))
