"""Sheets of tasks: up to 64 texts for one row, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from clca.evaluation.classification.task import Example, Task
from clca.inference.requests import Question, RequestGroup

SIZE = 64  # texts of a sheet: what is written at once, and lost at most


@dataclass(frozen=True, slots=True)
class System:
    """Who answers: its name, and that of its adapter, "" for the student as it is."""

    name: str
    adapter: str


@dataclass(frozen=True, slots=True)
class ExampleQuestion(Question):
    """A text as it is asked about."""

    id: str
    gold: str


@dataclass(frozen=True, slots=True)
class ExampleRequestGroup(RequestGroup):
    """The texts of a task from `SIZE * number` on, for one row."""

    row: str
    task: str
    number: int
    questions: tuple[ExampleQuestion, ...]


Key = tuple[str, str, int]
"""Of a sheet: row, task, number."""


def sheet_sizes(tasks: Iterable[Task], rows: Sequence[System]) -> dict[Key, int]:
    """All sheets, and how many texts each has."""
    return {
        (row.name, task.name, start // SIZE): min(SIZE, task.count - start)
        for task in tasks
        for start in range(0, task.count, SIZE)
        for row in rows
    }


def sheets(
    tasks: Iterable[Task], rows: Sequence[System], wanted: Callable[[Key], bool]
) -> Iterator[ExampleRequestGroup]:
    """The wanted sheets, task by task, and of each task the same texts of all rows together."""
    for task in tasks:
        streams = [(row, task.system(row.name), task.examples(row.name)) for row in rows]
        for number in range(-(-task.count // SIZE)):
            for row, system, stream in streams:
                some = list(islice(stream, SIZE))
                if wanted((row.name, task.name, number)):
                    yield _sheet(row, task, number, system, some)


def _sheet(row: System, task: Task, number: int, system: str, some: Iterable[Example]) -> ExampleRequestGroup:
    questions = tuple(ExampleQuestion(one.text, task.answers, one.id, one.gold) for one in some)
    return ExampleRequestGroup(row.adapter, system, questions, row.name, task.name, number)
