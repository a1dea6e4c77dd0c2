"""Answers of all systems to all tasks: pending request groups go to a predictor, and come back as choices.

Of a text nothing is kept in memory but indices into the list of labels, a byte each: of its gold label and of every
answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from time import monotonic

import numpy as np

from clca.errors import ContentError
from clca.evaluation.classification.confusion import Confusion, Labels, confusion_matrices, macro_f1
from clca.evaluation.classification.prediction_dir import TaskPredictionDir
from clca.evaluation.classification.request_group import (
    ExampleQuestion,
    ExampleRequestGroup,
    System,
    request_groups,
)
from clca.evaluation.classification.task import Task
from clca.evaluation.prediction_dir import MIN_FAILURES
from clca.evaluation.progress import EvaluationProgress
from clca.inference.requests import Answer, Predictor
from clca.records import Choice

PROGRESS_INTERVAL = 0.5  # seconds
UNANSWERED = -2


@dataclass(frozen=True, slots=True)
class TaskProgress(EvaluationProgress):
    """State of an evaluation in cells: a cell is one system on one test.

    `row` (a system) and `test` name the cell that was answered last, `f1` is its macro-F1 so far, NaN without labels.
    """

    row: str
    test: str
    f1: float

    @property
    def detail(self) -> str:
        """The row and test that were answered last, with the running F1 where there is one."""
        f1 = "" if math.isnan(self.f1) else f" F1 {self.f1:.3f}"
        return f"{self.row} on {self.test}{f1}"


ProgressCallback = Callable[[TaskProgress], None]


class TaskAnswering:
    """Has every text of every task answered by every system, and holds the answers, those already on disk included.

    Raises `ContentError` with the line of a stored prediction that does not fit its task.
    """

    def __init__(
        self,
        folder: TaskPredictionDir,
        tasks: Sequence[Task],
        systems: Sequence[System],
        on_progress: ProgressCallback,
    ) -> None:
        self._folder, self._tasks = folder, {task.name: task for task in tasks}
        self._systems, self._on_progress = tuple(systems), on_progress
        self._index = {system.name: index for index, system in enumerate(systems)}
        self._gold = {task.name: _gold_labels(task) for task in tasks}
        self._answers = {
            task.name: np.full((len(self._systems), task.count), UNANSWERED, dtype=np.int8) for task in tasks
        }
        self._texts, self._started, self._reported = 0, monotonic(), 0.0
        self._pending = Counter({(system.name, task.name): task.count for task in tasks for system in systems})
        # Most answers are one of a few: reading each anew would take ten seconds for 100,000.
        read = lru_cache(maxsize=1024)(lambda test, reply: self._tasks[test].read(reply))
        unlike: dict[str, dict[int, list[tuple[int, Choice]]]] = {}
        for line, choice in folder.numbered():
            gold = int(self._gold[choice.test][choice.place])
            if gold != self._label_index(choice.test, choice.gold) or not self._has_known_label(choice):
                folder.refuse(line, f"its gold or its label differs from that of {choice.test}")
            if not self._has_label_of_answer(choice, read):
                unlike.setdefault(choice.test, {}).setdefault(choice.place, []).append((line, choice))
            self._count(choice)
        self._require_labels(unlike)

    @property
    def cells(self) -> tuple[int, int]:
        """Number of complete cells, and of all."""
        return sum(not pending for pending in self._pending.values()), len(self._pending)

    @property
    def pending(self) -> int:
        """Number of answers that are missing."""
        return self._pending.total()

    def answer_pending(self, predictor: Predictor) -> None:
        """Have the predictor answer every pending request group."""
        if self.pending:
            folder = self._folder
            groups = request_groups(self._tasks.values(), self._systems, folder.is_pending, folder.is_unanswered)
            predictor.predict(groups, self._add)
        self._folder.require_answers()

    def confusions(self) -> list[Confusion]:
        """The answers by task; a text that a server did not answer to a system is left out for all of them.

        Call it once everything was asked.
        """
        names = tuple(system.name for system in self._systems)
        confusions = []
        for name, task in self._tasks.items():
            answers = self._answers[name]
            answered = (answers != UNANSWERED).all(axis=0)
            confusions.append(
                Confusion(task.culture, name, task.labels, names, self._gold[name][answered], answers[:, answered])
            )
        return confusions

    def progress(self, system: str, test: str) -> TaskProgress:
        """The progress to report after the last request group."""
        complete, total = self.cells
        answers = self._answers[test][self._index[system]]
        answered = answers != UNANSWERED
        so_far = Confusion(
            "", test, self._tasks[test].labels, (system,), self._gold[test][answered], answers[None, answered]
        )
        f1 = float(macro_f1(confusion_matrices(so_far))[0])
        seconds = monotonic() - self._started
        return TaskProgress(complete, total, "cells", self._texts, self.pending, seconds, system, test, f1)

    def _add(self, group: ExampleRequestGroup, answers: Sequence[Answer]) -> None:
        task = self._tasks[group.task]
        choices = [
            choose(group, task, place, question, answer)
            for place, question, answer in zip(group.places, group.questions, answers, strict=True)
        ]
        self._folder.add(group, choices)
        self._folder.require_answers(at_least=MIN_FAILURES)
        self._texts += len(choices)
        for choice in choices:
            if choice.failure is None:
                self._count(choice)
            else:
                self._pending[choice.row, choice.test] -= 1
        if monotonic() - self._reported >= PROGRESS_INTERVAL:
            self._on_progress(self.progress(group.row, group.task))
            self._reported = monotonic()

    def _count(self, choice: Choice) -> None:
        label = self._label_index(choice.test, choice.label)
        self._answers[choice.test][self._index[choice.row], choice.place] = label
        self._pending[choice.row, choice.test] -= 1

    def _label_index(self, test: str, label: str | None) -> int:
        labels = self._tasks[test].labels
        return labels.index(label) if label in labels else -1

    def _require_labels(self, unlike: Mapping[str, Mapping[int, Sequence[tuple[int, Choice]]]]) -> None:
        """Refuse those choices, by test and place, whose label is not that of their reply beside its question either.

        Few replies are read otherwise beside their question, so that only these questions are looked up.
        """
        for test, by_place in unlike.items():
            for place, example in enumerate(self._tasks[test].examples("")):
                read = partial(self._read_beside, example.given)
                for line, choice in by_place.get(place, ()):
                    if not self._has_label_of_answer(choice, read):
                        self._folder.refuse(line, "its label does not match its reply or its probabilities")

    def _read_beside(self, given: tuple[str, ...], test: str, reply: str) -> str | None:
        return self._tasks[test].read(reply, given)

    def _has_label_of_answer(self, choice: Choice, read: Callable[[str, str], str | None]) -> bool:
        task, probabilities = self._tasks[choice.test], choice.probabilities
        if probabilities is not None and len(probabilities) != len(task.answers):
            return False
        answer = _answer_text(task, choice.reply, probabilities)
        return choice.label == (None if answer is None else read(task.name, answer))

    def _has_known_label(self, choice: Choice) -> bool:
        return choice.label is None or self._label_index(choice.test, choice.label) >= 0


def choose(group: ExampleRequestGroup, task: Task, index: int, question: ExampleQuestion, answer: Answer) -> Choice:
    """The answer to the task's text at `index` with the label it is read as; of probabilities the likeliest counts."""
    probabilities = None
    if answer.probabilities is not None:
        total = sum(answer.probabilities)
        probabilities = tuple(probability / total for probability in answer.probabilities)  # of float32s, about 1
    text = _answer_text(task, answer.reply, probabilities)
    return Choice(
        row=group.row,
        test=group.task,
        place=index,
        id=question.id,
        gold=question.gold,
        label=None if text is None else task.read(text, question.given),
        reply=answer.reply,
        probabilities=probabilities,
        mass=answer.option_mass,
        failure=answer.failure,
    )


def _answer_text(task: Task, reply: str | None, probabilities: Sequence[float] | None) -> str | None:
    """The text that is read as a label: the likeliest answer where there are probabilities, else the reply."""
    return reply if probabilities is None else task.answers[probabilities.index(max(probabilities))]


def _gold_labels(task: Task) -> Labels:
    """Indices of the gold labels [n]; -1 for labels outside the list."""
    indices = {label: index for index, label in enumerate(task.labels)}
    gold = np.fromiter((indices.get(example.gold, -1) for example in task.examples("")), dtype=np.int8)
    if len(gold) != task.count:
        raise ContentError(task.name, None, f"has {len(gold):,} texts, expected {task.count:,}")
    return gold
