"""Items on the scale that a culture was asked them on: five points, or only the three in the middle.

Where one country of a culture was asked on three points and another on five, the scale of both together is the three
points: to agree strongly counts as to agree, to disagree strongly as to disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from clca.content.wvs_items import FIVE, Item, Items, Shares
from clca.records import Respondent

AS_THREE = (0, 0, 1, 2, 2)
"""For each of five options the one of three that it counts as."""


def on_three_points(items: Items, countries: Sequence[str]) -> tuple[str, ...]:
    """The ids of the items that any of the countries was asked on three points, in the items' order."""
    three = {id for country in countries for id in items.three_points.get(country, ())}
    return tuple(item.id for item in items.items if item.id in three)


def scaled_items(items: Iterable[Item], three: Collection[str]) -> tuple[Item, ...]:
    """The items as they are offered where those of `three` have three points."""
    return tuple(_with_three(item) if item.id in three else item for item in items)


def scaled_shares(shares: Shares, three: Collection[str]) -> Shares:
    """Shares of five options as shares of three, for the items of `three`; the others as they are."""
    return {id: _as_three(row) if id in three and len(row) == FIVE else row for id, row in shares.items()}


def scaled_respondent(respondent: Respondent, three: Collection[str]) -> Respondent:
    """The respondent with answers to the items of `three` as options of three; the others as they are."""
    counted = {id: AS_THREE[option] for id, option in respondent.answers.items() if id in three}
    return respondent.model_copy(update={"answers": {**respondent.answers, **counted}}) if counted else respondent


def _with_three(item: Item) -> Item:
    first, *middle, last = item.options
    return item.model_copy(update={"options": tuple(middle), "withheld": (first, last)})


def _as_three(row: Sequence[float]) -> tuple[float, ...]:
    return row[0] + row[1], row[2], row[3] + row[4]
