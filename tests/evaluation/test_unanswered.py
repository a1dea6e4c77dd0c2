"""What a server does not answer: counted beside the scores, in none of them, and asked again by a later run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clca.errors import ContentError, FailureKind
from clca.evaluation.classification.answering import TaskAnswering
from clca.evaluation.classification.prediction_dir import TaskPredictionDir
from clca.evaluation.classification.request_group import ExampleRequestGroup, System
from clca.evaluation.normad import NormadConfig
from clca.evaluation.normad.suite import plan as plan_normad
from clca.evaluation.normad.suite import run as run_normad
from clca.evaluation.prediction_dir import PREDICTIONS, Unanswered, read_info
from clca.evaluation.wvs.config import WvsConfig
from clca.evaluation.wvs.plan import plan as plan_wvs
from clca.evaluation.wvs.result import WvsResult
from clca.evaluation.wvs.run import run as run_wvs
from clca.inference.requests import Answer
from clca.stages import resolve_config
from tests.evaluation.classification.tasks import Numbered, Ruled
from tests.evaluation.test_normad import STORIES
from tests.inference.stub_model import Answered, Answering, chat, plain

SYSTEMS = (System("base", ""), System("japan", "japan"))
TASK = Numbered("japan", 70)


def question_of(body: dict[str, Any]) -> str:
    text = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
    assert isinstance(text, str)
    return text


class Filtering:
    """A server that answers 1, but for questions with one of the `filtered` texts."""

    def __init__(self, *filtered: str) -> None:
        self.filtered = filtered

    def __call__(self, body: dict[str, Any], number: int) -> Answered:
        completion = chat("1") if "messages" in body else plain("1")
        if any(text in question_of(body) for text in self.filtered):
            completion["choices"][0]["finish_reason"] = "content_filter"
        return 200, completion, {}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, cache_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))
    return tmp_path


@pytest.fixture
def filtering() -> Filtering:
    return Filtering("friends", "number 3")


@pytest.fixture
def server(filtering: Filtering) -> Iterator[Answering]:
    with Answering(filtering) as answering:
        yield answering


def survey(server: Answering, **fields: Any) -> WvsResult:
    asked: dict[str, Any] = {
        "culture": ("japan",),
        "respondents": 5,
        "items": "Q1,Q2",
        "student": "served",
        "method": ("persona",),
    }
    return run_wvs(
        plan_wvs(resolve_config(WvsConfig, {**asked, "mode": "generate", "base_url": server.url, **fields}, {}))
    )


def questions(server: Answering) -> list[str]:
    """The questions asked so far, the probe's greeting left out."""
    last = [question_of(body) for body in server.bodies]
    server.bodies.clear()
    return [text for text in last if "Good morning" not in text]


# ---------------------------------------------------------------- whole evaluations


def test_a_survey_counts_what_is_filtered_and_asks_it_again(server: Answering, filtering: Filtering) -> None:
    result = survey(server)
    assert result.unanswered == {"content filter": 5}
    assert any(
        caveat.startswith("5 prompts have no answer and are in no score (content filter 5)")
        for caveat in result.caveats
    )
    assert any(caveat.startswith("Requests repeated since the reply was no answer: 15") for caveat in result.caveats)
    (scores,) = result.scores.results
    assert [item.item for item in scores.items] == ["Q1"], "an item without any answer has no score"
    assert scores.overall.invalid is not None
    assert scores.overall.invalid.value == 0, "a filtered reply is no invalid answer of the model"
    info = read_info(result.folder)
    assert (info["finished"], info["unanswered"], info["predictions"]) == (True, {"content filter": 5}, 5)
    assert len(questions(server)) == 5 + 3 * 5

    filtering.filtered = ()
    again = survey(server)
    asked = questions(server)
    assert len(asked) == 5, "only what has no answer is asked again"
    assert all("friends" in text.lower() for text in asked)
    assert again.folder == result.folder
    assert again.unanswered == {}
    (scores,) = again.scores.results
    assert [item.item for item in scores.items] == ["Q1", "Q2"]
    assert "unanswered" not in read_info(result.folder)
    assert survey(server).asked == 0
    assert questions(server) == []


