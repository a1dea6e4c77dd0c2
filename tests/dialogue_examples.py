"""Small records to build tests from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from clca.errors import FailedCheck
from clca.inference.protocol import Mistake, SimulatorHints, TaskRequest
from clca.records import Action, Participant, Scenario, Turn
from clca.schemas import Answer

A = TypeVar("A", bound=Answer)

THOUGHT = "She is in a hurry, and I let her wait."


def person(name: str, /, **changes: Any) -> Participant:
    fields = {
        "name": name,
        "age": 40,
        "gender": "female",
        "occupation": "baker",
        "background": f"{name} has lived here for ten years.",
        "goal": f"{name} wants the last loaf",
        "secret": f"{name} has eaten the cake",
    }
    return Participant(**{**fields, **changes})


def scenario(**changes: Any) -> Scenario:
    fields = {
        "id": "last-loaf",
        "setting": "Two neighbours reach a bakery at closing time.",
        "relationship": "neighbour",
        "participants": (person("Ruth Vale"), person("Ida Moss", age=71)),
    }
    return Scenario(**{**fields, **changes})


def turn(speaker: str, text: str = "", action: Action = "speak") -> Turn:
    return Turn(speaker=speaker, action=action, text=text)


def hints(request: TaskRequest[Any]) -> SimulatorHints:
    """What the request tells the simulator."""
    assert request.hints is not None
    return request.hints


class Script:
    """Answers from a list, and keeps the requests. An exception in the list is raised.

    An answer that fails the check of its request is all that the model has to say.
    """

    def __init__(self, answers: Iterator[Answer | Exception]) -> None:
        self._answers = answers
        self.requests: list[TaskRequest[Any]] = []

    async def request(self, request: TaskRequest[A]) -> A:
        self.requests.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        fields = {"thought": THOUGHT, **answer.model_dump()}
        full = request.answer(**{key: value for key, value in fields.items() if key in request.answer.model_fields})
        mistake = request.check(full) if request.check is not None else None
        if isinstance(mistake, Mistake):
            raise FailedCheck(mistake.name, mistake.detail, full)
        return full

    def side(self, side: int) -> list[TaskRequest[Any]]:
        return [request for request in self.requests if hints(request).side == side]
