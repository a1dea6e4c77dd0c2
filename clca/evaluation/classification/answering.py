"""A matrix at work: sheets that are not answered yet go to a predictor, and come back as choices.

Of a text nothing is kept in memory but places in the list of labels, a byte each: of its gold, and of every answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic

import numpy as np

from clca.errors import ContentError
from clca.evaluation.classification.confusion import Confusion, Labels, counts, macro_f1
from clca.evaluation.classification.prediction_dir import TaskPredictionDir
from clca.evaluation.classification.request_group import (
    SIZE,
    ExampleQuestion,
    ExampleRequestGroup,
    System,
    sheets,
)
from clca.evaluation.classification.task import Task
from clca.evaluation.progress import EvaluationProgress
from clca.inference.requests import Answer, Predictor
from clca.records import Choice

TELL_EVERY = 0.5  # seconds
UNASKED = -2


@dataclass(frozen=True, slots=True)
class TaskProgress(EvaluationProgress):
    """How far an evaluation is, in cells: a cell is one system on one test.

    `row` (a system) and `test` name the cell that was answered last, `f1` is its macro-F1 so far, NaN without labels.
    """

    row: str
    test: str
    f1: float

    @property
    def detail(self) -> str:
        f1 = "" if math.isnan(self.f1) else f" F1 {self.f1:.3f}"
        return f"{self.row} on {self.test}{f1}"


ProgressCallback = Callable[[TaskProgress], None]


class Work:
    """All cells of a matrix, and what became of them."""

    def __init__(
        self, folder: TaskPredictionDir, tasks: Sequence[Task], rows: Sequence[System], tell: ProgressCallback
    ) -> None:
        self._folder, self._tasks, self._rows, self._tell = folder, {one.name: one for one in tasks}, tuple(rows), tell
        self._place = {row.name: place for place, row in enumerate(rows)}
        self._gold = {one.name: _golds(one) for one in tasks}
        self._answers = {one.name: np.full((len(self._rows), one.count), UNASKED, dtype=np.int8) for one in tasks}
        self._texts, self._began, self._told = 0, monotonic(), 0.0
        self._left = Counter({(row.name, one.name): one.count for one in tasks for row in rows})
        # Most answers are one of a few: reading each anew would take ten seconds for 100,000.
        read = lru_cache(maxsize=1024)(lambda test, said: self._tasks[test].read(said))
        for line, choice in folder.numbered():
            gold = int(self._gold[choice.test][choice.place])
            if gold != self._index(choice.test, choice.gold) or not self._known(choice):
                folder.refuse(line, f"its gold or its label is none that {choice.test} has there")
            if not self._follows(choice, read):
                folder.refuse(line, "its label is not what its reply or its probabilities say")
            self._count(choice)

    @property
    def cells(self) -> tuple[int, int]:
        """How many cells are whole, and of how many."""
        return sum(not left for left in self._left.values()), len(self._left)

    @property
    def left(self) -> int:
        """How many answers are missing."""
        return self._left.total()

    def ask(self, predictor: Predictor) -> None:
        """Have every sheet that is left answered."""
        if self.left:
            finished = self._folder.finished
            predictor.fill(sheets(self._tasks.values(), self._rows, lambda key: key not in finished), self._done)

    def scored(self) -> list[Confusion]:
        """All answers of a matrix that is whole."""
        names = tuple(row.name for row in self._rows)
        return [
            Confusion(one.culture, name, one.labels, names, self._gold[name], self._answers[name])
            for name, one in self._tasks.items()
        ]

    def progress(self, row: str, test: str) -> TaskProgress:
        done, of = self.cells
        answers = self._answers[test][self._place[row]]
        asked = answers != UNASKED
        so_far = Confusion("", test, self._tasks[test].labels, (row,), self._gold[test][asked], answers[None, asked])
        f1 = float(macro_f1(counts(so_far))[0])
        seconds = monotonic() - self._began
        return TaskProgress(done, of, "cells", self._texts, self.left, seconds, row, test, f1)

    def _done(self, sheet: ExampleRequestGroup, answers: Sequence[Answer]) -> None:
        task, first = self._tasks[sheet.task], sheet.number * SIZE
        choices = [
            choose(sheet, task, first + place, question, answer)
            for place, (question, answer) in enumerate(zip(sheet.questions, answers, strict=True))
        ]
        self._folder.add(sheet, choices)
        self._texts += len(choices)
        for choice in choices:
            self._count(choice)
        if monotonic() - self._told >= TELL_EVERY:
            self._tell(self.progress(sheet.row, sheet.task))
            self._told = monotonic()

    def _count(self, choice: Choice) -> None:
        self._answers[choice.test][self._place[choice.row], choice.place] = self._index(choice.test, choice.label)
        self._left[choice.row, choice.test] -= 1

    def _index(self, test: str, label: str | None) -> int:
        labels = self._tasks[test].labels
        return labels.index(label) if label in labels else -1

    def _follows(self, choice: Choice, read: Callable[[str, str], str | None]) -> bool:
        task, odds = self._tasks[choice.test], choice.probabilities
        if odds is not None and len(odds) != len(task.answers):
            return False
        said = _said(task, choice.reply, odds)
        return choice.label == (None if said is None else read(task.name, said))

    def _known(self, choice: Choice) -> bool:
        return choice.label is None or self._index(choice.test, choice.label) >= 0


def choose(sheet: ExampleRequestGroup, task: Task, place: int, question: ExampleQuestion, answer: Answer) -> Choice:
    """What an answer says; of odds the likeliest answer is read."""
    probabilities = None
    if answer.odds is not None:
        total = sum(answer.odds)
        probabilities = tuple(one / total for one in answer.odds)  # of float32s, about 1
    said = _said(task, answer.reply, probabilities)
    return Choice(
        row=sheet.row,
        test=sheet.task,
        place=place,
        id=question.id,
        gold=question.gold,
        label=None if said is None else task.read(said),
        reply=answer.reply,
        probabilities=probabilities,
        mass=answer.mass,
    )


def _said(task: Task, reply: str | None, probabilities: Sequence[float] | None) -> str | None:
    """What is read for a label: of probabilities the likeliest answer, else the reply."""
    return reply if probabilities is None else task.answers[probabilities.index(max(probabilities))]


def _golds(task: Task) -> Labels:
    """[n], the places of the gold labels in the list; -1 for others."""
    places = {label: place for place, label in enumerate(task.labels)}
    gold = np.fromiter((places.get(one.gold, -1) for one in task.examples("")), dtype=np.int8)
    if len(gold) != task.count:
        raise ContentError(task.name, None, f"holds {len(gold):,} texts, but was said to hold {task.count:,}")
    return gold
