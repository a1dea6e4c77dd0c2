"""Scores that are read back from predictions are those that the evaluations' own tables have."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from clca.errors import ContentError
from clca.evaluation.classification.scores import COMBINED, ZERO_SHOT
from clca.evaluation.invalid_replies import invalid_counts_table
from clca.evaluation.mmlu.knowledge_table import data_table
from clca.evaluation.offense.score_tables import f1_table, normalised_table
from clca.evaluation.results import read_evaluation
from clca.evaluation.table import Table
from clca.evaluation.table_systems import OVER_TESTS, POOLED, SINGLE
from clca.study.tables.finished_evaluations import FinishedEvaluation, read_finished
from clca.study.tables.published_cells import Part
from tests.study.tables.finished_cells import SERVER, Drawn, finished, study_of

ADAPTERS = '["germany=g", "turkey=t", "combined=c"]'
ASKED = f"""\
title: One student
stages:
  behaviour:
    run: eval-offense
    with: {{student: served, base_url: "{SERVER}", culture: [germany, turkey], adapter: {ADAPTERS}, scoring: paper}}
  knowledge:
    run: eval-mmlu
    with: {{student: served, base_url: "{SERVER}", data: demo, adapter: {ADAPTERS}, scoring: paper}}
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("clca.evaluation.run_recorder.LazyPredictor", Drawn)
        return {id: record.results[0] for id, record in finished(study_of(ASKED)[1], folder).items()}


@pytest.fixture(scope="module")
def behaviour(folders: dict[str, Path]) -> FinishedEvaluation:
    return read_finished(folders["behaviour"], "offense", None, 20)


@pytest.fixture(scope="module")
def knowledge(folders: dict[str, Path]) -> FinishedEvaluation:
    return read_finished(folders["knowledge"], "mmlu", None, 20)


def values(table: Table, group: str, label: str) -> list[float | None]:
    (row,) = [row for row in table.rows if row.group.startswith(group) and row.label.startswith(label)]
    return [None if cell is None else cell.value for cell in row.cells]


def parts(evaluation: FinishedEvaluation, *asked: tuple[str, str, str]) -> list[float | None]:
    """The scores, as they are, of (system, column, metric)."""
    scores = [evaluation.scores(Part("cell", *of)) for of in asked]
    return [None if of is None else float(of[0]) for of in scores]


def test_f1_by_culture_is_that_of_tables_2_and_7(folders: dict[str, Path], behaviour: FinishedEvaluation) -> None:
    table = f1_table([read_evaluation(str(folders["behaviour"]), "offense").system], names={})
    for row, group in ((ZERO_SHOT, "Zero-Shot"), (SINGLE, "Single-Culture"), (COMBINED, "Combined-Culture")):
        columns = [(row, column, "f1") for column in ("germany", "turkey", "average")]
        assert parts(behaviour, *columns) == pytest.approx(values(table, group, "served"))


def test_invalid_answers_are_counted_as_in_tables_3_and_13(
    folders: dict[str, Path], behaviour: FinishedEvaluation
) -> None:
    table = invalid_counts_table([read_evaluation(str(folders["behaviour"]), "offense").system])
    for column, group in ((OVER_TESTS, "served, mean of a test"), (POOLED, "served, all texts")):
        for row, label in ((ZERO_SHOT, "Zero-Shot"), (SINGLE, "Single-Culture"), (COMBINED, "Combined-Culture")):
            asked = [(row, column, metric) for metric in ("invalid_count", "texts", "invalid")]
            assert parts(behaviour, *asked) == pytest.approx(values(table, group, label))


def test_normalised_scores_are_those_of_tables_8_to_10(folders: dict[str, Path], behaviour: FinishedEvaluation) -> None:
    specificity = read_evaluation(str(folders["behaviour"]), "offense").scores.specificity
    assert specificity is not None
    table = normalised_table(specificity, names={})
    for culture, label in (("germany", "germany (deu)"), ("turkey", "turkey (tur)")):
        asked = [(culture, column, "f1_normalised") for column in ("germany", "turkey")]
        assert parts(behaviour, *asked) == pytest.approx(values(table, "", label))


def test_behaviour_specificity_and_knowledge_are_those_of_table_5(
    folders: dict[str, Path], behaviour: FinishedEvaluation, knowledge: FinishedEvaluation
) -> None:
    mmlu = read_evaluation(str(folders["knowledge"]), "mmlu").scores
    table = data_table([(read_evaluation(str(folders["behaviour"]), "offense").system, mmlu)])
    (row,) = table.rows
    made = [
        *parts(behaviour, (SINGLE, "average", "f1"), (SINGLE, "average", "cspec")),
        *parts(knowledge, (SINGLE, "average", "f1_mmlu"), (SINGLE, "average", "sd_f1_mmlu")),
    ]
    assert made == pytest.approx([cell.value for cell in row.cells if cell is not None])


def test_knowledge_of_an_adapter_is_over_all_questions(folders: dict[str, Path], knowledge: FinishedEvaluation) -> None:
    scores = read_evaluation(str(folders["knowledge"]), "mmlu").scores
    for row in ("base", "germany", "turkey", "combined"):
        result = scores.result(row)
        assert result is not None
        assert result.pooled.f1 is not None
        assert parts(knowledge, (row, "average", "f1")) == pytest.approx([result.pooled.f1.value])
    both = [value for value in parts(knowledge, ("germany", "average", "f1"), ("turkey", "average", "f1")) if value]
    assert parts(knowledge, ("average", "average", "f1")) == pytest.approx([sum(both) / 2])


def test_what_an_evaluation_does_not_have_has_no_score(
    behaviour: FinishedEvaluation, knowledge: FinishedEvaluation
) -> None:
    asked = [("japan", "average", "f1"), ("single", "japan", "f1"), ("germany", "japan", "f1_normalised")]
    assert parts(behaviour, *asked, ("zero-shot", "average", "kl_paper")) == [None] * 4
    assert parts(knowledge, ("zero-shot", "average", "f1")) == [None]


def test_resamples_are_of_the_same_texts_for_all_systems(behaviour: FinishedEvaluation) -> None:
    shares = behaviour.scores(Part("cell", ZERO_SHOT, POOLED, "texts"))
    scores = behaviour.scores(Part("cell", SINGLE, "average", "f1"))
    assert shares is not None
    assert scores is not None
    assert scores.shape == shares.shape == (21,)
    assert len(set(scores.tolist())) > 10
    assert len(set(shares.tolist())) == 1


@pytest.mark.parametrize(
    ("part", "value", "fault"),
    [
        ("labels", [f"label {number}" for number in range(200)], "has no tests or rows, or more than 127 labels"),
        ("texts", 13, "has other answers to germany/"),
        ("test", "japan/none", "was not scored: evaluate again with --new"),
    ],
)
def test_scores_that_are_not_those_of_the_predictions_are_refused_in_one_line(
    folders: dict[str, Path], tmp_path: Path, part: str, value: object, fault: str
) -> None:
    copy = shutil.copytree(folders["behaviour"], tmp_path / "copy")
    file = copy / "scores.json"
    scores = json.loads(file.read_text(encoding="utf-8"))
    if part == "test":
        for result in scores["results"]:
            result["tests"][value] = result["tests"].pop(scores["tests"][0]["test"])
    scores["tests"][0][part] = value
    file.write_text(json.dumps(scores), encoding="utf-8")
    with pytest.raises(ContentError, match=fault) as caught:
        read_finished(copy, "offense", None, 5)
    assert "\n" not in caught.value.message
