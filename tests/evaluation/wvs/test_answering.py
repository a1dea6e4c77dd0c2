"""What becomes of answers; and that stopping early does not depend on interruptions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import Item
from clca.evaluation.wvs.answering import FIRST_LOOK, EarlyStop, WvsAnswering, WvsProgress, half_width, predict
from clca.evaluation.wvs.prediction_dir import WvsPredictionDir
from clca.evaluation.wvs.question import item_questions, request_groups
from clca.evaluation.wvs.request_group import ItemQuestion, RespondentRequestGroup, item_question
from clca.evaluation.wvs.rereading import Rereading
from clca.evaluation.wvs.sampling import Sample, SampleSources, sample_culture
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.suite import WvsSuite, load_suite
from clca.inference.requests import Answer, AnsweredCallback
from clca.records import Order
from clca.seeding import chooser

PEOPLE = 300


@pytest.fixture(scope="module")
def suite() -> WvsSuite:
    return load_suite(Content())


@pytest.fixture(scope="module")
def columns(suite: WvsSuite) -> ScoreLayout:
    return ScoreLayout(suite.items.items[:3])


@pytest.fixture(scope="module")
def sample(suite: WvsSuite, columns: ScoreLayout) -> Sample:
    counts = {place: one.respondents for place, one in suite.coverage.items()}
    sources = SampleSources(None, suite.shares, suite.demographics, counts)
    return sample_culture(sources, "japan", ["japan"], columns, n=PEOPLE, seed=42, weighted=False)


@pytest.fixture(scope="module")
def asked(suite: WvsSuite, sample: Sample, columns: ScoreLayout) -> list[RespondentRequestGroup]:
    given = item_questions(columns.items, suite.prompts, "chat", "given", 42)
    return list(request_groups("japan", "persona", sample.respondents, given, suite.persona, suite.prompts))


class People:
    """Answers each group as someone of the survey might, always the same; after `most` it is interrupted."""

    def __init__(self, sample: Sample, most: int = 10**9) -> None:
        self._shares, self._most = sample.survey.shares, most
        self.answered: list[str] = []

    def predict(self, groups: Iterable[RespondentRequestGroup], done: AnsweredCallback[RespondentRequestGroup]) -> None:
        for group in sorted(groups, key=lambda one: one.respondent[::-1]):
            if len(self.answered) == self._most:
                raise KeyboardInterrupt
            self.answered.append(group.respondent)
            done(group, [self._answer(group, one) for one in group.questions])

    def _answer(self, group: RespondentRequestGroup, question: ItemQuestion) -> Answer:
        shares = self._shares[question.item.id]
        chosen = chooser("people", group.respondent, question.item.id).choices(range(len(shares)), weights=shares)
        return Answer(reply=question.labels[question.shown.index(chosen[0])])


def work_in(
    path: Path, asked: list[RespondentRequestGroup], sample: Sample, columns: ScoreLayout, suite: WvsSuite
) -> tuple[WvsPredictionDir, WvsAnswering]:
    folder = WvsPredictionDir(path, asked)
    told: list[WvsProgress] = []
    work = WvsAnswering(
        folder,
        asked,
        {"japan": sample},
        {"japan": columns},
        {"japan": suite.reader},
        Rereading("paper", {"japan": suite.reader}, asked, {"japan": sample}, {"japan": columns}, weighted=False),
        seed=42,
        weighted=False,
        on_progress=told.append,
    )
    return folder, work


def question(order: Order, shown: tuple[int, ...]) -> ItemQuestion:
    return item_question(Item(id="Q1", question="?", options=("A little", "A lot", "Nothing")), order, "?", shown)


def group_of(one: ItemQuestion) -> RespondentRequestGroup:
    return RespondentRequestGroup("", "", (one,), "japan", "persona", "r")


def test_odds_are_put_into_the_surveys_order(suite: WvsSuite) -> None:
    one = question("reversed", (2, 1, 0))
    found = predict(group_of(one), one, Answer(probabilities=(0.5, 0.3, 0.2), option_mass=0.9), suite.reader)
    assert found.probabilities == pytest.approx((0.2, 0.3, 0.5))
    assert (found.option, found.mass, found.order) == (2, 0.9, "reversed")
    assert found.reply is None


def test_a_reply_is_kept_and_read_as_the_option_that_was_shown_there(suite: WvsSuite) -> None:
    one = question("shuffled", (1, 2, 0))
    found = predict(group_of(one), one, Answer(reply=" 3."), suite.reader)
    assert (found.option, found.reply, found.probabilities) == (0, " 3.", None)
    lost = predict(group_of(one), one, Answer(reply="1 or 2"), suite.reader)
    assert (lost.option, lost.reply) == (None, "1 or 2")


def test_only_what_is_left_is_asked(
    tmp_path: Path, asked: list[RespondentRequestGroup], sample: Sample, columns: ScoreLayout, suite: WvsSuite
) -> None:
    folder, work = work_in(tmp_path, asked, sample, columns, suite)
    first, second = People(sample, most=50), People(sample)
    with folder, pytest.raises(KeyboardInterrupt):
        work.answer_pending(first)
    folder, work = work_in(tmp_path, asked, sample, columns, suite)
    with folder:
        assert work.progress().done == 50
        assert work.progress().pending == 250 * 3
        work.answer_pending(second)
        assert work.pending == []
    assert set(first.answered) & set(second.answered) == set()
    assert len(first.answered) + len(second.answered) == PEOPLE


def test_the_running_kl_falls_towards_that_of_everyone(
    tmp_path: Path, asked: list[RespondentRequestGroup], sample: Sample, columns: ScoreLayout, suite: WvsSuite
) -> None:
    folder, work = work_in(tmp_path, asked, sample, columns, suite)
    with folder:
        work.answer_pending(People(sample))
        assert 0 < work.progress().kl["japan", "persona"] < 0.02


def until(path: Path, width: float, interruptions: list[int], *rest: object) -> list[EarlyStop]:
    """What `ask_until` says when it is interrupted after so many groups, again and again."""
    asked, sample, columns, suite = rest
    for most in interruptions:
        folder, work = work_in(path, asked, sample, columns, suite)  # type: ignore[arg-type]
        with folder, pytest.raises(KeyboardInterrupt):
            work.answer_until(People(sample, most), width)  # type: ignore[arg-type]
    folder, work = work_in(path, asked, sample, columns, suite)  # type: ignore[arg-type]
    with folder:
        return work.answer_until(People(sample), width)  # type: ignore[arg-type]


def test_it_stops_where_it_would_have_whatever_interrupted_it(
    tmp_path: Path, asked: list[RespondentRequestGroup], sample: Sample, columns: ScoreLayout, suite: WvsSuite
) -> None:
    rest = (asked, sample, columns, suite)
    width = 0.004
    (whole,) = until(tmp_path / "whole", width, [], *rest)
    assert FIRST_LOOK < whole.respondents < PEOPLE
    assert half_width(whole.kl) < width
    (parted,) = until(tmp_path / "parted", width, [30, 90, 7], *rest)
    assert parted == whole
    folder, work = work_in(tmp_path / "parted", asked, sample, columns, suite)
    with folder:
        assert {id for tally in work.counts.values() for id in tally.seen} == {
            one.id for one in sample.respondents[: whole.respondents]
        }


def test_an_interval_that_is_never_narrow_enough_asks_everyone(
    tmp_path: Path, asked: list[RespondentRequestGroup], sample: Sample, columns: ScoreLayout, suite: WvsSuite
) -> None:
    assert until(tmp_path, 1e-6, [], asked, sample, columns, suite) == []
    folder, work = work_in(tmp_path, asked, sample, columns, suite)
    with folder:
        assert work.pending == []
