"""Scores of all systems on all tests: the content of `scores.json` of an offensiveness or MMLU evaluation.

The file's word for an evaluated system is "row".
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean, stdev
from typing import Literal, Self

from pydantic import model_validator

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.classification.specificity import Specificity
from clca.records import Record

Metric = Literal["f1", "accuracy", "invalid"]

BASE, ZERO_SHOT, COMBINED, AVERAGE = "base", "zero-shot", "combined", "average"
WITHOUT_CULTURE = (BASE, ZERO_SHOT, COMBINED)
"""Systems of no single culture; every other system is the adapter of the culture that it is named after."""


class ClassificationEstimates(Record):
    """Macro-F1, accuracy and the share of invalid answers, each in [0, 1] with its interval.

    None where there is nothing to score: no text, or no gold label of the list; F1 also where all texts have the
    same gold label.
    """

    f1: Estimate | None = None
    accuracy: Estimate | None = None
    invalid: Estimate | None = None


class TestCounts(Record):
    """Counts of one test. `unlabelled` texts have a gold label outside the list; no text has an `absent` label.

    `invalid` counts the invalid answers of every system.
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
        """The labels that occur in the test."""
        return tuple(label for label in self.labels if label not in self.absent)


class SystemScores(Record):
    """Scores of one system. Each level is the plain mean of the one before: tests, cultures, `average`.

    `over_tests` is the plain mean over all tests, whatever their culture. `pooled` counts all texts as one test;
    it has an F1 only where all tests have the same labels. `change` is `average` minus that of the system `base`,
    over the same texts; None without that system, and for it. In MMLU, where a culture is a group of subjects, the
    scores of groups are over all their questions, and `change` is that of `pooled`.
    """

    row: str
    tests: dict[str, ClassificationEstimates]
    cultures: dict[str, ClassificationEstimates]
    average: ClassificationEstimates
    over_tests: ClassificationEstimates
    pooled: ClassificationEstimates
    change: ClassificationEstimates | None = None


class Spread(Record):
    """Mean of a score over adapters, and its sample standard deviation (n - 1); None for a single adapter."""

    mean: float
    sd: float | None
    adapters: int


def spread(adapters: Iterable[ClassificationEstimates | None], metric: Metric) -> Spread | None:
    """The spread of one metric over adapters; None where no adapter has it."""
    estimates = [getattr(scores, metric) for scores in adapters if scores is not None]
    values = [estimate.value for estimate in estimates if estimate is not None]
    if not values:
        return None
    return Spread(mean=mean(values), sd=stdev(values) if len(values) > 1 else None, adapters=len(values))


class MatrixScores(Record):
    """All scores, and how they were computed.

    Macro-F1 is over the whole list of labels, with an F1 of 0 for a label that no text has and no answer names.
    `single_class`: whether a test has an F1 if all its texts have the same gold label (as the paper scores).
    `specificity` is over the cultures that have both an adapter and a score; None where there is none.
    """

    seed: int
    resamples: int
    level: float
    single_class: bool
    rows: tuple[str, ...]
    cultures: tuple[str, ...]
    tests: tuple[TestCounts, ...]
    results: tuple[SystemScores, ...]
    specificity: Specificity | None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse a file that was changed: each row has a result, and counts and scores of each test and culture."""
        tests = {test.test for test in self.tests}
        if [result.row for result in self.results] != list(self.rows):
            raise ValueError("results: are not those of the rows")
        if any(set(test.invalid) != set(self.rows) for test in self.tests):
            raise ValueError("tests: invalid answers are not those of the rows")
        if any(set(result.tests) != tests or set(result.cultures) != set(self.cultures) for result in self.results):
            raise ValueError("results: are not those of the tests and cultures")
        return self

    def result(self, system: str) -> SystemScores | None:
        """The scores of a system; None if it was not scored."""
        return next((scores for scores in self.results if scores.row == system), None)

    @property
    def adapters(self) -> tuple[str, ...]:
        """The systems that are adapters of one culture each."""
        return tuple(system for system in self.rows if system not in WITHOUT_CULTURE)

    def own(self, culture: str) -> ClassificationEstimates | None:
        """Scores of a culture's adapter on its own culture's tests: the diagonal of the matrix."""
        scores = self.result(culture) if culture in self.adapters else None
        return scores.cultures.get(culture) if scores is not None else None

    def notes(self) -> tuple[str, ...]:
        """What has to be known about the tests to read the scores, a sentence each."""
        texts = sum(test.texts for test in self.tests)
        notes = [
            f"{texts:,} texts in {len(self.tests)} tests; intervals: {self.level:.0%} basic bootstrap over the texts of"
            f" each test, {self.resamples:,} resamples, seed {self.seed}, the same texts for all rows."
        ]
        outside = [f"{test.test} {test.unlabelled:,} of {test.texts:,}" for test in self.tests if test.unlabelled]
        if outside:
            notes.append(f"Gold label outside the list, so that no answer is right: {', '.join(outside)}.")
        absent = [
            f"{test.test} ({', '.join(test.absent)})" for test in self.tests if test.absent and len(test.present) > 1
        ]
        if absent:
            notes.append(f"Labels that no text has, counted in macro-F1 all the same: {', '.join(absent)}.")
        single = [f"{test.test} ({test.present[0]})" for test in self.tests if len(test.present) == 1]
        if single:
            how = (
                "scored as the paper does, though their F1 says little"
                if self.single_class
                else "their F1 would say nothing, so that they are left out of means of F1 and of C-SPEC"
            )
            notes.append(f"A single class, since all texts have the same label; {how}: {', '.join(single)}.")
        unscored = [test.test for test in self.tests if not test.present]
        if unscored:
            notes.append(f"Without a text to score, and left out of means: {', '.join(unscored)}.")
        return tuple(notes)
