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
from clca.generation.dialogue import DialogueSetup, play_dialogue
from clca.generation.plan import plan
from clca.generation.run import run
from clca.generation.scenarios import SeedScenarios
from clca.records import Scenario, Seed
from clca.schemas import AdaptAnswer
from clca.simulator import SimulatorContent
from clca.simulator.adaptation import adapt
from tests.dialogue_examples import scenario


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


def test_a_scenario_of_the_culture_itself_is_played_as_it_is_and_opened_by_whom_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapted = next(iter(seeds().values()))
    own = Seed(**{**scenario().model_dump(), "id": "own", "culture": "japan", "opens": "second", "asks": "second"})
    elsewhere = own.model_copy(update={"id": "elsewhere", "culture": "germany"})
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(seed.model_dump_json() for seed in (own, elsewhere, adapted)), encoding="utf-8")
    planned = plan(GenerateConfig(culture=("japan",), scenarios=file, samples=1)).runs[0]
    assert {cost.task: cost.requests for cost in planned.costs}["adapt"] == 1, "for the one of no culture"
    monkeypatch.delattr("clca.simulator.teacher.adapt")  # nobody is asked
    records, info = generate(tmp_path, scenarios=file, adaptation="code")
    assert info["seeds"] == {"neutral": 1, "own": 1, "skipped": 1, "family": 0}
    played = {record["scenario"]["id"]: record for record in records}
    assert played.keys() == {"own", adapted.id}
    assert Scenario(**played["own"]["scenario"]) == own.plain()
    ruth, ida = (person.name for person in own.participants)
    assert [turn["speaker"] for turn in played["own"]["turns"][:2]] == [ida, ruth]
    assert played[adapted.id]["turns"][0]["speaker"] == played[adapted.id]["scenario"]["participants"][0]["name"]


def test_a_language_plays_the_scenarios_of_its_countries_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Seed(**{**scenario().model_dump(), "culture": "jordan"})
    file = tmp_path / "mine.jsonl"
    lines = [own.model_copy(update={"id": f"own-{number}"}).model_dump_json() for number in range(6)]
    file.write_text("\n".join(lines), encoding="utf-8")
    played = set()

    async def seen(setup: DialogueSetup, *others: Any) -> None:
        played.add(setup.culture.name)
        await play_dialogue(setup, *others)

    monkeypatch.setattr("clca.generation.pipeline.play_dialogue", seen)
    settings = GenerateConfig(culture=("ara",), scenarios=file, samples=1, max_exchanges=2, out=tmp_path)
    planned = plan(settings)
    assert run(planned).requested == 6
    assert played == {"Jordan (Arabic-speaking)"}
    (turn,) = (cost for cost in planned.runs[0].costs if cost.task == "turn")
    assert "people in Jordan (Arabic-speaking)" in turn.messages[0]["content"]


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
    (run_folder,) = (tmp_path / "japan").iterdir()
    assert {record["run"] for record in records} == {f"japan/{run_folder.name}"}
    assert all("left over from the seed: setting: '" in record["detail"] for record in records)
    assert info["sessions"][-1]["invalid_replies"] == {"left over from the seed": 6}
