"""Answers that say little of the items are told by the scores, in words that stand beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from clca.content.lookup import Content
from clca.content.wvs_items import Item, load_items, load_shares
from clca.evaluation.wvs.aggregate import score
from clca.evaluation.wvs.answer_caveats import answer_caveats
from clca.evaluation.wvs.baselines import survey_from_shares
from clca.evaluation.wvs.counts import count_answers
from clca.evaluation.wvs.question import shown_options
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.inference.prompt_format import Mode
from clca.records import Order, Prediction, Respondent

SEED, PEOPLE = 7, 6
CONTENT = Content()
ITEMS = load_items(CONTENT)
SHARES = load_shares(CONTENT, ITEMS)["japan"]

Answering = Callable[[int, Item, Order], int | None]
"""The option that a respondent, by number, is made to answer."""


def majority(respondent: int, item: Item, order: Order) -> int | None:
    """What most people answer: nothing of it depends on the number."""
    return int(np.argmax(SHARES[item.id]))


def varied(respondent: int, item: Item, order: Order) -> int | None:
    """The two commonest answers, so that no item has one answer only."""
    return int(np.argsort(SHARES[item.id])[-1 - respondent % 2])


def second(respondent: int, item: Item, order: Order) -> int | None:
    """The second option shown, whatever it says."""
    return shown_options(item, order, SEED)[1]


def last(respondent: int, item: Item, order: Order) -> int | None:
    return shown_options(item, order, SEED)[-1]


def hardly(respondent: int, item: Item, order: Order) -> int | None:
    """Only two of six can be read."""
    return varied(respondent, item, order) if respondent < 2 else None


def caveats(
    answering: Answering,
    *,
    orders: Sequence[Order] = ("given",),
    mode: Mode = "generate",
    items: Sequence[Item] = ITEMS.items,
) -> list[str]:
    layout = ScoreLayout(items)
    layouts = {"japan": layout}
    people = [Respondent(id=f"r{n}", country="japan", demographics={}, answers={}) for n in range(PEOPLE)]
    predictions = [
        Prediction(
            culture="japan",
            method="persona",
            respondent=person.id,
            item=item.id,
            order=order,
            option=answering(number, item, order),
        )
        for number, person in enumerate(people)
        for item in items
        for order in orders
    ]
    counts = count_answers(predictions, {"japan": people}, layouts)
    survey = survey_from_shares("japan", {"japan": 1353}, {"japan": SHARES}, layout, seed=SEED)
    return answer_caveats(score(counts, {"japan": survey}, seed=SEED, resamples=5), layouts, mode, SEED)


def test_answers_that_differ_by_item_and_respondent_need_no_caution() -> None:
    assert caveats(varied, orders=("given", "reversed")) == []


@pytest.mark.parametrize("order", ["given", "reversed", "shuffled"])
def test_the_same_number_whatever_the_item_is_told(order: Order) -> None:
    name = "japan persona" if order == "given" else f"japan persona ({order})"
    (caveat,) = caveats(second, orders=[order], mode="probability")
    assert caveat.startswith(
        f"CAUTION: nearly the same option number is answered whatever the item ({name} 100% are option 2)"
    )
    (caveat,) = caveats(last, orders=[order], mode="probability")
    assert f"({name} 100% are option 1 from the end)" in caveat


def test_the_same_number_is_no_fault_where_people_answer_so_too_or_few_items_are_asked() -> None:
    usual = [item for item in ITEMS.items if int(np.argmax(SHARES[item.id])) == 1]
    high = [item for item in usual if max(SHARES[item.id]) > 0.75]
    assert len(high) >= 5
    assert caveats(majority, items=high, mode="probability") == []
    assert caveats(second, items=ITEMS.items[:4], mode="probability") == []


def test_answers_that_move_with_the_order_of_the_options_are_told() -> None:
    told = caveats(second, orders=["given", "reversed"], mode="probability")
    assert told[1].startswith("CAUTION: most answers are another once the options are in another order")
    assert "(japan persona, reversed against given, 93%)" in told[1]  # the middle of three stays where it is
    assert caveats(majority, orders=["given", "reversed"], mode="probability") == []


def test_mostly_unreadable_replies_are_told() -> None:
    (caveat,) = caveats(hardly)
    assert caveat.startswith("CAUTION: most replies could not be read (japan persona 67%)")


def test_kl_of_a_point_mass_is_told_of_greedy_replies_only() -> None:
    (caveat,) = caveats(majority)
    assert caveat.startswith("CAUTION: kl, jsd and wasserstein_1 are those of a point mass")
    assert "(items: japan persona 44 of 44)" in caveat
    assert caveats(majority, mode="probability") == []
