from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import ITEMS, load_items, load_shares
from clca.content.wvs_scales import on_three_points, scaled_items, scaled_respondent, scaled_shares
from clca.errors import ContentError
from clca.records import Respondent
from tests.conftest import Overlay


def test_the_items_on_three_points_are_those_whose_ends_nobody_chose(content: Content) -> None:
    items = load_items(content)
    for country, shares in load_shares(content, items).items():
        empty = [id for id, row in shares.items() if len(row) == 5 and row[0] == row[4] == 0]
        assert list(items.three_points.get(country, ())) == empty, country


def test_an_item_on_three_points_offers_the_three_in_the_middle(content: Content) -> None:
    items = load_items(content)
    three = on_three_points(items, ("usa",))
    assert three == ("Q33", "Q34", "Q35")
    offered = {item.id: item.options for item in scaled_items(items.items, three)}
    assert offered["Q33"] == ("Agree", "Neither agree nor disagree", "Disagree")
    assert offered["Q36"] == (
        "Strongly agree",
        "Agree",
        "Neither agree nor disagree",
        "Disagree",
        "Strongly disagree",
    )


def test_where_one_country_was_asked_on_three_points_all_are_counted_so(content: Content) -> None:
    items = load_items(content)
    three = on_three_points(items, ("mexico", "argentina"))
    assert three == tuple(f"Q{number}" for number in range(33, 42))
    assert on_three_points(items, ("mexico",)) == ()
    assert scaled_shares({"Q33": (0.1, 0.2, 0.3, 0.25, 0.15), "Q1": (0.4, 0.3, 0.2, 0.1)}, three) == {
        "Q33": (pytest.approx(0.3), 0.3, pytest.approx(0.4)),
        "Q1": (0.4, 0.3, 0.2, 0.1),
    }
    answers = {"Q1": 3, "Q33": 0, "Q34": 1, "Q35": 2, "Q36": 3, "Q37": 4}
    person = Respondent(id="m", country="mexico", demographics={}, answers=answers)
    counted = {"Q1": 3, "Q33": 0, "Q34": 0, "Q35": 1, "Q36": 2, "Q37": 2}
    assert scaled_respondent(person, three).answers == counted
    assert scaled_respondent(person, ()) is person


def test_only_items_of_five_options_are_on_three_points(overlay: Overlay, content: Content) -> None:
    text = content.text(ITEMS).replace("usa: [Q33,", "usa: [Q32,")
    with pytest.raises(ContentError, match="three_points: usa: Q32 is no item of five options"):
        load_items(overlay({ITEMS: text}))
