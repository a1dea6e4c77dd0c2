"""Small records to build tests from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from clca.inference.protocol import SimulatorHints, TaskRequest
from clca.records import Action, Participant, Scenario, Turn
from clca.schemas import Answer

A = TypeVar("A", bound=Answer)


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
    """Answers from a list, and keeps the requests. An exception in the list is raised."""

    def __init__(self, answers: Iterator[Answer | Exception]) -> None:
        self._answers = answers
        self.requests: list[TaskRequest[Any]] = []

    async def request(self, request: TaskRequest[A]) -> A:
        self.requests.append(request)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return request.answer(**answer.model_dump())

    def side(self, side: int) -> list[TaskRequest[Any]]:
        return [request for request in self.requests if hints(request).side == side]
