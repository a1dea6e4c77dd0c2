"""The numbers of a study follow from the predictions of its evaluations, over seeds and beside what was published."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from statistics import mean, stdev

import pytest

from clca.content.lookup import Content
from clca.errors import StoreError
from clca.evaluation.table_formats import markdown
from clca.study.cells import Cell
from clca.study.result import CellRecord
from clca.study.study_file import StudyFile
from clca.study.tables.computed_scores import is_rehearsal
from clca.study.tables.computing import compute_numbers, made_of
from clca.study.tables.files import FILES, csv_text, shown_tables, unchanged_tables, write_tables
from clca.study.tables.numbers import NumberTable, StudyNumber, StudyNumbers
from tests.study.tables.finished_cells import SERVER, Drawn, finished, study_of

SURVEY = f"""\
title: Two cultures, three seeds
matrix: {{culture: [japan, uk], seed: [42, 43, 44]}}
stages:
  baselines:
    run: eval-wvs
    over: [culture]
    with:
      {{student: served, base_url: "{SERVER}", culture: "{{culture}}", method: persona, mode: generate, respondents: 20,
       items: [Q1, Q2, Q29]}}
  adapted:
    run: eval-wvs
    over: [culture, seed]
    with:
      {{student: served, base_url: "{SERVER}", culture: "{{culture}}", method: clca, mode: generate, respondents: 20,
       adapter: "s{{seed}}", items: [Q1, Q2, Q29]}}
"""
OFFENSE = f"""\
title: Offensiveness
matrix: {{seed: [1, 2]}}
stages:
  asked:
    run: eval-offense
    over: [seed]
    with:
      student: served
      base_url: "{SERVER}"
      culture: [germany, turkey]
      adapter: ["germany=g{{seed}}", "turkey=t{{seed}}"]
