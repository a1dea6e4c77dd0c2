"""Two systems on the same respondents: paired differences of their metrics, with intervals and p-values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clca.content.wvs_items import Item
from clca.errors import ClcaError
from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.bootstrap import RESAMPLES, Estimate, bootstrap, interval, permutation, two_sided
from clca.evaluation.wvs.baselines import Survey
from clca.evaluation.wvs.counts import AnswerCounts
from clca.evaluation.wvs.metric_names import HIGHER_IS_BETTER, INDIVIDUAL_METRICS, METRICS, UPPER_BOUNDS, Metric
from clca.records import Record


class MetricDifference(Record):
    """One metric of two systems. `difference` is `first` - `second`, with a paired bootstrap interval.

    `p`: two-sided, from a permutation test that exchanges the systems' answers respondent by respondent.
    `better` is `first` or `second`, "" where they are equal. A system that answered once for all respondents has no
    answers by respondent to exchange: `p` is then None except for accuracies; where both did so, the interval is
    None, too.
    """

    first: float
    second: float
    difference: Estimate
    p: float | None
    better: str


class Comparison(Record):
    """Two systems on the respondents they have in common, each metric on the items that both answered.

    A metric that either of them lacks is left out. `culture` is `average` for the mean over cultures.
    `one_for_all`: how many of the two answered once for all respondents (the maximum over cultures).
    """

    culture: str
    respondents: int
    items: int
    one_for_all: int
    metrics: dict[Metric, MetricDifference]

    def notes(self) -> tuple[str, ...]:
        """What has to be known to read the numbers."""
        if not self.one_for_all:
            return ()
        both = self.one_for_all == 2
        return (
            f"{self.culture}: {'both' if both else 'one of the two'} answered once for all respondents, so that only"
            f" accuracies have a p-value{' and an interval' if both else ''}.",
        )


def compare(
    pairs: Mapping[str, tuple[AnswerCounts, AnswerCounts]],
    surveys: Mapping[str, Survey],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[Comparison, ...]:
    """A comparison of (first, second) for each culture, and for the mean over cultures where there are several.

    Raises `ClcaError` where the two have other items or no respondent in common.
    """
    samples = [
        _resample(culture, first, second, surveys[culture], seed=seed, resamples=resamples)
        for culture, (first, second) in pairs.items()
    ]
    if len(samples) > 1:
        # Cultures are resampled independently of each other, so that their replicates may be averaged one by one.
        samples.append(
            _Resampled(
                "average",
                sum(sample.respondents for sample in samples),
                max(sample.items for sample in samples),
                max(sample.one_for_all for sample in samples),
                np.mean([sample.values for sample in samples], axis=0),
                np.mean([sample.differences for sample in samples], axis=0),
                np.mean([sample.replicates for sample in samples], axis=0),
            )
        )
    return tuple(map(_comparison, samples))


@dataclass(frozen=True, slots=True)
class _Resampled:
    """Values [2, 7] of the two systems, and their differences under permutation [1 + P, 7] and bootstrap [B, 7]."""

    culture: str
    respondents: int
    items: int
    one_for_all: int
    values: Floats
    differences: Floats
    replicates: Floats


def _resample(
    culture: str, first: AnswerCounts, second: AnswerCounts, survey: Survey, *, seed: int, resamples: int
) -> _Resampled:
    seen = set(second.seen)
    ids = [id for id in first.seen if id in seen]
    if [*map(_shape, first.layout.items)] != [*map(_shape, second.layout.items)]:
        raise ClcaError(
            f"{culture}: the two evaluations asked different items, or offered other options with them (three points or"
            " five); compare runs with the same --items and version of the items"
        )
    if not ids:
        raise ClcaError(
            f"{culture}: no respondent is in both; compare runs with the same --data, --respondents and --seed"
        )
    layout, individual = first.layout, first.individual and second.individual
    first_rows, second_rows = first.rows(ids), second.rows(ids)
    shares = {}
    for index, item in enumerate(layout.items):
        columns = layout.predicted(index)
        if item.id in survey.shares and first_rows[:, columns].any() and second_rows[:, columns].any():
            shares[item.id] = survey.shares[item.id]

    def overall(sums: Floats) -> Floats:
        return nan_mean(layout.scores(sums, shares, individual=individual))

    differences = permutation(first_rows, second_rows, overall, seed=seed, name=survey.culture, resamples=resamples)
    pairs = np.concatenate([first_rows, second_rows], axis=1)
    sums = bootstrap(pairs, seed=seed, name=survey.culture, resamples=resamples)
    replicates = overall(sums[:, : layout.width]) - overall(sums[:, layout.width :])
    values = np.concatenate([overall(rows.sum(axis=0)[None]) for rows in (first_rows, second_rows)])
    one_for_all = first.one_for_all + second.one_for_all
    return _Resampled(culture, len(ids), len(shares), one_for_all, values, differences, replicates)


def _comparison(sample: _Resampled) -> Comparison:
    metrics: dict[Metric, MetricDifference] = {}
    for row, metric in enumerate(METRICS):
        first, second = sample.values[:, row].tolist()
        # The rows of one answer for all are copies of it: exchanging or drawing them would feign observations.
        copies = 0 if metric in INDIVIDUAL_METRICS else sample.one_for_all
        replicates = sample.replicates[:0, row] if copies == 2 else sample.replicates[:, row]
        estimate = interval(first - second, replicates, lower=-UPPER_BOUNDS[metric], upper=UPPER_BOUNDS[metric])
        if estimate is not None:
            metrics[metric] = MetricDifference(
                first=first,
                second=second,
                difference=estimate,
                p=None if copies else two_sided(sample.differences[:, row]),
                better=_better(metric, first, second),
            )
    return Comparison(
        culture=sample.culture,
        respondents=sample.respondents,
        items=sample.items,
        one_for_all=sample.one_for_all,
        metrics=metrics,
    )


def _shape(item: Item) -> tuple[str, int]:
    """What an item has in common in two languages: its id and the number of its options."""
    return item.id, len(item.options)


def _better(metric: Metric, first: float, second: float) -> str:
    if first == second:
        return ""
    return "first" if (first > second) == (metric in HIGHER_IS_BETTER) else "second"
