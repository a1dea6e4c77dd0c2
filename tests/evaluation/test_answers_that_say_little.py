"""Answers that say little of what was asked: the tables, the records and the screen warn of them after a whole run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from clca.cli.views.evaluation import evaluate
from clca.evaluation.config import EvaluationConfig
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.normad import NormadConfig
from clca.evaluation.predictor import ALL_COVERED, InferenceConfig
from clca.evaluation.result import EvaluationResult
from clca.evaluation.wvs.config import WvsConfig
from clca.inference.requests import Answer, AnsweredCallback, G
from clca.printable import markdown_text
from clca.stages import resolve_config

SERVED = {"student": "served", "base_url": "http://localhost:1/v1", "mode": "generate"}
SURVEY = {"culture": ("japan",), "respondents": 4, "items": "Q1,Q2,Q3,Q4,Q5,Q6", "method": ("persona",)}


class Always:
    """Gives everyone the same reply."""

    coverage = ALL_COVERED
    reply = "1"

    def __init__(self, model: EvaluatedModel, inference: InferenceConfig) -> None:
        pass

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        for group in groups:
            answered(group, [Answer(reply=self.reply) for _ in group.questions])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Always)


def cautions(config: EvaluationConfig, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The cautions of an evaluation, which are the same in its result, its record and every table of its files."""
    result = evaluate(config, None, plan=False, quiet=True, as_json=False)
    assert isinstance(result, EvaluationResult)
    found = [caveat for caveat in result.caveats if caveat.startswith("CAUTION: ")]
    info = json.loads((result.folder / "evaluation.json").read_text(encoding="utf-8"))
    assert [caveat for caveat in info["caveats"] if caveat.startswith("CAUTION: ")] == found
    assert all(caveat in table.notes for caveat in found for table in result.tables)
    assert all(markdown_text(caveat) in (result.folder / "table.md").read_text(encoding="utf-8") for caveat in found)
    shown = " ".join(capsys.readouterr().err.split())
    assert all(caveat in shown for caveat in found), "they are shown even if nothing else is"
    return [caveat.removeprefix("CAUTION: ") for caveat in found]


def test_a_survey_whose_answers_depend_on_numbers_and_order_alone(capsys: pytest.CaptureFixture[str]) -> None:
    number, order, points = cautions(
        resolve_config(WvsConfig, {**SERVED, **SURVEY, "order": ("given", "reversed")}, {}), capsys
    )
    assert number.startswith("nearly the same option number is answered whatever the item (japan persona 100% are")
    assert order.startswith("most answers are another once the options are in another order (japan persona, reversed")
    assert points.startswith("kl, jsd and wasserstein_1 are those of a point mass, since replies were decoded greedily")


def test_a_survey_most_of_whose_replies_are_unreadable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Always, "reply", "I cannot say.")
    (caution,) = cautions(resolve_config(WvsConfig, {**SERVED, **SURVEY}, {}), capsys)
    assert caution.startswith("most replies could not be read (japan persona 100%)")


def test_stories_that_all_have_the_same_answer_or_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = cautions(resolve_config(NormadConfig, SERVED, {}), capsys)
    assert number.startswith("nearly the same answer is given whatever the text (base 100% are answer 1, right in 33%")
    monkeypatch.setattr(Always, "reply", "I cannot say.")
    (unreadable,) = cautions(resolve_config(NormadConfig, {**SERVED, "new": True}, {}), capsys)
    assert unreadable.startswith("most replies could not be read (base 100%; zero-shot 100%)")