"""
RESAMPLES = 200


Made = tuple[StudyFile, tuple[Cell, ...], dict[str, CellRecord]]


def made(text: str, folder: Path) -> Made:
    """A study with its cells, all of them evaluated in a folder of its own."""
    study, cells = study_of(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("clca.evaluation.run_recorder.LazyPredictor", Drawn)
        return study, cells, finished(cells, folder)


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(SURVEY, tmp_path_factory.mktemp("survey"))


@pytest.fixture(scope="module")
def offense(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(OFFENSE, tmp_path_factory.mktemp("offense"))


def computed(made: Made, failed: str = "") -> StudyNumbers:
    study, cells, records = made
    if failed:
        records = {**records, failed: records[failed].model_copy(update={"state": "failed"})}
    return compute_numbers("own", study, cells, records, Content(), resamples=RESAMPLES)


@pytest.fixture(scope="module")
def of_survey(survey: Made) -> StudyNumbers:
    return computed(survey)


@pytest.fixture(scope="module")
def of_offense(offense: Made) -> StudyNumbers:
    return computed(offense)


def table_of(numbers: StudyNumbers, id: str) -> NumberTable:
    return next(table for table in numbers.tables if table.id == id)


def number_at(table: NumberTable, row: str, column: str) -> StudyNumber:
    (number,) = [number for number in table.numbers if (number.row, number.column) == (row, column)]
    return number


def stored(number: StudyNumber, *keys: str) -> list[float]:
    """The value at some keys of the `scores.json` of each evaluation of a number."""
    values = []
    for folder in number.results:
        entry = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        for key in keys:
            entry = entry[int(key)] if key.isdecimal() else entry[key]
        values.append(float(entry))
    return values


def test_a_study_of_its_own_has_a_table_for_each_metric_with_mean_and_spread_over_seeds(
    of_survey: StudyNumbers,
) -> None:
    assert [table.id for table in of_survey.tables] == [
        f"wvs-{metric}" for metric in ("kl_paper", "kl", "jsd", "wasserstein_1", "invalid")
    ]
    table = table_of(of_survey, "wvs-kl")
    assert [column.label for column in table.columns] == ["japan", "uk", "Avg."]
    assert [column.heading for column in table.columns] == ["Japan", "United Kingdom", "Avg."]
    baselines = ("uniform", "majority option", "people, split half")
    assert [row for _, row in table.rows] == ["served, persona", "served, clca", *baselines]
    adapted = number_at(table, "served, clca", "japan")
    of_seeds = stored(adapted, "results", "0", "overall", "kl", "value")
    assert list(adapted.values) == ["42", "43", "44"]
    assert list(adapted.values.values()) == pytest.approx(of_seeds)
    assert adapted.mean == pytest.approx(mean(of_seeds))
    assert adapted.sd == pytest.approx(stdev(of_seeds))
    assert adapted.low is not None
    assert adapted.high is not None
    assert adapted.low <= adapted.mean <= adapted.high  # type: ignore[operator]
    assert adapted.low_both is not None
    assert adapted.low_both <= adapted.low  # seeds add to what could have been otherwise
    base = number_at(table, "served, persona", "uk")
    assert (list(base.values), base.sd, base.low_both) == ([""], None, None)


def test_baselines_stand_below_as_the_evaluations_have_them_and_are_tested_against_nothing(
    of_survey: StudyNumbers,
) -> None:
    table = table_of(of_survey, "wvs-kl")
    people = number_at(table, "people, split half", "uk")
    assert people.mean == stored(people, "references", "uk", "split_half", "kl", "value")[0]
    assert (people.values, people.low, people.test) == ({"": people.mean}, None, None)
    average = number_at(table, "people, split half", "Avg.")
    assert average.mean == pytest.approx(mean((people.mean, number_at(table, "people, split half", "japan").mean)))
    assert {number.row for number in table.numbers if number.reference} == {
        "uniform",
        "majority option",
        "people, split half",
    }
    assert "people, split half" in markdown([shown_tables(of_survey)[0]])


def test_an_average_is_the_mean_over_cultures_of_the_same_seed(of_survey: StudyNumbers) -> None:
    table = table_of(of_survey, "wvs-jsd")
    of_cultures = [number_at(table, "served, clca", culture).values for culture in ("japan", "uk")]
    average = number_at(table, "served, clca", "Avg.")
    assert average.values == pytest.approx({seed: mean(of[seed] for of in of_cultures) for seed in ("42", "43", "44")})
    assert average.cells == tuple(f"adapted.{culture}.{seed}" for seed in (42, 43, 44) for culture in ("japan", "uk"))


def test_rows_with_an_adapter_are_tested_against_their_student_without_and_corrected_over_the_table(
    of_survey: StudyNumbers,
) -> None:
    table = table_of(of_survey, "wvs-kl")
    tests = {number.column: number.test for number in table.numbers if number.test is not None}
    assert list(tests) == ["japan", "uk", "Avg."]
    for column, test in tests.items():
        base, adapted = (number_at(table, f"served, {system}", column) for system in ("persona", "clca"))
        assert (test.against, test.seeds) == ("served, persona", 3)
        assert test.difference == pytest.approx(adapted.mean - base.mean)  # type: ignore[operator]
        assert test.sd == pytest.approx(adapted.sd)  # the student itself has no seeds
        assert test.p is not None
        assert test.p_holm is not None
        assert test.p <= test.p_holm <= 3 * test.p + 1e-12


def test_what_failed_is_missing_and_what_is_there_of_other_seeds_counts(survey: Made) -> None:
    numbers = computed(survey, failed="adapted.uk.43")
    adapted = number_at(table_of(numbers, "wvs-kl"), "served, clca", "uk")
    assert (list(adapted.values), adapted.missing) == (["42", "44"], ())
    shown = shown_tables(numbers)[0]
    assert "Means over 1 or 2 or 3 seeds" in shown.notes[0]


def test_predictions_that_were_changed_since_are_read_no_more_and_that_is_said(survey: Made, tmp_path: Path) -> None:
    study, cells, records = survey
    record = records["adapted.japan.42"]
    copy = shutil.copytree(record.results[0], tmp_path / "copy")
    file = copy / "predictions.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    changed = {**records, record.id: record.model_copy(update={"results": (copy,)})}
    numbers = compute_numbers("own", study, cells, changed, Content(), resamples=RESAMPLES)
    assert list(numbers.unread) == ["adapted.japan.42"]
    assert "repeat the `clca eval-wvs` that made it" in numbers.unread["adapted.japan.42"]
    assert any("adapted.japan.42 could not be read" in note for note in shown_tables(numbers)[0].notes)


def test_labelled_texts_are_scored_as_their_evaluations_scored_them(of_offense: StudyNumbers) -> None:
    numbers = of_offense
    table = table_of(numbers, "offense-f1")
    rows = [row.removeprefix("served, ") for _, row in table.rows]
    assert rows == ["base", "zero-shot", "germany", "turkey", "own adapter"]
    turkey = number_at(table, "served, turkey", "germany")
    row = str(["base", "zero-shot", "germany", "turkey"].index("turkey"))
    assert list(turkey.values.values()) == stored(turkey, "results", row, "cultures", "germany", "f1", "value")
    own = number_at(table, "served, own adapter", "Avg.")
    assert list(own.values.values()) == pytest.approx(stored(own, "specificity", "diagonal_mean", "value"))
    specificity = number_at(table_of(numbers, "offense-cspec"), "served", "C-SPEC")
    assert list(specificity.values.values()) == pytest.approx(stored(specificity, "specificity", "cspec", "value"))
    assert numbers.demonstration
    assert any(note.startswith("DEMONSTRATION") for note in shown_tables(numbers)[0].notes)


REPRODUCED = f"""\
title: A small one of the paper's
reproduces: [teacher]
matrix: {{culture: [china, germany, uk, mexico, japan]}}
stages:
  baselines:
    run: eval-wvs
    over: [culture]
    with:
      {{student: llama-3.1-8b, base_url: "{SERVER}", culture: "{{culture}}", method: persona, scoring: paper,
       respondents: 4, items: [Q1, Q29]}}
