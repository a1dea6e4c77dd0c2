"""Numbers of evaluations by name, back to their predictions, prompts and raw replies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.report.lineage.context import Lineage
from clca.report.lineage.origins import origin
from clca.report.lineage.score_keys import counted, find_score, scores_of
from clca.report.lineage.scores import add_score
from tests.report.lineage.workspaces import adapter_folder, evaluation_folder, run_folder


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def evaluation(base: Path) -> Path:
    return evaluation_folder(base, adapter_folder(base, [run_folder(base)]))


def found(evaluation: Path, name: str) -> str:
    return find_score(scores_of(evaluation), name, evaluation).name


@pytest.mark.parametrize(
    ("name", "found_name"),
    [
        ("results.japan.clca.given.overall.kl_paper", "japan.clca.kl_paper"),
        ("japan.clca.kl_paper", "japan.clca.kl_paper"),
        ("clca.kl_paper", "japan.clca.kl_paper"),
        ("persona.Q2.kl_paper", "japan.persona.items.Q2.kl_paper"),
        ("clca.trust.kl_paper", "japan.clca.topics.trust.kl_paper"),
        ("kl_paper/CLCA/Japan", "japan.clca.kl_paper"),
        ("kl_paper/a-student persona/japan", "japan.persona.kl_paper"),
    ],
)
def test_a_score_by_key_path_short_name_and_cell(evaluation: Path, name: str, found_name: str) -> None:
    assert found(evaluation, name) == found_name


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("kl_paper", "is the name of 2 scores of .*: japan.persona.kl_paper, japan.clca.kl_paper; give more of one"),
        ("japan.clca.kl_papr", "no score 'japan.clca.kl_papr' .*japan.clca.kl_paper"),
        ("kl_paper/CLCA/Mexico", "no cell 'kl_paper/CLCA/Mexico' in .*kl_paper/CLCA/Japan"),
        ("", "no score ''"),
    ],
)
def test_a_name_of_several_or_of_none_lists_what_there_is(evaluation: Path, name: str, fault: str) -> None:
    with pytest.raises((SettingsError, NotFoundError), match=fault):
        found(evaluation, name)


def test_a_score_leads_to_its_own_predictions_with_prompts_and_raw_replies(evaluation: Path) -> None:
    lineage, scores = Lineage(), scores_of(evaluation)
    name = add_score(lineage, evaluation, scores, find_score(scores, "clca.Q2.kl_paper", evaluation), most=1)
    nodes = lineage.graph.nodes
    assert nodes[name].facts["value"] == 1.25
    scored_in, counted_from = nodes[name].parents
    assert (counted_from.role, scored_in.role) == ("counted from", "scored in")
    predictions = nodes[counted_from.node]
    assert predictions.facts["predictions"] == 2
    assert predictions.facts["here"] == "the first 1 of 2"
    (first,) = predictions.parents
    assert first.node == "prediction:evaluations/wvs/a-student-japan#predictions.6"
    assert nodes[first.node].facts["reply"] == "1 says p1 on Q2 by clca"
    (asked,) = [link for link in nodes[first.node].parents if link.role == "asked"]
    assert nodes[asked.node].facts == {"system": "You live in Japan.", "question": "How about Q2?", "shown": [0, 1]}
    assert origin(nodes, name).teachers["teacher"] == ("a-teacher",)


def test_a_score_without_an_adapter_does_not_lead_to_what_the_adapter_learned_from(evaluation: Path) -> None:
    lineage, scores = Lineage(), scores_of(evaluation)
    name = add_score(lineage, evaluation, scores, find_score(scores, "persona.kl_paper", evaluation))
    told = origin(lineage.graph.nodes, name)
    assert (told.adapters, told.runs, told.students) == ((), (), ("a-student",))
    assert lineage.graph.nodes[lineage.graph.nodes[name].parents[1].node].facts["predictions"] == 4


def test_a_topic_counts_its_items_and_a_culture_its_tests(evaluation: Path) -> None:
    scores = scores_of(evaluation)
    topic = counted(scores, find_score(scores, "clca.trust.kl_paper", evaluation))
    assert topic["item"] == {"Q1", "Q2"}
    result = {"row": "germany", "cultures": {"germany": {"f1": {"value": 0.5}}}, "average": {"f1": {"value": 0.4}}}
    tests = [
        {"culture": "germany", "test": "insults", "texts": 3},
        {"culture": "germany", "test": "hate", "texts": 3},
        {"culture": "turkey", "test": "other", "texts": 3},
    ]
    (evaluation / "scores.json").write_text(json.dumps({"tests": tests, "results": [result]}))
    scores = scores_of(evaluation)
    of_culture = counted(scores, find_score(scores, "germany.cultures.germany.f1", evaluation))
    assert of_culture == {"row": {"germany"}, "test": {"insults", "hate"}}
    assert counted(scores, find_score(scores, "germany.average.f1", evaluation)) == {"row": {"germany"}}


def test_predictions_that_changed_since_they_were_scored_are_told(evaluation: Path) -> None:
    info = json.loads((evaluation / "evaluation.json").read_text())
    info["sha256"] = {"predictions.jsonl": "0" * 64, "scores.json": "0" * 64}
    (evaluation / "evaluation.json").write_text(json.dumps(info))
    lineage, scores = Lineage(), scores_of(evaluation)
    name = add_score(lineage, evaluation, scores, find_score(scores, "clca.kl_paper", evaluation))
    assert [link.fault for link in lineage.graph.nodes[name].parents] == [
        "scores.json has changed since it was written",
        "predictions.jsonl has changed since it was scored",
    ]


def test_a_prompt_that_was_not_kept_is_said_to_be_missing(evaluation: Path) -> None:
    (evaluation / "sheets.jsonl").unlink()
    lineage, scores = Lineage(), scores_of(evaluation)
    add_score(lineage, evaluation, scores, find_score(scores, "clca.Q1.kl_paper", evaluation), most=1)
    (only,) = [node for node in lineage.graph.nodes.values() if node.kind == "prediction"]
    assert only.notes == ("its prompt is not in sheets.jsonl and questions.jsonl",)


@pytest.mark.parametrize(
    "text", ["[", "3", '{"results": 3}', '{"results": [[[1]]]}', "[" * 300, '{"a": {"value": "x"}}']
)
def test_scores_that_are_none_are_one_line(evaluation: Path, text: str) -> None:
    (evaluation / "scores.json").write_text(text)
    with pytest.raises(ClcaError, match=r"no score|cannot be read|is not a JSON object"):
        found(evaluation, "kl_paper")
