"""A request: what decides its digest, the key of its reply in the reply cache."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clca.culture import CultureCatalogue
from clca.inference.protocol import Request, Sampling, SimulatorHints, TaskRequest
from clca.inference.reply_schema import schema
from clca.schemas import (
    AdaptAnswer,
    Answer,
    ComposeAnswer,
    FirstTurnAnswer,
    IntentAnswer,
    JudgeAnswer,
    MetaAnswer,
    MetaViewAnswer,
    ThoughtfulFirstTurnAnswer,
    ThoughtfulTurnAnswer,
    TurnAnswer,
)
from tests.dialogue_examples import scenario

TURNS = (TurnAnswer, FirstTurnAnswer, ThoughtfulTurnAnswer, ThoughtfulFirstTurnAnswer)
SAMPLING = Sampling(temperature=0.9, top_p=0.7, max_tokens=500, seed=1)
REQUEST = Request("turn", ({"role": "user", "content": "Good evening."},), TurnAnswer, SAMPLING)


def test_the_digest_stays_the_same_from_version_to_version() -> None:
    """Unfinished runs of earlier versions find their replies by it, unless a schema or a prompt changed since."""
    assert REQUEST.digest("stub").hex() == "6f26cd0254e06b275f0761707db3c686bae8b87d3eaabc06628c64d809534da7"


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "intent"},
        {"messages": ({"role": "user", "content": "Good night."},)},
        {"answer": IntentAnswer},
        {"sampling": replace(SAMPLING, seed=2)},
        {"sampling": replace(SAMPLING, temperature=0.8)},
        {"form": "text"},
        {"form": "text", "stop": ("\n",)},
    ],
)
def test_whatever_decides_the_reply_is_in_the_digest(changes: dict[str, Any]) -> None:
    assert replace(REQUEST, **changes).digest("stub") != REQUEST.digest("stub")
    assert REQUEST.digest("other") != REQUEST.digest("stub")


def test_hints_and_owner_are_not_in_the_digest(catalogue: CultureCatalogue) -> None:
    hints = SimulatorHints(catalogue.culture("uk"), scenario())
    assert replace(REQUEST, owner="uk-last-loaf-1", hints=hints).digest("stub") == REQUEST.digest("stub")


def test_a_seeded_request_has_the_seed_of_its_dialogue_in_its_hints(catalogue: CultureCatalogue) -> None:
    hints = SimulatorHints(catalogue.culture("uk"), scenario())
    task_request = TaskRequest("turn", "teacher", REQUEST.messages, TurnAnswer, max_tokens=500, hints=hints)
    request = task_request.seeded(SAMPLING, "uk-last-loaf-1", dialogue_seed=7)
    assert request == replace(REQUEST, owner="uk-last-loaf-1", hints=replace(hints, dialogue_seed=7))
    assert replace(task_request, hints=None).seeded(SAMPLING, "", 7) == REQUEST


@pytest.mark.parametrize(
    "answer", [AdaptAnswer, ComposeAnswer, *TURNS, JudgeAnswer, MetaViewAnswer, MetaAnswer, IntentAnswer]
)
def test_a_schema_bounds_every_text_and_has_no_descriptions(answer: type[Answer]) -> None:
    def objects(value: Any) -> list[dict[str, Any]]:
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [value] * isinstance(value, dict) + [inner for child in children for inner in objects(child)]

    for node in objects(schema(answer)):
        assert "description" not in node
        assert node.get("type") != "string" or "maxLength" in node or "enum" in node