"""


def test_published_numbers_stand_beside_with_what_differs_and_without_cells_there_is_no_number(tmp_path: Path) -> None:
    numbers = computed(made(REPRODUCED, tmp_path))
    (table,) = numbers.tables
    assert (table.id, len(table.numbers)) == ("teacher", 6)
    persona = number_at(table, "Llama3.1 8B", "KL-D ↓")
    assert persona.published == 0.6011
    assert persona.mean == pytest.approx(mean(stored(persona, "results", "0", "overall", "kl_paper", "value")))
    assert len(persona.results) == len(persona.cells) == 5
    assert set(persona.differing) == {
        "items 2, published 44",
        "people synthetic, published survey",
        "respondents of each culture 4, published 1000",
        "bits not known, published 4",
    }
    accuracy = number_at(table, "Llama3.1 8B", "Acc ↑")
    assert (accuracy.mean, accuracy.published) == (None, 0.3162)  # synthetic people have no answers of their own
    adapted = number_at(table, "Llama3.1 8B CLCA", "KL-D ↓")
    assert (adapted.cells, adapted.mean, adapted.published) == ((), None, 0.5112)
    shown = shown_tables(numbers)[0]
    assert [row.label for row in shown.rows][:2] == ["Llama3.1 8B", "Llama3.1 8B, published (differs)"]
    assert any("items 2, published 44 (2 numbers)" in note for note in shown.notes)
    assert any(note.startswith("5 of 6 numbers are not there") for note in shown.notes)


def test_files_hold_every_number_and_replace_nothing_of_the_users(of_offense: StudyNumbers, tmp_path: Path) -> None:
    numbers = of_offense
    folder = tmp_path / "studies" / "own"
    files = write_tables(folder, numbers)
    assert [file.name for file in files] == list(FILES)
    assert StudyNumbers.model_validate_json(files[0].read_bytes()) == numbers
    markdown, tex = (files[index].read_text(encoding="utf-8") for index in (1, 3))
    assert " ± " in markdown
    assert r"$\pm$" in tex
    lines = list(csv.DictReader(io.StringIO(csv_text(numbers))))
    assert len(lines) == sum(len(table.numbers) for table in numbers.tables)
    first = numbers.tables[0].numbers[0]
    assert (float(lines[0]["value"]), lines[0]["seeds"], lines[0]["demonstration"]) == (first.mean, "2", "yes")
    write_tables(folder, numbers)
    files[1].write_text("mine")
    with pytest.raises(StoreError, match="is not as clca wrote it"):
        write_tables(folder, numbers)


def test_numbers_are_computed_again_once_an_evaluation_changed(offense: Made, tmp_path: Path) -> None:
    _, _, records = offense
    identity = made_of("digest", records, Content())
    numbers = StudyNumbers(
        study="own", title="", rehearsal=False, demonstration=False, resamples=1, level=0.95, tables=()
    )
    write_tables(tmp_path, numbers.model_copy(update={"made_of": identity}))
    assert unchanged_tables(tmp_path, identity) == tuple(tmp_path / name for name in FILES)
    assert made_of("digest", records, Content()) == identity
    assert made_of("another", records, Content()) != identity
    (first, *_) = records.values()
    copy = shutil.copytree(first.results[0], tmp_path / "copy")
    moved = {**records, first.id: first.model_copy(update={"results": (copy,)})}
    assert made_of("digest", moved, Content()) == identity
    with (copy / "predictions.jsonl").open("a") as file:
        file.write("{}\n")
    assert made_of("digest", moved, Content()) != identity
    assert unchanged_tables(tmp_path, "another") == ()
    (tmp_path / "tables.md").unlink()
    assert unchanged_tables(tmp_path, identity) == ()


def test_rehearsals_are_resampled_less_often(offense: Made, tmp_path: Path) -> None:
    _, _, records = offense
    copies = [shutil.copytree(record.results[0], tmp_path / record.id) for record in records.values()]
    assert not is_rehearsal([[folder] for folder in copies])  # their student is on a server
    for folder in copies:
        file = folder / "evaluation.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "rehearsal": True}))
    assert is_rehearsal([copies, [tmp_path / "nothing"]])
    assert not is_rehearsal([])
