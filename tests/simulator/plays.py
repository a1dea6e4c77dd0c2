"""Requests to the simulator and whole dialogues with it, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clca.culture.localisation import localise
from clca.inference.protocol import Reply, Request, Sampling, SimulatorHints, TaskName
from clca.records import Culture, Norm, Participant, Scenario, Seed, Turn
from clca.schemas import (
    AdaptAnswer,
    Answer,
    ComposeAnswer,
    IntentAnswer,
    JudgeAnswer,
    MetaAnswer,
    MetaViewAnswer,
    TurnAnswer,
)
from clca.simulator import Simulator

CULTURES = ("japan", "usa", "germany", "mexico", "china")

ANSWERS: dict[TaskName, type[Answer]] = {
    "adapt": AdaptAnswer,
    "compose": ComposeAnswer,
    "turn": TurnAnswer,
    "judge": JudgeAnswer,
    "meta": MetaAnswer,
    "intent": IntentAnswer,
}


def request(task: TaskName, hints: SimulatorHints | None) -> Request:
    messages = ({"role": "user", "content": "seven!!"},)
    return Request(task, messages, ANSWERS[task], Sampling(0.7, 0.7, 500, 1), hints=hints)


def meta_view(teacher: Simulator, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> MetaViewAnswer:
    asked = replace(request("meta", SimulatorHints(culture, scenario, turns=turns)), answer=MetaViewAnswer)
    reply = asyncio.run(teacher.answer(asked))
    return MetaViewAnswer.model_validate_json(reply.text)


def ask(
    teacher: Simulator, task: TaskName, culture: Culture, subject: Scenario | Norm, **hints: Any
) -> tuple[Any, Reply]:
    reply = asyncio.run(teacher.answer(request(task, SimulatorHints(culture, subject, **hints))))
    return ANSWERS[task].model_validate_json(reply.text), reply


def ask_turn(
    teacher: Simulator, culture: Culture, scenario: Scenario, side: int, turns: tuple[Turn, ...], dialogue_seed: int
) -> tuple[Any, Reply]:
    return ask(teacher, "turn", culture, scenario, side=side, turns=turns, dialogue_seed=dialogue_seed)


def ask_intent(
    teacher: Simulator, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...], dialogue_seed: int
) -> Any:
    return ask(teacher, "intent", culture, scenario, turns=turns, dialogue_seed=dialogue_seed)[0]


def localised(teacher: Simulator, culture: Culture, seed: Seed) -> Scenario:
    """The seed localised by code and then adapted by the simulator."""
    scenario = localise(seed, culture, 42)
    answer, _ = ask(teacher, "adapt", culture, scenario)
    people = (answer.first, answer.second)
    return Scenario(
        id=seed.id,
        setting=answer.setting,
        relationship=seed.relationship,
        participants=tuple(
            Participant(**{**person.model_dump(), **written.model_dump()})
            for person, written in zip(scenario.participants, people, strict=True)
        ),
    )


def play(
    teacher: Simulator, culture: Culture, scenario: Scenario, number: int, max_exchanges: int = 10
) -> tuple[tuple[Turn, ...], list[str | None]]:
    turns: list[Turn] = []
    planted: list[str | None] = []
    while len(turns) < max_exchanges * 2:
        side = len(turns) % 2
        answer, reply = ask_turn(teacher, culture, scenario, side, tuple(turns), number)
        turns.append(Turn(speaker=str(side), action=answer.action, text=answer.text))
        planted.append(reply.planted)
        if answer.action == "leave":
            break
    return tuple(turns), planted


Played = tuple[Culture, Scenario, int, tuple[Turn, ...], str | None]


def sound(plays: list[Played]) -> Iterator[Played]:
    return (played for played in plays if played[4] is None)
