"""Two systems on the same respondents: how much they differ, and whether that may be chance."""

from __future__ import annotations

from collections.abc import Mapping

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
    `better` is `first` or `second`, "" where they are equal. A system that answered once for all respondents has
    no answers of theirs to exchange: then `p` is None but for accuracies, and where both did so the interval
    is, too.
    """

    first: float
    second: float
    difference: Estimate
    p: float | None
    better: str


class Comparison(Record):
    """Two systems on the respondents that both were asked about, each metric on the items that both answered.

    A metric that either of them lacks is left out. `culture` is `average` for the mean over cultures.
    `one_for_all`: of the two, how many answered once for all respondents (of cultures, the most).
    """

    culture: str
    respondents: int
    items: int
    one_for_all: int
    metrics: dict[Metric, MetricDifference]

    def notes(self) -> tuple[str, ...]:
        """What a reader of these numbers has to know."""
        if not self.one_for_all:
            return ()
        both = self.one_for_all == 2
        return (
            f"{self.culture}: {'both' if both else 'one of the two'} answered once for all respondents, so that there"
            f" is no p-value{' and no interval' if both else ''} but of accuracies.",
        )


def compare(
    pairs: Mapping[str, tuple[AnswerCounts, AnswerCounts]],
    surveys: Mapping[str, Survey],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[Comparison, ...]:
    """Culture -> (first, second): a comparison for each, and for the mean over them where there are several."""
    comparisons: list[Comparison] = []
    swapped, drawn = [], []
    for culture, (first, second) in pairs.items():
        changes, replicates, values, respondents, items = _one(
            first, second, surveys[culture], seed=seed, resamples=resamples
        )
        alike = sum(one.one_for_all for one in (first, second))
        comparisons.append(_comparison(culture, respondents, items, alike, values, changes, replicates))
        swapped.append(changes)
        drawn.append((values, replicates))
    if len(comparisons) > 1:
        # Cultures are drawn apart, so that their replicates may be averaged one by one.
        comparisons.append(
            _comparison(
                "average",
                sum(one.respondents for one in comparisons),
                max(one.items for one in comparisons),
                max(one.one_for_all for one in comparisons),
                np.mean([values for values, _ in drawn], axis=0),
                np.mean(swapped, axis=0),
                np.mean([replicates for _, replicates in drawn], axis=0),
            )
        )
    return tuple(comparisons)


def _one(
    first: AnswerCounts, second: AnswerCounts, survey: Survey, *, seed: int, resamples: int
) -> tuple[Floats, Floats, Floats, int, int]:
    """Differences under permutation [1 + P, 7] and bootstrap [B, 7]; values [2, 7]; respondents; items."""
    there = set(second.seen)
    ids = [id for id in first.seen if id in there]
    if [*map(_shape, first.columns.items)] != [*map(_shape, second.columns.items)]:
        raise ClcaError(f"{survey.culture}: the two were asked other items; compare runs with the same --items")
    if not ids:
        raise ClcaError(
            f"{survey.culture}: no respondent is in both; compare runs with the same --data, --respondents and --seed"
        )
    columns, individual = first.columns, first.individual and second.individual
    one, two = first.rows(ids), second.rows(ids)
    asked = [
        item.id in survey.shares and bool(one[:, columns.predicted(i)].any() and two[:, columns.predicted(i)].any())
        for i, item in enumerate(columns.items)
    ]
    shares = {item.id: survey.shares[item.id] for item, is_asked in zip(columns.items, asked, strict=True) if is_asked}

    def overall(sums: Floats) -> Floats:
        return nan_mean(columns.scores(sums, shares, individual=individual))

    changes = permutation(one, two, overall, seed=seed, name=survey.culture, resamples=resamples)
    pair = bootstrap(np.concatenate([one, two], axis=1), seed=seed, name=survey.culture, resamples=resamples)
    replicates = overall(pair[:, : columns.width]) - overall(pair[:, columns.width :])
    values = np.concatenate([overall(one.sum(axis=0)[None]), overall(two.sum(axis=0)[None])])
    return changes, replicates, values, len(ids), sum(asked)


def _comparison(
    culture: str, respondents: int, items: int, alike: int, values: Floats, changes: Floats, replicates: Floats
) -> Comparison:
    metrics: dict[Metric, MetricDifference] = {}
    for row, metric in enumerate(METRICS):
        first, second = values[:, row].tolist()
        # The rows of one answer for all are copies of it: to exchange or draw them would feign observations.
        copies = 0 if metric in INDIVIDUAL_METRICS else alike
        drawn = replicates[:0, row] if copies == 2 else replicates[:, row]
        estimate = interval(first - second, drawn, lower=-UPPER_BOUNDS[metric], upper=UPPER_BOUNDS[metric])
        if estimate is not None:
            metrics[metric] = MetricDifference(
                first=first,
                second=second,
                difference=estimate,
                p=None if copies else two_sided(changes[:, row]),
                better=_better(metric, first, second),
            )
    return Comparison(culture=culture, respondents=respondents, items=items, one_for_all=alike, metrics=metrics)


def _shape(item: Item) -> tuple[str, int]:
    """What has to be alike in two languages."""
    return item.id, len(item.options)


def _better(metric: Metric, first: float, second: float) -> str:
    if first == second:
        return ""
    return "first" if (first > second) == (metric in HIGHER_IS_BETTER) else "second"
