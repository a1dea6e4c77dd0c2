"""Small records to build tests from."""

from __future__ import annotations

from typing import Any

from clca.records import Action, Participant, Scenario, Turn


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
