"""The items of an evaluation as each culture is offered them: the version of the wordings, the points of the scales."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clca.content.wvs_items import Item, Items
from clca.content.wvs_scales import on_three_points, scaled_items
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.suite import ENGLISH, WvsSuite


@dataclass(frozen=True, slots=True)
class OfferedItems:
    """What is asked in an evaluation, and how it is scored: `layouts` are by culture.

    `version` is that of the wordings, by language. `three_points` are the items that a culture is offered on three
    points, `counted_as_three` the countries whose answers on five points are counted as three. `unread` are the
    languages of translations that no native speaker has read.
    """

    items: tuple[Item, ...]
    version: Mapping[str, int]
    three_points: Mapping[str, tuple[str, ...]]
    counted_as_three: tuple[str, ...]
    unread: tuple[str, ...]
    layouts: Mapping[str, ScoreLayout]

    def three(self, culture: str) -> tuple[str, ...]:
        """The items that a culture is offered on three points."""
        return self.three_points.get(culture, ())

    @property
    def summary(self) -> dict[str, Any]:
        """What every file of the evaluation says of its items."""
        return {
            "items_version": dict(self.version),
            "three_points": {culture: list(ids) for culture, ids in self.three_points.items()},
            "unread_translations": list(self.unread),
        }

    @property
    def versions(self) -> str:
        """The version in words; by language where there are several."""
        if len(set(self.version.values())) == 1:
            return f"version {next(iter(self.version.values()))}"
        return f"versions {', '.join(f'{version} ({language})' for language, version in self.version.items())}"

    def caveats(self) -> list[str]:
        """Which languages are translations that nobody has read who grew up with them."""
        if not self.unread:
            return []
        return [
            f"Asked in a translation that no native speaker has read yet ({', '.join(self.unread)}): its words may ask"
            f" something else. `clca content review-items {self.unread[0]}` prints a sheet for a reader."
        ]

    def notes(self) -> list[str]:
        """Which items are on three points, and whose answers on five are counted so."""
        if not self.three_points:
            return []
        three = "; ".join(f"{culture} {', '.join(ids)}" for culture, ids in self.three_points.items())
        counted = ", ".join(self.counted_as_three)
        also = f" Answers of {counted} to them, on five points, are counted as three." if counted else ""
        return [f"Offered and scored on three points, as a country was asked: {three}.{also}"]


def offer_items(
    items: Iterable[Item], all_items: Items, suites: Iterable[WvsSuite], countries: Mapping[str, Sequence[str]]
) -> OfferedItems:
    """The items as cultures, given with their countries, are offered them."""
    items = tuple(items)
    asked = {item.id for item in items}
    three = {
        culture: tuple(id for id in on_three_points(all_items, of_culture) if id in asked)
        for culture, of_culture in countries.items()
    }
    counted = [
        country
        for culture, ids in three.items()
        for country in countries[culture]
        if set(ids) - set(all_items.three_points.get(country, ()))
    ]
    return OfferedItems(
        items=items,
        version={suite.language: suite.items.version for suite in suites},
        three_points={culture: ids for culture, ids in three.items() if ids},
        counted_as_three=tuple(dict.fromkeys(counted)),
        unread=tuple(
            dict.fromkeys(suite.language for suite in suites if suite.language != ENGLISH and not suite.items.read_by)
        ),
        layouts={culture: ScoreLayout(scaled_items(items, ids)) for culture, ids in three.items()},
    )
