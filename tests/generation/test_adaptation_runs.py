"""Who adapts the scenarios of a run, and what becomes of an adaptation that breaks a rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.generation.adaptation import adapt_by_code
from clca.generation.config import GenerateConfig
from clca.generation.plan import plan
from clca.generation.run import run
from clca.generation.scenarios import SeedScenarios
from clca.records import Scenario, Seed
from clca.schemas import AdaptAnswer
from clca.simulator import SimulatorContent
from clca.simulator.adaptation import adapt


def generate(folder: Path, **fields: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The records of a rehearsal of two scenarios, and its `run.json`."""
    small = {"scenarios": 2, "samples": 1, "max_exchanges": 4, "out": folder, "discard": (), **fields}
    (ended,) = run(plan(GenerateConfig(culture=("japan",), **small))).runs
    lines = [line for file in ended.run.glob("*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines], json.loads((ended.run / "run.json").read_text(encoding="utf-8"))


def seeds() -> dict[str, Scenario]:
    return {seed.id: seed for seed in SeedScenarios(Content(), 2, 42)}


def test_code_alone_adapts_and_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("clca.simulator.teacher.adapt")  # nobody is asked
    records, _ = generate(tmp_path, adaptation="code")
    japan = CultureCatalogue(Content()).culture("japan")
    assert {record["scenario"]["id"]: Scenario(**record["scenario"]) for record in records} == {
        name: adapt_by_code(seed, japan, 42) for name, seed in seeds().items()
    }


def test_scenarios_that_fit_are_played_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("clca.simulator.teacher.adapt")  # nobody is asked
    records, _ = generate(tmp_path, adaptation="none")
    plain = {name: seed.plain() for name, seed in seeds().items() if isinstance(seed, Seed)}
    assert {record["scenario"]["id"]: Scenario(**record["scenario"]) for record in records} == plain


def test_an_adaptation_with_a_name_of_the_seed_is_requested_again_and_then_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(content: SimulatorContent, culture: Any, scenario: Scenario) -> AdaptAnswer:
        answer = adapt(content, culture, scenario)
        names = [person.name for seed in seeds().values() for person in seed.participants]
        return answer.model_copy(update={"setting": f"{answer.setting} They met {' and '.join(names)}."})

    monkeypatch.setattr("clca.simulator.teacher.adapt", forgetful)
    records, info = generate(tmp_path)
    assert [(record["stage"], record["reason"]) for record in records] == [("adapt", "failed a check")] * 2
    assert all("left over from the seed: setting: '" in record["detail"] for record in records)
    assert info["sessions"][-1]["invalid_replies"] == {"left over from the seed": 6}
