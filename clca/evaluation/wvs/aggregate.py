"""Scoring: from counts of predictions and the surveys of their cultures to scores of items, topics and cultures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np

from clca.errors import ClcaError
from clca.evaluation.arrays import Floats, Indices, nan_mean
from clca.evaluation.bootstrap import LEVEL, RESAMPLES, Estimate, bootstrap, interval
from clca.evaluation.wvs.baselines import Survey, majority, uniform
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey
from clca.evaluation.wvs.metric_names import METRICS, UPPER_BOUNDS, Metric
from clca.evaluation.wvs.metrics import SMOOTHING
from clca.evaluation.wvs.option_order import option_order_effect
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.scores import BaselineScores, ItemScore, MethodAverage, MethodScores, WvsEstimates, WvsScores
from clca.records import Method, Order


def score(
    counts: Mapping[CountsKey, AnswerCounts],
    surveys: Mapping[str, Survey],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> WvsScores:
    """Scores of all predictions against the surveys of their cultures, with 95 % intervals over respondents.

    A culture's survey is taken as it is: intervals say how far the choice of respondents moves a score, not
    how well the survey knows the culture (the split-half reference does). Raises `ClcaError` for a culture without
    a survey.
    """
    results, averages = score_methods(counts, surveys, seed=seed, resamples=resamples)
    ordered = _ordered(counts)
    return WvsScores(
        seed=seed,
        resamples=resamples,
        level=LEVEL,
        smoothing=SMOOTHING,
        results=results,
        averages=averages,
        references={
            culture: _baselines(
                next(counts[key] for key in ordered if key.culture == culture),
                surveys[culture],
                seed=seed,
                resamples=resamples,
            )
            for culture in dict.fromkeys(key.culture for key in ordered)
        },
        sensitivity=tuple(
            option_order_effect(key, counts[base], counts[key], surveys[key.culture], base.order, seed, resamples)
            for base, key in _order_pairs(ordered)
        ),
    )


def score_methods(
    counts: Mapping[CountsKey, AnswerCounts],
    surveys: Mapping[str, Survey],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[tuple[MethodScores, ...], tuple[MethodAverage, ...]]:
    """The scores of each culture, method and order, and their means over cultures, without references.

    Raises `ClcaError` for a culture without a survey.
    """
    results, resampled = [], {}
    for key in _ordered(counts):
        if key.culture not in surveys:
            raise ClcaError(f"no survey of {key.culture}; there are those of {', '.join(sorted(surveys))}")
        survey = surveys[key.culture]
        values, replicates = resampled_scores(counts[key], survey, seed=seed, resamples=resamples)
        resampled[key] = values, replicates
        results.append(_method_scores(key, counts[key], survey, values, replicates))
    return tuple(results), _averages(counts, resampled)


def _ordered(counts: Mapping[CountsKey, AnswerCounts]) -> list[CountsKey]:
    orders, methods = get_args(Order), get_args(Method)
    return sorted(counts, key=lambda key: (orders.index(key.order), key.culture, methods.index(key.method)))


def running_estimate(
    counts: AnswerCounts,
    survey: Survey,
    metric: Metric,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    ids: Sequence[str] | None = None,
) -> Estimate | None:
    """One metric of counts that are still growing, over the respondents of `ids` seen so far; None for nobody."""
    seen = counts.seen
    if ids is not None:
        wanted = set(ids)
        seen = tuple(id for id in seen if id in wanted)
    if not seen:
        return None
    values, replicates = resampled_scores(counts, survey, seed=seed, resamples=resamples, ids=seen)
    row = METRICS.index(metric)
    return interval(float(nan_mean(values[row])), nan_mean(replicates[:, row]), upper=UPPER_BOUNDS[metric])


def resampled_scores(
    counts: AnswerCounts, survey: Survey, *, seed: int, resamples: int, ids: Sequence[str] | None = None
) -> tuple[Floats, Floats]:
    """The scores of I items, [7, I], and those of resampled respondents, [resamples, 7, I]."""
    rows = counts.rows(ids)
    values = counts.layout.scores(rows.sum(axis=0)[None], survey.shares, individual=counts.individual)[0]
    if not len(rows) or not resamples:
        return values, np.zeros((0, *values.shape))
    sums = bootstrap(rows, seed=seed, name=survey.culture, resamples=resamples)
    return values, counts.layout.scores(sums, survey.shares, individual=counts.individual)


def _estimates(values: Floats, replicates: Floats, items: Indices | None = None) -> WvsEstimates:
    """Means over items, by default over all, of values [7, I] and replicates [B, 7, I]."""
    chosen = slice(None) if items is None else items
    means, mean_replicates = nan_mean(values[:, chosen]), nan_mean(replicates[:, :, chosen])
    return WvsEstimates.model_validate(
        {
            metric: interval(float(means[row]), mean_replicates[:, row], upper=UPPER_BOUNDS[metric])
            for row, metric in enumerate(METRICS)
        }
    )


def _topics(layout: ScoreLayout) -> dict[str, Indices]:
    """Indices of the items of each topic."""
    topics: dict[str, list[int]] = {}
    for index, item in enumerate(layout.items):
        topics.setdefault(item.topic, []).append(index)
    return {topic: np.array(indices) for topic, indices in topics.items()}


def _method_scores(
    key: CountsKey, counts: AnswerCounts, survey: Survey, values: Floats, replicates: Floats
) -> MethodScores:
    layout, sums, mass = counts.layout, counts.rows().sum(axis=0), counts.mass()
    items = []
    for index, item in enumerate(layout.items):
        predicted = sums[layout.predicted(index)]
        if item.id in survey.shares and predicted.any():
            items.append(
                ItemScore(
                    item=item.id,
                    topic=item.topic,
                    survey=tuple(survey.shares[item.id].tolist()),
                    predicted=tuple((predicted / predicted.sum()).tolist()),
                    mass=mass[index],
                    figures=_estimates(values, replicates, np.array([index])),
                )
            )
    known_mass = [item_score.mass for item_score in items if item_score.mass is not None]
    return MethodScores(
        culture=key.culture,
        method=key.method,
        order=key.order,
        respondents=len(counts.seen),
        mass=sum(known_mass) / len(known_mass) if known_mass else None,
        overall=_estimates(values, replicates),
        topics={topic: _estimates(values, replicates, indices) for topic, indices in _topics(layout).items()},
        items=tuple(items),
        left_out=tuple(item.id for item in layout.items if item.id not in survey.shares),
        unread=tuple(item_score.item for item_score in items if not any(item_score.predicted[:-1])),
    )


def _averages(
    counts: Mapping[CountsKey, AnswerCounts], resampled: Mapping[CountsKey, tuple[Floats, Floats]]
) -> tuple[MethodAverage, ...]:
    """The mean over cultures of each method and order.

    Cultures are resampled independently of each other, so their replicates may be averaged.
    """
    groups: dict[tuple[Method, Order], list[CountsKey]] = {}
    for key in resampled:
        groups.setdefault((key.method, key.order), []).append(key)
    averages = []
    for (method, order), keys in groups.items():
        if len(keys) < 2:
            continue
        layout = counts[keys[0]].layout
        cultures = [resampled[key] for key in keys]
        averages.append(
            MethodAverage(
                method=method,
                order=order,
                cultures=tuple(key.culture for key in keys),
                overall=_mean_over_cultures(cultures, np.arange(len(layout.items))),
                topics={topic: _mean_over_cultures(cultures, items) for topic, items in _topics(layout).items()},
            )
        )
    return tuple(averages)


def _mean_over_cultures(cultures: Sequence[tuple[Floats, Floats]], items: Indices) -> WvsEstimates:
    """The mean over items in each culture, then over those cultures that have them."""
    values = np.stack([nan_mean(values[:, items]) for values, _ in cultures], axis=-1)
    replicates = np.stack([nan_mean(replicates[:, :, items]) for _, replicates in cultures], axis=-1)
    return _estimates(values, replicates)


def _baselines(counts: AnswerCounts, survey: Survey, *, seed: int, resamples: int) -> BaselineScores:
    """Scores of trivial predictors for the respondents seen in `counts`, and of one half of the people."""
    seen = set(counts.seen)

    def of(predicted: Mapping[str, Floats]) -> WvsEstimates:
        respondents = [respondent for respondent in counts.respondents if respondent.id in seen]
        constant = AnswerCounts(counts.layout, respondents, weighted=counts.weighted).fill(predicted)
        return _estimates(*resampled_scores(constant, survey, seed=seed, resamples=resamples))

    halves = nan_mean(survey.halves)
    split_half: dict[str, Estimate] = {}
    for row, metric in enumerate(METRICS):
        values = halves[:, row][~np.isnan(halves[:, row])]
        if values.size:
            low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            split_half[metric] = Estimate(value=float(values.mean()), low=float(low), high=float(high))
    return BaselineScores(
        culture=survey.culture,
        survey=survey.source,
        respondents=survey.respondents,
        uniform=of(uniform(survey)),
        majority=of(majority(survey)),
        split_half=WvsEstimates.model_validate(split_half),
        simulated=survey.simulated,
    )


def _order_pairs(keys: Sequence[CountsKey]) -> list[tuple[CountsKey, CountsKey]]:
    """(first order, other order) of every culture and method with several option orders."""
    first: dict[tuple[str, Method], CountsKey] = {}
    pairs = []
    for key in keys:
        base = first.setdefault((key.culture, key.method), key)
        if base != key:
            pairs.append((base, key))
    return pairs
