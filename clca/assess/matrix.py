"""A matrix of rows and tasks, answered: what evaluations on offensiveness and on MMLU share.

rows, tasks -> sheets -> predictor -> choices -> scored answers
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from clca.assess.answers import Answers, Way
from clca.assess.sitting import Begin, Evaluation, Sitting, old_info
from clca.errors import SettingsError
from clca.evaluation.classification.folder import Folder
from clca.evaluation.classification.scored import Scored
from clca.evaluation.classification.sheet import ExampleQuestion, Row
from clca.evaluation.classification.task import Task
from clca.evaluation.classification.work import Tell, Work
from clca.evaluation.predictors.formats import ChatFormat, TextFormat
from clca.evaluation.predictors.tokens import Tokens
from clca.evaluation.sheet import Sheet
from clca.training.chat import ChatTemplate
from clca.training.quiet import quiet
from clca.training.student import load_config, load_tokenizer

ROOM = 2
"""Texts are counted in tokens where they might take more than this part of what a student reads: a token is a byte
at least, but for what some tokenizers spell out first."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is asked of whom. `form_of` tells in which form of the prompts a row is asked."""

    evaluation: Evaluation
    tasks: tuple[Task, ...]
    rows: tuple[Row, ...]
    form_of: Callable[[str], str]
    way: Way

    @property
    def forms(self) -> dict[str, str]:
        """Each form, and the first row that is asked in it."""
        found: dict[str, str] = {}
        for row in self.rows:
            found.setdefault(self.form_of(row.name), row.name)
        return found

    @property
    def cells(self) -> int:
        return len(self.rows) * len(self.tasks)

    @property
    def texts(self) -> int:
        """Of all tasks, each once."""
        return sum(task.count for task in self.tasks)

    @property
    def prompts(self) -> int:
        return self.texts * len(self.rows)


@dataclass(slots=True)
class Filled:
    """A matrix that is answered, its folder still open; what is put into `facts` is written once the block ends."""

    scored: list[Scored]
    sitting: Sitting
    sheets: int
    facts: dict[str, object] = field(default_factory=dict)


@contextmanager
def filled(matrix: Matrix, tell: Tell, begin: Begin) -> Iterator[Filled]:
    """Have what is left of a matrix answered; the evaluation is finished when the block is left."""
    one = matrix.evaluation
    old = old_info(one.out, one.inputs)
    if not old.get("finished"):
        require_readable(matrix)
    with Folder(one.out, matrix.tasks, matrix.rows) as folder:
        work = Work(folder, matrix.tasks, matrix.rows, tell)
        folder.write_prompts(matrix.tasks, matrix.forms)
        predictor = Answers(one.subject, matrix.way)
        with Sitting(one, old, folder, predictor, lambda: _standing(work), begin) as sitting:
            work.ask(predictor)
        done = Filled(work.scored(), sitting, len(folder.sizes))
        yield done
        sitting.finish(predictions=matrix.prompts, **done.facts)


def require_readable(matrix: Matrix) -> None:
    """Refuse a prompt that is too long for the student with its answer. What a server reads is not known here."""
    student, way = matrix.evaluation.subject.student, matrix.way
    if student is None:
        return
    longest = getattr(load_config(student), "max_position_embeddings", None)
    if longest is None:
        return
    answer = way.reply_tokens if way.mode == "generate" else 1
    tokens: Tokens | None = None
    for task in matrix.tasks:
        for row in matrix.forms.values():
            system = task.system(row)
            for one in task.examples(row):
                if ROOM * (len(system.encode()) + len(one.text.encode()) + answer) < longest:
                    continue
                if tokens is None:
                    tokenizer = load_tokenizer(student)
                    tokens = Tokens(tokenizer, ChatFormat(ChatTemplate(tokenizer)) if way.chat else TextFormat())
                question = ExampleQuestion(one.text, task.answers, one.id, one.gold)
                with quiet():  # transformers warns of what is refused here
                    (prompt,) = tokens.prompts(Sheet("", system, (question,)))
                if len(prompt.ids) + answer > longest:
                    raise SettingsError(
                        f"{task.name}, text {one.id}: prompt and answer take {len(prompt.ids) + answer:,} tokens, but"
                        f" {matrix.evaluation.subject.name} reads {longest:,}: leave the text out of the data, or"
                        " choose a student that reads more"
                    )


def _standing(work: Work) -> dict[str, object]:
    done, of = work.cells
    return {"cells": {"done": done, "of": of}}
