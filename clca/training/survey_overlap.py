"""The survey items that a training and `clca eval-wvs` have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clca.content.lookup import Content
from clca.content.wvs_items import load_items


@dataclass(frozen=True, slots=True)
class SurveyOverlap:
    """`trained` is the number of survey items that are trained on, `common` are those that the evaluation asks.

    `rows` is how many rows train on the latter, `asked` how many items the evaluation has.
    """

    trained: int
    common: tuple[str, ...]
    rows: int
    asked: int

    @property
    def line(self) -> str:
        """What the user is told."""
        trained = f"Trained on {self.trained} survey item{'' if self.trained == 1 else 's'}"
        if not self.common:
            return f"{trained}, none of which eval-wvs asks."
        what = "leaves them out" if len(self.common) < self.asked else "asks them all the same, and says so"
        return (
            f"{trained}; eval-wvs has {len(self.common)} of them among its {self.asked}"
            f" ({', '.join(self.common)}; {self.rows:,} rows) and {what}."
        )


def survey_overlap(content: Content, items: Mapping[str, int]) -> SurveyOverlap | None:
    """What training on that many rows of each item has in common with the evaluation; None without survey rows."""
    if not items:
        return None
    asked = [item.id for item in load_items(content).items]
    common = tuple(item for item in asked if items.get(item))
    return SurveyOverlap(len(items), common, sum(items[item] for item in common), len(asked))
