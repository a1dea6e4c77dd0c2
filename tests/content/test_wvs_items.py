from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import (
    ITEMS,
    SHARES,
    Item,
    load_items,
    load_shares,
    read_translation,
    s2n_prompt,
    shares_of,
)
from clca.errors import ContentError, NotFoundError
from tests.conftest import Overlay

HEAD = "culture,iso3,question,option,share\n"


def test_the_44_items_of_clca_are_there_with_as_many_options_as_the_survey_has(content: Content) -> None:
    items = load_items(content).items
    assert [item.id for item in items] == [f"Q{number}" for number in range(1, 46) if number != 42]
    options = {item.id: len(item.options) for item in items}
    numbers = {range(1, 7): 4, range(7, 27): 2, range(27, 33): 4, range(33, 42): 5, range(43, 46): 3}
    assert options == {f"Q{number}": count for span, count in numbers.items() for number in span}


def test_every_item_is_asked_in_words_of_its_own(content: Content) -> None:
    questions = [item.question for item in load_items(content).items]
    assert len(set(questions)) == 44
    assert all(question.endswith(("?", ".")) for question in questions)


def test_shares_are_those_of_the_survey(content: Content) -> None:
    shares = load_shares(content, load_items(content))
    assert len(shares) == 14
    assert shares["japan"]["Q1"] == (0.928493, 0.062606, 0.006701, 0.0022)
    assert {culture: len(items) for culture, items in shares.items() if len(items) < 44} == {
        "iraq": 43,
        "jordan": 43,
        "greece": 25,
    }
    for culture in ("brazil", "argentina"):  # asked on three points
        assert all(shares[culture][f"Q{n}"][0] == shares[culture][f"Q{n}"][4] == 0 for n in range(33, 42))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("japan,JPN,Q1,1,0.5\n", "japan Q1: shares of its options do not add up to 1"),
        ("japan,JPN,Q1,7,1.0\n", "japan Q1: shares of its options do not add up to 1"),
        ("japan,JPN,Q1,1,2\n", ":2: share: Input should be less than or equal to 1"),
    ],
)
def test_faulty_shares_are_named(overlay: Overlay, rows: str, message: str) -> None:
    content = overlay({SHARES: HEAD + rows})
    with pytest.raises(ContentError, match=message):
        load_shares(content, load_items(content))


def test_an_item_that_stands_twice_is_a_fault(overlay: Overlay, content: Content) -> None:
    text = content.text(ITEMS).replace("id: Q2\n", "id: Q1\n")
    with pytest.raises(ContentError, match=r"items: duplicate Q1"):
        load_items(overlay({ITEMS: text}))


def test_every_item_has_label_topic_and_direction_and_the_suite_its_missing_codes(content: Content) -> None:
    items = load_items(content)
    assert len({item.label for item in items.items}) == 44
    assert all(item.topic and item.direction.startswith("1 ") for item in items.items)
    assert set(items.missing) == {-1, -2, -4, -5}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    label: Importance of friends\n", "", r":23: items\.1\.label: missing key"),
        ("    direction: 1 good, 2 neither, 3 bad\n", "", r"items\.41\.direction: missing key"),
        ("  -1: Don't know\n", "  1: Don't know\n", "missing: 1 is the code of an answer"),
        ("missing:\n", "missing: {}\nabsent:\n", "absent: unknown key"),
        (
            "options: [Very important, Rather",
            "options: [Very important, Very important, Rather",
            "Q1: duplicate option",
        ),
    ],
)
def test_faulty_items_are_named(overlay: Overlay, content: Content, old: str, new: str, message: str) -> None:
    text = content.text(ITEMS)
    assert old in text
    with pytest.raises(ContentError, match=message):
        load_items(overlay({ITEMS: text.replace(old, new)}))


def test_an_item_has_at_most_nine_options_so_that_each_number_is_one_digit() -> None:
    options = tuple("abcdefghi")
    assert Item(id="Q1", question="?", options=options).numbered(8) == "9. i"
    with pytest.raises(ValueError, match="at most 9 items"):
        Item(id="Q1", question="?", options=(*options, "j"))


def test_a_translation_keeps_what_is_no_wording(content: Content) -> None:
    text = "language: Utopian\nitems: [{id: Q2, topic: other, question: U?, options: [a, b, c, d]}]\n"
    items = load_items(content)
    (friends,) = read_translation("u.yaml", text, items).items
    assert (friends.question, friends.options) == ("U?", ("a", "b", "c", "d"))
    assert (friends.label, friends.topic) == ("Importance of friends", "importance in life")


def test_the_layout_numbers_the_options_as_they_are_shown() -> None:
    item = Item(id="Q1", question="Well?", options=("a", "b", "c"))
    assert s2n_prompt(item).endswith("\n### Question: Well? 1. a 2. b 3. c\n### Answer:")
    assert s2n_prompt(item, (2, 0, 1)).endswith("\n### Question: Well? 1. c 2. a 3. b\n### Answer:")


def test_shares_of_countries_are_the_mean_over_those_that_were_asked() -> None:
    known = {"a": {"Q1": (1.0, 0.0)}, "b": {"Q1": (0.5, 0.5), "Q2": (0.25, 0.75)}}
    assert shares_of(("a", "b"), known) == {"Q1": (0.75, 0.25), "Q2": (0.25, 0.75)}
    with pytest.raises(
        NotFoundError, match=r"^no survey shares of c in eval/wvs/shares\.csv; there are a, b \(`clca content copy"
    ):
        shares_of(("a", "c"), known)
