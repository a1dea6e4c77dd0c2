"""The temperature of the role-play, and where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.generation.config import GenerateConfig
from clca.generation.plan import plan
from clca.generation.temperature import Temperature, recorded_temperature, role_play_temperatures


def temperatures(**fields: Any) -> tuple[Temperature, Temperature]:
    found = role_play_temperatures(GenerateConfig(**fields), Content())
    return found["teacher"], found["partner"]


@pytest.mark.parametrize(
    ("model", "value", "source"),
    [
        ("rehearsal", 1.0, "the rehearsal does not sample by it"),
        ("llama-3.1-70b", 0.6, "generation_config.json of meta-llama/Llama-3.1-70B-Instruct"),
        ("Qwen/Qwen2.5-32B-Instruct", 0.7, "generation_config.json of Qwen/Qwen2.5-32B-Instruct"),
        ("mistral-7b-v0.3", 1.0, "mistralai/Mistral-7B-Instruct-v0.3 sets none in its generation_config.json"),
        ("some/other", 1.0, "no generation_config.json of some/other is known"),
    ],
)
def test_each_model_has_its_own(model: str, value: float, source: str) -> None:
    assert temperatures(teacher=model) == (Temperature(value=value, source=source),) * 2


def test_the_one_that_is_set_holds_for_both_sides() -> None:
    given = Temperature(value=0.3, source="--temperature")
    assert temperatures(teacher="llama-3.1-70b", partner="qwen2.5-32b", temperature=0.3) == (given, given)


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"temperature": 0.2}', 0.2), ('{"temperature": true}', 1.0), ("{}", 1.0), ("[]", 1.0), ("{", 1.0), (None, 1.0)],
)
def test_a_folder_has_that_of_its_file(tmp_path: Path, text: str | None, value: float) -> None:
    if text is not None:
        (tmp_path / "generation_config.json").write_text(text)
    teacher, _ = temperatures(teacher=str(tmp_path))
    assert teacher.value == value
    assert ("is known" in teacher.source) == (value == 1.0)


def test_sides_that_differ_are_both_recorded() -> None:
    both = role_play_temperatures(GenerateConfig(teacher="llama-3.1-70b", partner="qwen2.5-32b"), Content())
    assert recorded_temperature(both) == [0.6, 0.7]


def test_what_is_resolved_decides_a_run_and_new_settings_do_not_while_they_are_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def inputs(**fields: Any) -> dict[str, Any]:
        small = {"culture": ("japan",), "scenarios": 1, "base_url": ("http://localhost:1/v1",), **fields}
        return dict(plan(GenerateConfig(**small)).runs[0].inputs)

    own = inputs(teacher="llama-3.1-70b")
    assert own == inputs(teacher="llama-3.1-70b", temperature=0.6)
    assert own["temperature"] == 0.6
    assert {"localiser", "partner_background", "leave_rule"}.isdisjoint(own)
    more = inputs(teacher="llama-3.1-70b", localiser="gpt", partner_background=True, leave_rule=True)
    assert set(more) - set(own) == {"localiser", "partner_background", "leave_rule"}
    json.dumps(more)  # as `run.json` holds them