def test_a_text_that_is_filtered_is_left_out_of_its_test(server: Answering, filtering: Filtering, here: Path) -> None:
    (here / "normad.csv").write_text(STORIES, encoding="utf-8")
    fields = {"data": "normad.csv", "student": "served", "mode": "generate", "base_url": server.url}
    config = resolve_config(NormadConfig, fields, {})
    result = run_normad(plan_normad(config))
    assert result.unanswered == {"content filter": len(result.rows)}
    texts = {test.test: test.texts for test in result.scores.tests}
    assert sum(texts.values()) == 4
    assert any("each" in caveat and "left out for all systems" in caveat for caveat in result.caveats)
    filtering.filtered = ()
    questions(server)
    again = run_normad(plan_normad(config))
    assert len(questions(server)) == len(result.rows)
    assert (again.unanswered, sum(test.texts for test in again.scores.tests)) == ({}, 5)


def test_a_server_that_answers_nothing_ends_the_evaluation(server: Answering, filtering: Filtering) -> None:
    filtering.filtered = ("",)
    with pytest.raises(Unanswered) as caught:
        survey(server)
    assert caught.value.message == (
        "no question was answered, of 10 that were asked (content filter 10): check the server, and repeat the command"
        " to ask them again"
    )
    assert caught.value.exit_code == 1


# ---------------------------------------------------------------- the file


def some(group: ExampleRequestGroup, place: int) -> Answer:
    """No answer to text 3 from the base model, and to text 66 from the adapter."""
    text = int(group.questions[place].text.split()[-1])
    missing = {"base": 3, "japan": 66}[group.row]
    return Answer(failure=FailureKind.REFUSAL) if text == missing else Answer(reply="1")


def answered(path: Path, predictor: Ruled) -> TaskAnswering:
    with TaskPredictionDir(path, [TASK], SYSTEMS) as folder:
        work = TaskAnswering(folder, [TASK], SYSTEMS, lambda progress: None)
        work.answer_pending(predictor)
        return work


def test_texts_without_an_answer_of_any_system_are_left_out_for_all(here: Path) -> None:
    (confusion,) = answered(here, Ruled(some)).confusions()
    assert confusion.answers.shape == (2, 68)
    assert np.array_equal(confusion.gold, [place % 2 for place in range(70) if place not in (3, 66)])


def test_a_later_run_asks_only_what_is_missing_and_keeps_what_fails_again(here: Path) -> None:
    answered(here, Ruled(some))
    failing = Ruled(some)
    work = answered(here, failing)
    assert failing.asked == [("base", TASK.name, 0), ("japan", TASK.name, 1)]
    assert work.confusions()[0].answers.shape == (2, 68)
    lines = [json.loads(line) for line in (here / PREDICTIONS).read_text().splitlines()]
    assert [(line["row"], line["place"]) for line in lines[140:]] == [("base", 3), ("japan", 66)]
    assert [line.get("failure") for line in lines].count("refusal by the model") == 4
    assert all("failure" not in line for line in lines if line["reply"] is not None), "readable by earlier versions"

    mended = Ruled(lambda group, place: Answer(reply="2"))
    work = answered(here, mended)
    assert len(mended.asked) == 2
    assert work.confusions()[0].answers.shape == (2, 70)
    with TaskPredictionDir(here, [TASK], SYSTEMS) as folder:
        assert (folder.failures, len(list(folder.predictions()))) == ({}, 140)
    untouched = Ruled(some)
    answered(here, untouched)
    assert untouched.asked == []


def test_a_kill_while_it_asks_again_costs_that_answer_only(here: Path) -> None:
    answered(here, Ruled(some))
    answered(here, Ruled(lambda group, place: Answer(reply="2")))
    file = here / PREDICTIONS
    file.write_bytes(file.read_bytes()[:-3])
    again = Ruled(lambda group, place: Answer(reply="2"))
    assert answered(here, again).confusions()[0].answers.shape == (2, 70)
    assert again.asked == [("japan", TASK.name, 1)]


def test_an_answer_that_stands_twice_is_told(here: Path) -> None:
    answered(here, Ruled(some))
    file = here / PREDICTIONS
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines, lines[2]]))
    with pytest.raises(ContentError, match=rf"^{file}:141: duplicate request group"):
        answered(here, Ruled(some))
