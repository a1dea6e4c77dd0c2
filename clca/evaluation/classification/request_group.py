"""Request groups of labelled data sets: up to 64 texts for one system, made when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from clca.evaluation.classification.task import Example, Task
from clca.inference.requests import Question, RequestGroup

GROUP_SIZE = 64  # texts of a group: they are written together, and lost together at most


@dataclass(frozen=True, slots=True)
class System:
    """An evaluated system: its name, and that of its adapter, "" for the student without one."""

    name: str
    adapter: str


@dataclass(frozen=True, slots=True)
class ExampleQuestion(Question):
    """The question about a labelled text; `given` are its texts that a reply may repeat."""

    id: str
    gold: str
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExampleRequestGroup(RequestGroup):
    """Texts of a task from `GROUP_SIZE * number` on, for the system `row`; `places` are their indices in the task."""

    row: str
    task: str
    number: int
    places: tuple[int, ...]
    questions: tuple[ExampleQuestion, ...]


GroupKey = tuple[str, str, int]
"""Key of a request group: system, task, number."""


def group_sizes(tasks: Iterable[Task], systems: Sequence[System]) -> dict[GroupKey, int]:
    """Number of texts in each request group."""
    return {
        (system.name, task.name, start // GROUP_SIZE): min(GROUP_SIZE, task.count - start)
        for task in tasks
        for start in range(0, task.count, GROUP_SIZE)
        for system in systems
    }


def request_groups(
    tasks: Iterable[Task],
    systems: Sequence[System],
    wanted: Callable[[GroupKey], bool],
    unanswered: Callable[[GroupKey, int], bool] = lambda key, place: True,
) -> Iterator[ExampleRequestGroup]:
    """The unanswered texts of the wanted groups, by their places, task by task.

    Within a task the same texts come for all systems together.
    """
    for task in tasks:
        streams = [(system, task.system_prompt(system.name), task.examples(system.name)) for system in systems]
        for number in range(-(-task.count // GROUP_SIZE)):
            for system, prompt, stream in streams:
                examples = list(islice(stream, GROUP_SIZE))
                key = (system.name, task.name, number)
                if wanted(key):
                    placed = enumerate(examples, start=number * GROUP_SIZE)
                    asked = {place: example for place, example in placed if unanswered(key, place)}
                    yield _request_group(system, task, number, prompt, asked)


def _request_group(
    system: System, task: Task, number: int, prompt: str, examples: Mapping[int, Example]
) -> ExampleRequestGroup:
    """The request group of examples by their places."""
    questions = tuple(
        ExampleQuestion(example.text, task.answers, example.id, example.gold, example.given)
        for example in examples.values()
    )
    return ExampleRequestGroup(system.adapter, prompt, questions, system.name, task.name, number, tuple(examples))
