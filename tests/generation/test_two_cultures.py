"""`--with`: a participant of each of two cultures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clca.cli.views.dialogue import show_dialogue
from clca.content.lookup import Content
from clca.content.prompts import TWO_CULTURES, Prompts
from clca.culture import CultureCatalogue
from clca.culture.address import called
from clca.culture.localisation import localise
from clca.culture.marks import CultureMarks
from clca.culture.people import split_name
from clca.errors import ContentError, SettingsError
from clca.generation.config import GenerateConfig
from clca.generation.cost import FALLBACK_TEMPERATURES
from clca.generation.dialogue import DialogueSetup, Side
from clca.generation.judge import alignments_of, judge_request
from clca.generation.plan import plan, plan_retry
from clca.generation.result import GenerationResult
from clca.generation.run import run
from clca.generation.scenarios import SeedScenarios
from clca.quality.run_choice import require_one_culture
from clca.records import CountedFacts, Culture, Dialogue, Scenario, Turn
from clca.schemas import PairJudgeAnswer
from clca.storage.run_index import RunInfo, list_runs
from clca.training.config import TrainConfig
from clca.training.dialogue_examples import read_dialogues
from clca.training.selection import left_out, named_runs
from tests.cli_process import Stub

CATALOGUE = CultureCatalogue(Content())
JAPAN, MEXICO = CATALOGUE.culture("japan"), CATALOGUE.culture("mexico")
BOTH = CATALOGUE.with_guest(JAPAN, MEXICO)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(**fields: Any) -> GenerateConfig:
    small = {"scenarios": 24, "samples": 1, "calibrate": False, "culture": ("japan",), "guest": "mexico"}
    return GenerateConfig(**{**small, **fields})


@pytest.fixture(scope="module")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> list[Dialogue]:
    """The dialogues of a rehearsal, kept ones first."""
    out = tmp_path_factory.mktemp("two")
    result = run(plan(config(scenarios=24, norms=4, out=out)))
    assert (result.failed, result.pending) == (0, 0)
    return [*result.dialogues(), *result.discarded_dialogues()]


def seed(number: int = 0) -> Scenario:
    return list(SeedScenarios(Content(), None, 42, pair=True))[number]


# ---------------------------------------------------------------- what is generated


def test_each_is_named_after_their_own_culture_and_the_records_say_which(dialogues: list[Dialogue]) -> None:
    assert len(dialogues) == 28
    for dialogue in dialogues:
        assert dialogue.culture == "japan+mexico"
        assert dialogue.id.startswith("japan+mexico-")
        assert dialogue.run.startswith("japan+mexico/")
        first, second = dialogue.scenario.participants
        assert (first.culture, second.culture) == ("japan", "mexico")
        assert split_name(first.name, JAPAN)[1] in JAPAN.names.family
        assert split_name(second.name, MEXICO)[1] in MEXICO.names.family
        assert dialogue.scenario.relationship != "family"


def test_the_second_comes_from_the_other_culture_and_the_scene_is_in_the_first(dialogues: list[Dialogue]) -> None:
    adapted = [dialogue.scenario for dialogue in dialogues if dialogue.scenario.source == "seed"]
    told = [any(city in each.participants[1].background for city in MEXICO.cities) for each in adapted]
    assert sum(told) > len(told) / 2, "where there is room for it"
    places = "\n".join(each.setting for each in adapted)
    assert any(city in places for city in JAPAN.cities)
    assert not any(f" {city}" in places for city in MEXICO.cities)


def test_an_intent_names_a_custom_of_the_speakers_culture(dialogues: list[Dialogue]) -> None:
    named: dict[int, set[str]] = {0: set(), 1: set()}
    for dialogue in dialogues:
        for turn in dialogue.turns:
            side = 0 if turn.speaker == dialogue.scenario.participants[0].name else 1
            named[side] |= set(getattr(getattr(turn, "intent", None), "customs", ()))
    assert named[0]
    assert named[0] <= set(JAPAN.customs)
    assert named[1]
    assert named[1] <= set(MEXICO.customs)


def test_each_side_is_judged_and_neither_culture_is_foreign(dialogues: list[Dialogue]) -> None:
    judged = [dialogue.judgement for dialogue in dialogues if dialogue.judgement is not None]
    assert judged
    for judgement in judged:
        assert len(judgement.sides) == 2
        assert judgement.alignment in judgement.sides
        assert (judgement.alignment.label == "no") == any(side.label == "no" for side in judgement.sides)
        assert judgement.counted is not None
        assert judgement.counted.foreign == ()


def test_records_can_be_read_again_and_those_of_one_culture_say_nothing_of_two(dialogues: list[Dialogue]) -> None:
    assert Dialogue.model_validate_json(dialogues[0].model_dump_json()) == dialogues[0]
    alone = next(run(plan(config(guest=None, scenarios=3))).dialogues()).model_dump()
    assert [person.pop("culture") for person in alone["scenario"]["participants"]] == ["", ""]
    assert alone["judgement"].pop("sides") == ()
    assert Dialogue.model_validate(alone), "as a record of an earlier version"


# ---------------------------------------------------------------- the pieces


def test_a_side_is_told_of_its_own_culture_and_whom_it_meets_where() -> None:
    scenario = localise(seed(), BOTH, 42)
    setup = DialogueSetup.of(config(), BOTH, scenario, FALLBACK_TEMPERATURES)
    prompts = Prompts.load(Content(), language=TWO_CULTURES)
    first, second = (Side(setup, side, prompts).request(()).messages[0]["content"] for side in (0, 1))
    assert "You are of Japan, the other is of Mexico." in first
    assert "in Japan who talk with each other; below you learn which one. You are of Mexico, the other is of" in second
    assert JAPAN.customs[0] in first
    assert JAPAN.customs[0] not in second
    assert MEXICO.customs[0] in second


def test_somebody_calls_the_other_by_the_forms_of_their_own_culture() -> None:
    person: dict[str, Any] = {"age": 40, "gender": "male", "occupation": "clerk", "background": "b", "goal": "g"}
    names = (("Tanaka Kenji", "japan"), ("José Pérez", "mexico"))
    people = [{"name": name, "culture": culture, **person} for name, culture in names]
    scenario = Scenario.model_validate(
        {"id": "a", "setting": "s", "relationship": "acquaintance", "participants": people}
    )
    assert [called(BOTH, scenario, side).text for side in (0, 1)] == ["Pérez-san", "Señor Tanaka"]


def test_a_mark_of_a_third_culture_is_foreign_and_of_the_two_it_is_not() -> None:
    marks = CultureMarks(CATALOGUE)
    texts = ["We met Guadalupe in Osaka, and Señora Pérez, and Frau Weber from Hamburg."]
    assert set(marks.foreign(BOTH, texts)) == {"Frau Weber", "Hamburg", "Weber"}
    assert {"Guadalupe", "Frau Weber"} <= set(marks.foreign(JAPAN, texts))


@pytest.mark.parametrize(
    ("first", "second", "foreign", "labels"),
    [
        ("fits", "fits", (), ["yes", "yes"]),
        ("fits", "clashes", (), ["yes", "no"]),
        ("clashes", "neutral", (), ["no", "yes"]),
        ("fits", "fits", ("Hamburg",), ["no", "no"]),
    ],
)
def test_alignment_is_asked_of_each_side(first: Any, second: Any, foreign: tuple[str, ...], labels: list[str]) -> None:
    answer = PairJudgeAnswer(
        subject="s",
        fits_scene="yes",
        repetition="none",
        worst_line=0,
        fault="none",
        quality="q",
        quality_confidence="confident",
        culture=first,
        alignment="of the first",
        alignment_confidence="confident",
        second_culture=second,
        second_alignment="of the second",
        second_alignment_confidence="very confident",
    )
    sides = alignments_of(answer, CountedFacts(faults=(), scene_words=3, foreign=foreign))
    assert [side.label for side in sides] == labels
    assert [side.rationale for side in sides] == ["of the first", "of the second"]


def test_the_judge_is_told_who_is_of_which_culture() -> None:
    scenario = localise(seed(), BOTH, 42)
    first, second = scenario.participants
    turn = Turn(speaker=first.name, action="speak", text="Hello.")
    counted = CountedFacts(faults=(), scene_words=3, foreign=())
    request = judge_request(BOTH, scenario, [turn], counted, Prompts.load(Content(), language=TWO_CULTURES))
    told = "\n".join(message["content"] for message in request.messages)
    assert f"{first.name}, of Japan, {first.age}" in told
    assert f"{second.name}, of Mexico, {second.age}" in told
    assert f"the same of the manners of {second.name}, by what people of Mexico expect of each other" in told
    assert set(request.answer.model_fields) == set(PairJudgeAnswer.model_fields)


# ---------------------------------------------------------------- the run


def only(result: GenerationResult) -> dict[str, Any]:
    info: dict[str, Any] = json.loads((result.folder / "run.json").read_text())
    return info


def test_the_run_has_a_folder_and_an_identity_of_its_own() -> None:
    both = run(plan(config(guest="MEX", scenarios=2, max_exchanges=1)))
    assert both.folder.parent.name == "japan+mexico"
    info = only(both)
    assert (info["culture"], info["inputs"]["guest"]) == ("japan+mexico", "mexico")
    assert info["seeds"]["family"] > 0
    again = plan(config(guest="mexico", scenarios=2, max_exchanges=1)).runs[0]
    assert (again.folder, again.finished) == (both.folder, True)
    alone = plan(config(guest=None, scenarios=2, max_exchanges=1)).runs[0]
    assert "guest" not in alone.inputs
    assert not alone.exists


@pytest.mark.parametrize(("culture", "guest"), [("japan", "JPN"), ("ara", "iraq"), ("iraq", "ara")])
def test_a_culture_does_not_meet_itself(culture: str, guest: str) -> None:
    with pytest.raises(SettingsError, match=f"--with {guest}: that is no other culture than {culture}; name another"):
        plan(config(culture=(culture,), guest=guest))


def test_languages_meet_in_one_of_their_countries() -> None:
    result = run(plan(config(culture=("ara",), guest="spa", scenarios=3, kept=4, calibrate=True)))
    assert result.kept == 4
    for dialogue in result.dialogues():
        assert [person.culture for person in dialogue.scenario.participants] == ["ara", "spa"]


def test_of_a_file_those_of_relatives_and_of_one_culture_are_left_out(here: Path) -> None:
    rows = [seed(number).model_dump(mode="json", exclude={"source"}) for number in (0, 1, 2)]
    rows[1] |= {"culture": "japan", "place": None, "localise": {}, "pairs": []}
    rows[2] |= {"relationship": "family"}
    (here / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    counts = plan(config(scenarios=here / "mine.jsonl")).runs[0].scenarios.counts
    assert (counts.neutral, counts.own, counts.skipped, counts.family) == (1, 0, 1, 1)


def test_failed_dialogues_are_retried_by_the_two() -> None:
    fields = {"teacher": "stub", "scenarios": 1, "max_exchanges": 1, "max_reply_attempts": 1, "adaptation": "code"}
    with Stub("--fault", "schema:1") as bad:
        assert run(plan(config(base_url=(bad.url,), **fields))).failed == 1
    (info,) = list_runs(Path("generated"))
    assert plan_retry(info, {}).runs[0].culture == "japan+mexico"


def test_no_training_takes_two_cultures_for_one() -> None:
    folder = run(plan(config(scenarios=1, max_exchanges=1))).folder
    with pytest.raises(SettingsError, match=r"is of two cultures, japan\+mexico, and teaches neither alone"):
        named_runs(TrainConfig(run=(str(folder),)))
    (warning,) = left_out(TrainConfig(every_culture=True), ["japan"])
    assert warning.startswith("japan+mexico is left out: its dialogues are between two cultures")


def test_who_is_of_which_culture_is_shown(capsys: pytest.CaptureFixture[str], dialogues: list[Dialogue]) -> None:
    record = dialogues[0].model_dump(mode="json")
    first, second = dialogues[0].scenario.participants
    show_dialogue("kept", record, as_json=False)
    shown = " ".join(capsys.readouterr().out.split())
    for person in (first, second):
        assert f"{person.occupation}, of {person.culture}" in shown
        assert f"alignment of {person.name}: " in shown


def test_a_file_of_two_cultures_is_no_source_of_either(here: Path, dialogues: list[Dialogue]) -> None:
    (here / "copied.jsonl").write_text(dialogues[0].model_dump_json() + "\n")
    with pytest.raises(ContentError, match=r"copied\.jsonl:1: culture: a dialogue of two, japan\+mexico, teaches"):
        list(read_dialogues(here / "copied.jsonl", {}))


def test_an_export_takes_no_such_run(here: Path) -> None:
    runs = [RunInfo(here / culture, {"culture": culture}) for culture in ("uk", "japan+mexico")]
    require_one_culture(runs[:1], "and teaches neither alone")
    with pytest.raises(SettingsError, match=r"is of two cultures, japan\+mexico, and teaches neither alone: give runs"):
        require_one_culture(runs, "and teaches neither alone")


def test_a_guest_is_no_part_of_what_is_shown_of_a_culture() -> None:
    assert "guest" not in BOTH.model_dump()
    assert isinstance(BOTH.guest, Culture)
    assert CATALOGUE.with_guest(JAPAN, MEXICO) is BOTH
