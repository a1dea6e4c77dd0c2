"""Norms of a user's file for `--norms N --norm-file FILE`, and what the teacher is asked where they say little."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import ContentError, SettingsError
from clca.generation.adaptation import UNSAID, compose_request, composed, new_people, related
from clca.generation.config import GenerateConfig
from clca.generation.norm_file import read_norm_file
from clca.generation.plan import plan
from clca.generation.run import run
from clca.generation.scenario_checks import composition_fault
from clca.records import Norm
from clca.schemas import ComposeAnswer

BARE = Norm(
    id="bare", scope=("japan",), text="One waits for the host to begin.", inspiration="A data set, 7", license="CC0-1.0"
)


def norm(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": name, "scope": "japan", "text": f"Guests wait for {name}.", "inspiration": f"row {name}", **changes}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = [norm(f"own-{number}") for number in range(8)]
    lines += [norm(f"all-{number}", scope="general") for number in range(8)] + [norm("uk", scope=["uk", "usa"])]
    path = tmp_path / "norms.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_cultures_own_norms_come_before_general_ones_in_an_order_that_the_seed_decides(
    file: Path, catalogue: CultureCatalogue
) -> None:
    japan = catalogue.culture("japan")
    norms, digest = read_norm_file(file, japan, 12, 42)
    assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert {norm.id.split("-")[0] for norm in norms[:8]} == {"own"}
    assert {norm.id.split("-")[0] for norm in norms[8:]} == {"all"}
    assert read_norm_file(file, japan, 5, 42)[0] == norms[:5]
    assert read_norm_file(file, japan, 8, 43)[0] != norms[:8]
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(reversed(lines)))
    assert read_norm_file(file, japan, 12, 42)[0] == norms


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no norms in the file"),
        (json.dumps(norm("a")) + "\n" + json.dumps(norm("a", text="Other.")), "2: id: duplicate norm 'a'"),
        (json.dumps(norm("a", place="hom")), "1: place: 'hom' is unknown; did you mean home"),
        (json.dumps(norm("a", text="")), "1: text"),
    ],
)
def test_a_broken_file_is_refused_with_the_line(
    tmp_path: Path, catalogue: CultureCatalogue, text: str, message: str
) -> None:
    path = tmp_path / "norms.jsonl"
    path.write_text(text)
    with pytest.raises(ContentError, match=message):
        read_norm_file(path, catalogue.culture("japan"), 1, 42)


def test_a_file_with_too_few_norms_or_that_cannot_be_read_is_refused(file: Path, catalogue: CultureCatalogue) -> None:
    uk = catalogue.culture("uk")
    with pytest.raises(SettingsError, match=r"--norms 10: .*norms\.jsonl has 1 norms of uk and 8 general ones"):
        read_norm_file(file, uk, 10, 42)
    with pytest.raises(SettingsError, match=r"--norm-file .*none: cannot read the file"):
        read_norm_file(file.parent / "none", uk, 1, 42)
    with pytest.raises(SettingsError, match=r"--norm-file .*: not a file"):
        read_norm_file(file.parent, uk, 1, 42)
    with pytest.raises(ValueError, match="--norm-file needs the number of scenarios to write from it: add --norms N"):
        GenerateConfig(norm_file=file)


def test_the_teacher_is_asked_to_find_what_a_norm_does_not_say(catalogue: CultureCatalogue, content: Content) -> None:
    japan = catalogue.culture("japan")
    request = compose_request(BARE, japan, 42, Prompts.load(content))
    asked = request.messages[-1]["content"]
    assert "Norm: One waits for the host to begin." in asked
    for left_out in ("A breach of it:", "Situation:", "Place:"):
        assert left_out not in asked
    assert "at a place that suits it" in asked
    assert f"Relationship: {related(BARE, japan, 42).relationship}" in asked
    assert "A data set" not in str(request.messages)
    assert "CC0" not in str(request.messages)
    told = BARE.model_copy(update={"situation": "a first dinner", "breach": "eating at once", "relationship": "family"})
    asked = compose_request(told, japan, 42, Prompts.load(content)).messages[-1]["content"]
    for line in ("A breach of it: eating at once", "Situation: a first dinner", "Relationship: family"):
        assert line in asked.splitlines()


def test_a_relationship_that_a_norm_does_not_name_is_drawn_by_the_seed(catalogue: CultureCatalogue) -> None:
    japan = catalogue.culture("japan")
    drawn = {related(BARE.model_copy(update={"id": f"n{number}"}), japan, 42).relationship for number in range(40)}
    assert drawn == set(UNSAID)
    assert related(BARE, japan, 42) == related(BARE, japan, 42)
    named = BARE.model_copy(update={"relationship": "family"})
    assert related(named, japan, 42) == named


def test_a_scenario_of_a_bare_norm_is_about_it_and_bears_its_source(catalogue: CultureCatalogue) -> None:
    japan = catalogue.culture("japan")
    norm = related(BARE, japan, 42)
    people = new_people(norm, japan, 42)
    (_, first), (_, second) = people
    person = {"age": 40, "occupation": "clerk", "secret": ""}
    answer = {
        "breach": f"{second} begins to eat while the host is still in the kitchen.",
        "setting": f"In a flat above a bakery, {first} and {second} sit before full plates, and the host is away.",
        "first": {**person, "background": f"{first} is a careful guest.", "goal": "Have the food wait"},
        "second": {**person, "background": f"{second} is hungry.", "goal": "Eat now"},
    }
    scenario = composed(norm, people, ComposeAnswer.model_validate(answer))
    assert composition_fault(norm, scenario, japan) is None
    assert (scenario.source, scenario.origin, scenario.license) == ("norm:bare", "A data set, 7", "CC0-1.0")
    other = composed(norm, people, ComposeAnswer.model_validate({**answer, "breach": f"{second} shouts at dogs."}))
    fault = composition_fault(norm, other, japan)
    assert fault is not None
    assert fault.detail.endswith("has nothing to do with 'One waits for the host to begin.'")


def test_a_run_plays_norms_of_a_file_and_its_dialogues_name_source_and_licence(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file.write_text(BARE.model_dump_json() + "\n" + json.dumps(norm("own-1", breach="pouring tea for oneself")) + "\n")
    settings = {"culture": "japan", "scenarios": 1, "norms": 2, "samples": 1, "calibrate": False}
    planned = plan(GenerateConfig(**settings, norm_file=file))
    inputs = planned.runs[0].inputs
    assert inputs["norm_file"] == f"file {hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert "norm_file" not in plan(GenerateConfig(**{**settings, "norms": 0})).runs[0].inputs
    result = run(planned)
    dialogues = {dialogue.scenario.id: dialogue for dialogue in [*result.dialogues(), *result.discarded_dialogues()]}
    assert {"norm-bare", "norm-own-1"} <= dialogues.keys()
    scenario = dialogues["norm-bare"].scenario
    assert (scenario.origin, scenario.license) == ("A data set, 7", "CC0-1.0")
    assert "one waits for the host to begin" in scenario.breach
