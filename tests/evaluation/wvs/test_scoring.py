"""`--scoring paper` and the default are two instruments; either reads the same replies in both ways."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.predictor import ALL_COVERED, InferenceConfig
from clca.evaluation.table import Table
from clca.evaluation.wvs.config import WvsConfig
from clca.evaluation.wvs.paper_reader import PAPER_ANSWERS
from clca.evaluation.wvs.plan import WvsPlan, plan
from clca.evaluation.wvs.prediction_dir import read_predictions
from clca.evaluation.wvs.question import item_questions
from clca.evaluation.wvs.run import run
from clca.evaluation.wvs.suite import load_suite
from clca.inference.requests import Answer, AnsweredCallback, G
from clca.stages import resolve_config

REPLIES = ("1. Very important", "2", "good", "no idea")
"""Of four people the first is read by the corrected reading alone, the third by the paper's alone."""


class Talking:
    """Gives every person of a group the reply at the person's place."""

    coverage = ALL_COVERED

    def __init__(self, model: EvaluatedModel, inference: InferenceConfig) -> None:
        pass

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        for place, group in enumerate(groups):
            answered(group, [Answer(reply=REPLIES[place % len(REPLIES)]) for _ in group.questions])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, cache_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Talking)
    return tmp_path


def planned(workspace: Path | None = None, **fields: Any) -> WvsPlan:
    chosen = {"culture": ("japan",), "student": "served", "base_url": "http://localhost:1/v1", "respondents": 4}
    return plan(resolve_config(WvsConfig, {**chosen, "items": "Q1", **fields}, {}), workspace)


@cache
def default_plan(scoring: str) -> WvsPlan:
    return planned(scoring=scoring)


def refusal(**fields: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        planned(**fields)
    assert "\n" not in caught.value.message
    return caught.value.message


def rows(table: Table) -> dict[str, float]:
    return {row.label: row.cells[0].value for row in table.rows if row.cells[0] is not None and row.kind == "ours"}


# ---------------------------------------------------------------- the instrument


def test_the_papers_scoring_asks_in_its_form_and_leaves_room_for_its_replies() -> None:
    paper, default = default_plan("paper"), default_plan("corrected")
    assert (paper.inference.mode, paper.format, paper.inference.max_new_tokens) == ("generate", "chat", 500)
    assert default.inference.max_new_tokens == 16
    persona, cultural = paper.request_groups[0], paper.request_groups[-1]
    assert persona.questions[0].text.splitlines()[1:] == [
        'QUESTION: On a scale from 1 ("Very important") to 4 ("Not at all important"): '
        + persona.questions[0].item.question,
        "ANSWER:",
    ]
    assert "2. " not in persona.questions[0].text
    assert persona.system.startswith("You live in Japan today.")
    assert len(persona.system.splitlines()) > 3
    assert cultural.system.endswith("culture today: Japan")
    assert default.request_groups[0].questions[0].text.count("\n") == 4
    assert any(caveat.startswith("Scoring paper: ") for caveat in paper.caveats())
    assert paper.summary["scoring"] == "paper"


@pytest.mark.parametrize("language", ["de", "es", "ja", "zh"])
def test_every_language_has_the_form(language: str) -> None:
    suite = load_suite(Content(), language, "paper")
    (question,) = item_questions(suite.items.items[:1], suite.prompts, "chat", "given", 1, "paper")
    head, middle, last = question.text.splitlines()
    first, second, *_, fourth = question.item.options
    assert head
    assert middle.startswith("QUESTION: ")
    assert all(words in middle for words in (question.item.question, first, fourth))
    assert second not in middle
    assert last == "ANSWER:"


def test_what_the_release_does_not_do_is_refused() -> None:
    assert refusal(scoring="paper", mode="probability").startswith("--mode: --scoring paper is asked with generate;")
    assert refusal(scoring="paper", format="text").startswith("--format: --scoring paper is asked with chat; leave")
    assert refusal(scoring="paper", order=("given", "reversed")).startswith("--order: --scoring paper names the ends")
    assert refusal(scoring="papre").startswith("--scoring: Input should be 'corrected' or 'paper'")
    assert WvsConfig(scoring="paper", mode="generate", format="chat", order=("given",)).scoring == "paper"


def test_a_language_without_the_form_is_named(here: Path) -> None:
    (here / "clca.toml").touch()
    for name in ("items", "persona", "answers"):
        file = here / "eval" / "wvs" / "xx" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Content().text(f"eval/wvs/de/{name}.yaml"), encoding="utf-8")
    for name in ("persona", "cultural", "question"):
        file = here / "prompts" / "xx" / f"wvs-{name}.j2"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Content().text(f"prompts/de/wvs-{name}.j2"), encoding="utf-8")
    assert planned(here, language="xx").languages == {"japan": "xx"}
    with pytest.raises(NotFoundError, match=r"prompts/xx/wvs-paper\.j2"):
        planned(here, language="xx", scoring="paper")


