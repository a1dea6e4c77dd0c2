from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import load_items, load_shares, shares_of
from clca.errors import ClcaError
from clca.training.examples import Dropped, Text
from clca.training.sources.wvs import EVALUATED, NOT_ASKED, answers, survey, translated_survey
from clca.training.training_sources import CultureRef
from tests.training.material import ARABIC, JAPAN, made, material

FRIENDS = """\
language: Japanese
items:
  - {id: Q2, topic: 大切, question: 友人は大切ですか。, options: [とても大切, やや大切, あまり, まったく]}
"""


def text(body: object) -> str:
    assert isinstance(body, Text)
    return body.prompt + body.answer


def test_an_item_is_laid_out_as_in_s2n() -> None:
    first = next(survey(material(mix="wvs")))
    assert not isinstance(first, Dropped)
    assert (first.id, first.task, first.group) == ("japan:Q1:1", "survey", "Q1")
    assert text(first.body) == (
        "### Task: Survey Question-Answer\n"
        "### Question: How important is family in your life?"
        " 1. Very important 2. Rather important 3. Not very important 4. Not at all important\n"
        "### Answer: 1. Very important"
    )


def test_answers_stand_in_the_proportion_of_the_countrys() -> None:
    found = made(survey(material(mix="wvs", survey={"per_item": 100, "items": "all"})))
    assert len(found) == 44 * 100
    given = Counter(text(one.body).rpartition("### Answer: ")[2] for one in found if one.group == "Q1")
    assert given == {"1. Very important": 93, "2. Rather important": 6, "3. Not very important": 1}  # .928 .063 .007


def test_or_the_most_frequent_answer_stands_once() -> None:
    found = made(survey(material(mix="wvs", survey={"answers": "majority", "items": "all"})))
    assert len(found) == len({one.group for one in found}) == 44
    assert answers((0.4, 0.4, 0.2), "majority", 9) == [1, 0, 0]


@pytest.mark.parametrize(
    ("shares", "mean"),
    [
        ((0.0, 0.0, 1.0), 3),
        ((0.5, 0.0, 0.5), 2),
        ((0.6, 0.0, 0.4), 1),  # 1.8
        ((0.0, 0.1, 0.9), 2),  # 2.9
        ((0.1, 0.2, 0.3, 0.4), 3),  # 3.0, which floating-point numbers may miss
    ],
)
def test_or_the_mean_without_what_is_behind_the_point(shares: tuple[float, ...], mean: int) -> None:
    assert answers(shares, "mean", 9) == [int(option == mean - 1) for option in range(len(shares))]


def test_answers_may_be_digits_alone() -> None:
    found = made(survey(material(mix="wvs", survey={"answers": "mean", "digits": True})))
    assert text(found[0].body).endswith("4. Not at all important\n### Answer: 1")


def test_every_second_item_is_left_to_the_evaluation() -> None:
    examples = list(survey(material(mix="wvs")))
    left = [one.group for one in examples if isinstance(one, Dropped) and one.reason == EVALUATED]
    trained = {one.group for one in made(examples)}
    assert (len(left), len(trained), left[:3]) == (22, 22, ["Q2", "Q4", "Q6"])
    assert trained.isdisjoint(left)


def test_items_that_were_not_asked_are_dropped_by_name() -> None:
    iraq = material(cultures=(CultureRef("iraq", "Iraq"),), survey={"items": "all"})
    dropped = [one for one in survey(iraq) if isinstance(one, Dropped)]
    assert dropped == [Dropped(NOT_ASKED, "Q36")]


def test_a_language_has_the_mean_of_its_countries_that_were_asked(content: Content) -> None:
    known = load_shares(content, load_items(content))
    ara = shares_of(ARABIC.countries, known)
    assert ara["Q1"] == pytest.approx(
        [(a + b) / 2 for a, b in zip(known["iraq"]["Q1"], known["jordan"]["Q1"], strict=True)]
    )
    assert shares_of(("iraq", "japan"), known)["Q36"] == known["japan"]["Q36"]


def test_items_are_taught_on_the_points_that_the_country_was_asked_on() -> None:
    brazil = [one for one in made(survey(material(cultures=(CultureRef("brazil", "Brazil"),)))) if one.group == "Q33"]
    assert {text(one.body).partition("woman does. ")[2].partition("\n")[0] for one in brazil} == {
        "1. Agree 2. Neither agree nor disagree 3. Disagree"
    }
    given = Counter(text(one.body).rpartition("### Answer: ")[2] for one in brazil)
    assert given == {"1. Agree": 4, "2. Neither agree nor disagree": 2, "3. Disagree": 14}  # .191 .113 .696 of 20


def test_a_culture_without_shares_is_named() -> None:
    with pytest.raises(ClcaError, match=r"^no survey shares of egypt in eval/wvs/shares\.csv; there are japan, uk,"):
        list(survey(material(cultures=(CultureRef("egypt", "Egypt"),))))


def test_all_cultures_of_a_combined_adapter_have_their_turn() -> None:
    found = made(survey(material(cultures=(JAPAN, CultureRef("uk", "United Kingdom")))))
    assert Counter(one.id.partition(":")[0] for one in found) == {"japan": 440, "uk": 440}


# ---------------------------------------------------------------- translated


def test_a_translation_words_question_and_options_and_the_shares_stay(tmp_path: Path) -> None:
    (tmp_path / "japan.yaml").write_text(FRIENDS, encoding="utf-8")
    files = {"translation": str(tmp_path / "{culture}.yaml")}
    found = made(translated_survey(material(mix="wvs-translated", files=files, survey={"items": "all"})))
    assert len(found) == 20
    assert text(found[0].body) == (
        "### Task: Survey Question-Answer\n"
        "### Question: 友人は大切ですか。 1. とても大切 2. やや大切 3. あまり 4. まったく\n"
        "### Answer: 1. とても大切"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Q2", "Q99", r"t\.yaml:3: Q99: no such item"),
        (", まったく", "", r"t\.yaml:3: Q2: has 3 options, but 4 are needed"),
        ("topic", "topick", r"t\.yaml:3: items\.0\.topick: unknown key"),
    ],
)
def test_a_faulty_translation_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(FRIENDS.replace(old, new), encoding="utf-8")
    with pytest.raises(ClcaError, match=message):
        list(translated_survey(material(files={"translation": str(file)})))


def test_a_mix_says_which_file_it_lacks() -> None:
    with pytest.raises(
        ClcaError,
        match=r"^mix 'wvs-translated' needs data\.files\.translation: give --set data\.files\.translation=FILE",
    ):
        list(translated_survey(material(mix="wvs-translated")))
    with pytest.raises(ClcaError, match=r"^data\.files\.translation: absent\.yaml: cannot be read: No such file"):
        list(translated_survey(material(files={"translation": "absent.yaml"})))
