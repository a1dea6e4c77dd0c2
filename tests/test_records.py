from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from clca.records import (
    Alignment,
    Dialogue,
    Failure,
    Intent,
    Judgement,
    LabelledTurn,
    Meta,
    Participant,
    Quality,
    Scenario,
    Seed,
    Turn,
    Usage,
)
from tests.dialogue_examples import person, scenario, turn

text = st.text(st.characters(exclude_categories=["Cs"]))
turns = st.builds(Turn, speaker=text, action=st.sampled_from(["none", "speak", "non-verbal", "leave"]), text=text)
intents = st.builds(Intent, text=text, relevance=st.sampled_from(["generic", "cultural"]))
labelled = st.builds(lambda turn, intent: LabelledTurn(**turn.model_dump(), intent=intent), turns, intents)
several = st.one_of(st.lists(turns, max_size=4).map(tuple), st.lists(labelled, min_size=1, max_size=4).map(tuple))

JUDGEMENT = Judgement(
    quality=Quality(label="good", confidence="confident", rationale="It holds together."),
    alignment=Alignment(label="yes", confidence="not sure", rationale="They are polite."),
    meta=Meta(label="good", confidence="very confident", critique="The judge saw it rightly."),
)


def dialogue(**changes: Any) -> Dialogue:
    fields = {
        "id": "japan-last-loaf-1",
        "culture": "japan",
        "sample": 1,
        "scenario": scenario(),
        "turns": (
            LabelledTurn(**turn("Ruth Vale", "Hello.").model_dump(), intent=Intent(text="greet", relevance="generic")),
        ),
        "ended": "leave",
        "judgement": JUDGEMENT,
        "verdict": "kept",
        "reason": "",
        "teacher": "t",
        "partner": "p",
        "judge": "j",
        "seed": 42,
        "usage": Usage(requests=5, prompt_tokens=100, completion_tokens=20),
    }
    return Dialogue(**{**fields, **changes})


def test_a_line_has_the_keys_that_scripts_rely_on() -> None:
    line = json.loads(dialogue().model_dump_json())
    keys = (
        "id culture sample scenario turns ended judgement verdict reason teacher partner judge seed usage planted run"
        " localiser ratings"
    )
    assert list(line) == keys.split()
    keys = "id setting relationship source participants breach opens origin license"
    assert list(line["scenario"]) == keys.split()
    assert (line["scenario"]["origin"], line["scenario"]["license"]) == ("", "")
    assert list(line["scenario"]["participants"][0]) == (
        ["name", "age", "gender", "occupation", "background", "goal", "secret", "culture"]
    )
    assert list(line["turns"][0]) == ["speaker", "action", "text", "thought", "intent"]
    assert list(line["turns"][0]["intent"]) == ["text", "relevance", "customs"]
    judgement = line["judgement"]
    assert list(judgement) == ["quality", "alignment", "meta", "counted", "answered", "sides"]
    assert all({"label", "confidence"} < judgement[part].keys() for part in ("quality", "alignment", "meta"))
    assert "critique" in judgement["meta"]
    assert line["usage"] == {"requests": 5, "prompt_tokens": 100, "completion_tokens": 20}


@given(several, text, text)
def test_a_line_gives_back_the_record(some: tuple[Turn, ...], setting: str, reason: str) -> None:
    record = dialogue(turns=some, scenario=scenario(setting=f"x{setting[:700]}x"), reason=reason)
    line = record.model_dump_json()
    assert "\n" not in line
    again = Dialogue.model_validate_json(line)
    assert again == record
    assert [type(turn) for turn in again.turns] == [type(turn) for turn in record.turns]


def test_a_line_of_an_earlier_version_is_read() -> None:
    """It has no thoughts, and intents without customs."""
    line = json.loads(dialogue().model_dump_json())
    del line["turns"][0]["thought"], line["turns"][0]["intent"]["customs"]
    assert Dialogue.model_validate_json(json.dumps(line)) == dialogue()


def test_a_failure_gives_back_its_record() -> None:
    failure = Failure(
        id="japan-last-loaf-2",
        culture="japan",
        sample=2,
        scenario=None,
        turns=(turn("Ruth Vale", "Hello."),),
        stage="adapt",
        reason="not JSON",
        detail="EOF",
        teacher="t",
        partner="p",
        judge="j",
        seed=42,
        usage=Usage(requests=3, prompt_tokens=9, completion_tokens=0),
    )
    assert Failure.model_validate_json(failure.model_dump_json()) == failure


def test_a_record_never_changes() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        turn("Ruth Vale").text = "Goodbye."  # type: ignore[misc]


def test_a_record_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Turn.model_validate({"speaker": "a", "action": "speak", "text": "b", "tone": "kind"})


@pytest.mark.parametrize(
    "changes",
    [{"age": 4}, {"age": 111}, {"name": " "}, {"gender": "woman"}, {"goal": ""}, {"goal": "x" * 401}, {"secret": None}],
)
def test_a_participant_has_bounds(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        person("Ruth Vale", **changes)


def test_a_participant_may_have_no_secret() -> None:
    fields = person("Ruth Vale").model_dump(exclude={"secret"})
    assert Participant(**fields).secret == ""


@pytest.mark.parametrize("people", [(), (person("a"),), (person("a"), person("b"), person("c"))])
def test_a_scenario_has_two_people(people: tuple[Participant, ...]) -> None:
    with pytest.raises(ValidationError):
        scenario(participants=people)


@pytest.mark.parametrize("name", ["", "Last-Loaf", "last loaf", "-last", "last/loaf", "x" * 81, "é"])
def test_an_id_can_stand_in_a_file_name(name: str) -> None:
    with pytest.raises(ValidationError):
        scenario(id=name)


def test_a_seed_without_its_helps_is_a_scenario() -> None:
    seed = Seed(
        **scenario().model_dump(),
        situation="bargain",
        place={"text": "a bakery", "kind": "shop"},
        localise={"loaf": "meal"},
    )
    assert type(seed.plain()) is Scenario
    assert seed.plain() == scenario()
