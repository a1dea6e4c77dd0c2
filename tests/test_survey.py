from __future__ import annotations

import pytest

from clca.errors import ContentError
from clca.survey import ITEMS, SHARES, load_items, load_shares
from clca.workspace import Content
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
    with pytest.raises(ContentError, match=r"items: Q1 stands twice"):
        load_items(overlay({ITEMS: text}))