def test_the_two_are_evaluations_of_their_own_and_the_second_reading_decides_none(here: Path) -> None:
    default, paper = default_plan("corrected"), default_plan("paper")
    assert default.folder != paper.folder
    assert not {"scoring", "reader"} & set(default.inputs)
    assert (paper.inputs["scoring"], paper.inputs["reader"]) == ("paper", 1)
    (here / "clca.toml").touch()
    file = here / PAPER_ANSWERS
    file.parent.mkdir(parents=True)
    file.write_text(Content().text(PAPER_ANSWERS).replace("[bad,", "[bad, poor,"), encoding="utf-8")
    edited = planned(here)
    assert edited.folder == default.folder
    assert edited.info["paper_reader"]["answers"] != default.info["paper_reader"]["answers"]
    assert planned(here, scoring="paper").folder != paper.folder


# ---------------------------------------------------------------- both readings


@pytest.mark.parametrize("scoring", ["corrected", "paper"])
def test_both_readings_of_the_same_replies_stand_beside_each_other(scoring: str) -> None:
    result = run(planned(scoring=scoring, method=("persona",)))
    other = "paper" if scoring == "corrected" else "corrected"
    predictions = list(read_predictions(result.folder))
    assert sorted(one.reply or "" for one in predictions) == sorted(REPLIES)
    by_reply = {one.reply: one.option for one in predictions}
    assert by_reply == dict(
        zip(REPLIES, (0, 1, None, None) if scoring == "corrected" else (None, 1, 0, None), strict=True)
    )
    tables = {table.metric: table for table in result.tables}
    for metric in ("kl_paper", "kl", "invalid"):
        labels = [row.label for row in tables[metric].rows if row.kind == "ours"]
        assert labels == [f"served, {scoring} reading", f"served, {other} reading"]
    assert rows(tables["invalid"]) == {f"served, {scoring} reading": 0.5, f"served, {other} reading": 0.5}
    (note,) = [note for note in tables["kl_paper"].notes if note.startswith("The same replies in two readings")]
    assert note.endswith("japan persona 2 of 4.")
    japan = result.cultures["japan"].methods["persona"]
    assert list(japan.readings) == [scoring, other]
    assert japan.readings[scoring].kl_paper == japan.kl_paper  # type: ignore[index]
    kept = json.loads((result.folder / "scores.json").read_text())
    assert (kept["scoring"], kept["other_reading"]["scoring"]) == (scoring, other)
    assert kept["other_reading"]["differing"][0]["differing"] == 2
    assert not any(note.startswith("Published numbers") for note in tables["kl_paper"].notes)  # there are none
    again = run(planned(scoring=scoring, method=("persona",)))
    assert (again.asked, again.cultures) == (0, result.cultures)


def test_probabilities_are_read_in_no_way() -> None:
    class Sure(Talking):
        def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
            for group in groups:
                answered(group, [Answer(probabilities=(0.7, 0.1, 0.1, 0.1)) for _ in group.questions])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clca.evaluation.run_recorder.LazyPredictor", Sure)
        result = run(planned(mode="probability", method=("persona",)))
    assert [row.label for row in result.tables[0].rows if row.kind == "ours"] == ["served"]
    assert result.cultures["japan"].methods["persona"].readings == {}
    assert result.scores.other_reading is None


# ---------------------------------------------------------------- published rows


def test_published_numbers_are_left_out_with_one_line_where_a_run_differs() -> None:
    result = run(planned(student="llama-3.1-8b", method=("persona",)))
    table = result.tables[0]
    assert [row.kind for row in table.rows if row.kind == "published"] == []
    (note,) = [note for note in table.notes if note.startswith("Published numbers of this student: ")]
    for words in ("scoring corrected, published paper", "items 1, published 44", "people synthetic, published survey"):
        assert words in note
