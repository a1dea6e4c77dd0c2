"""The scores of all rows on all tests: what `scores.json` of an offensiveness or MMLU evaluation holds.

Of every number there are up to three: `f1` (macro-F1), `accuracy` and `invalid` (the rate of invalid answers).
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean, stdev
from typing import Literal

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.classification.specificity import Specificity
from clca.records import Record

Metric = Literal["f1", "accuracy", "invalid"]

BASE, ZERO_SHOT, COMBINED, AVERAGE = "base", "zero-shot", "combined", "average"
NO_CULTURE = (BASE, ZERO_SHOT, COMBINED)
"""Rows that answer for no one culture; every other row is the adapter of the culture that it is named after."""


class Figures(Record):
    """None where there is nothing to score: no text, or no gold label of the list; F1, too, with one label alone."""

    f1: Estimate | None = None
    accuracy: Estimate | None = None
    invalid: Estimate | None = None


class Counted(Record):
    """One test. `unlabelled` texts have a gold label outside the list; `absent` labels no text has.

    `invalid` counts the invalid answers of every row.
    """

    culture: str
    test: str
    labels: tuple[str, ...]
    texts: int
    unlabelled: int
    absent: tuple[str, ...]
    invalid: dict[str, int]

    @property
    def present(self) -> tuple[str, ...]:
        return tuple(label for label in self.labels if label not in self.absent)


class RowScores(Record):
    """One row. Each level is the plain mean of the one before: tests, cultures (their tests), `average` (cultures).

    `over_tests` is the plain mean over all tests, whatever their culture. `pooled` is of all texts as one test;
    its F1 only where all tests have the same labels. `change` is `average` minus that of the row `base`, over the
    same texts; None without that row, and for that row. Of MMLU, where a culture is a group of subjects, groups are
    over all their questions, and `change` is that of `pooled`.
    """

    row: str
    tests: dict[str, Figures]
    cultures: dict[str, Figures]
    average: Figures
    over_tests: Figures
    pooled: Figures
    change: Figures | None = None


class Spread(Record):
    """A number over adapters: their mean, and the standard deviation of this sample (n - 1), None of one alone."""

    mean: float
    sd: float | None
    adapters: int


def spread(figures: Iterable[Figures | None], metric: Metric) -> Spread | None:
    """None where there is none to take it of."""
    estimates = [getattr(one, metric) for one in figures if one is not None]
    values = [one.value for one in estimates if one is not None]
    if not values:
        return None
    return Spread(mean=mean(values), sd=stdev(values) if len(values) > 1 else None, adapters=len(values))


class MatrixScores(Record):
    """All scores, and how they were come by.

    Macro-F1 is over the whole list of labels, with an F1 of 0 for one that no text has and no answer names.
    `single_class`: whether a test has an F1 if all its texts have the same gold label (so scores the paper).
    `specificity` is over the cultures that have both an adapter and a score; None where there is none.
    """

    seed: int
    resamples: int
    level: float
    single_class: bool
    rows: tuple[str, ...]
    cultures: tuple[str, ...]
    tests: tuple[Counted, ...]
    results: tuple[RowScores, ...]
    specificity: Specificity | None

    def result(self, row: str) -> RowScores | None:
        return next((one for one in self.results if one.row == row), None)

    @property
    def adapters(self) -> tuple[str, ...]:
        """The rows that are adapters of one culture each."""
        return tuple(row for row in self.rows if row not in NO_CULTURE)

    def own(self, culture: str) -> Figures | None:
        """What the adapter of a culture scores on its own culture's tests: the diagonal."""
        row = self.result(culture) if culture in self.adapters else None
        return row.cultures.get(culture) if row is not None else None

    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers has to know of the tests."""
        found = []
        texts = sum(one.texts for one in self.tests)
        found.append(
            f"{texts:,} texts in {len(self.tests)} tests; intervals: {self.level:.0%} basic bootstrap over the texts of"
            f" each test, {self.resamples:,} resamples, seed {self.seed}, the same texts for all rows."
        )
        outside = [f"{one.test} {one.unlabelled:,} of {one.texts:,}" for one in self.tests if one.unlabelled]
        if outside:
            found.append(f"Gold label outside the list, so that no answer is right: {', '.join(outside)}.")
        absent = [f"{one.test} ({', '.join(one.absent)})" for one in self.tests if one.absent and len(one.present) > 1]
        if absent:
            found.append(f"Labels that no text has, counted in macro-F1 all the same: {', '.join(absent)}.")
        single = [f"{one.test} ({one.present[0]})" for one in self.tests if len(one.present) == 1]
        if single:
            how = (
                "scored as the paper does, though their F1 says little"
                if self.single_class
                else "their F1 would say nothing, so that they are left out of means of F1 and of C-SPEC"
            )
            found.append(f"A single class, since all texts have the same label; {how}: {', '.join(single)}.")
        unscored = [one.test for one in self.tests if not one.present]
        if unscored:
            found.append(f"Without a text to score, and left out of means: {', '.join(unscored)}.")
        return tuple(found)
