"""Scoring: from tallies of predictions and the surveys of their cultures to scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from clca.errors import ClcaError
from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.bootstrap import LEVEL, RESAMPLES, Estimate, bootstrap, interval
from clca.evaluation.wvs.baselines import Survey, majority, uniform
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey
from clca.evaluation.wvs.metric_names import METRICS, UPPER_BOUNDS, Metric
from clca.evaluation.wvs.metrics import SMOOTHING
from clca.evaluation.wvs.option_order import option_order_effect
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.scores import BaselineScores, ItemScore, MethodAverage, MethodScores, WvsEstimates, WvsScores
from clca.records import Method, Order

Places: TypeAlias = NDArray[np.int64]
"""Which items, by their place among the columns."""


def score(
    tallies: Mapping[CountsKey, AnswerCounts],
    surveys: Mapping[str, Survey],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> WvsScores:
    """Score all tallies against the surveys of their cultures; intervals are at 95 % over respondents.

    A culture's survey is taken as it is: intervals say how far the choice of respondents moves a score, not
    how well the survey knows the culture (the split-half reference does).
    """
    results, sampled = [], {}
    orders, methods = get_args(Order), get_args(Method)
    ordered = sorted(tallies, key=lambda key: (orders.index(key.order), key.culture, methods.index(key.method)))
    for key in ordered:
        if key.culture not in surveys:
            raise ClcaError(f"no survey of {key.culture}; there are those of {', '.join(sorted(surveys))}")
        whole, drawn = resampled_scores(
            tallies[key], surveys[key.culture], seed=seed, name=key.culture, resamples=resamples
        )
        sampled[key] = whole, drawn
        results.append(_result(key, tallies[key], surveys[key.culture], whole, drawn))
    return WvsScores(
        seed=seed,
        resamples=resamples,
        level=LEVEL,
        smoothing=SMOOTHING,
        results=tuple(results),
        averages=_averages(tallies, sampled),
        references={
            culture: _references(
                next(tallies[key] for key in ordered if key.culture == culture),
                surveys[culture],
                seed=seed,
                resamples=resamples,
            )
            for culture in dict.fromkeys(key.culture for key in ordered)
        },
        sensitivity=tuple(
            option_order_effect(key, tallies[base], tallies[key], surveys[key.culture], base.order, seed, resamples)
            for base, key in _pairs(ordered)
        ),
    )


def running_estimate(
    tally: AnswerCounts,
    survey: Survey,
    metric: Metric,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    ids: Sequence[str] | None = None,
) -> Estimate | None:
    """One metric of a tally that is still growing, of those of `ids` who were seen; None before there is anyone."""
    seen = tally.seen
    if ids is not None:
        wanted = set(ids)
        seen = tuple(id for id in seen if id in wanted)
    if not seen:
        return None
    whole, drawn = resampled_scores(tally, survey, seed=seed, name=survey.culture, resamples=resamples, ids=seen)
    row = METRICS.index(metric)
    values, replicates = nan_mean(whole[row]), nan_mean(drawn[:, row])
    return interval(float(values), replicates, upper=UPPER_BOUNDS[metric])


def resampled_scores(
    tally: AnswerCounts, survey: Survey, *, seed: int, name: str, resamples: int, ids: Sequence[str] | None = None
) -> tuple[Floats, Floats]:
    """[7, I] and [resamples, 7, I]: the scores of every item, and those of respondents drawn again."""
    rows = tally.rows(ids)
    whole = tally.columns.scores(rows.sum(axis=0)[None], survey.shares, individual=tally.individual)[0]
    if not len(rows) or not resamples:
        return whole, np.zeros((0, *whole.shape))
    sums = bootstrap(rows, seed=seed, name=name, resamples=resamples)
    return whole, tally.columns.scores(sums, survey.shares, individual=tally.individual)


def _figures(whole: Floats, drawn: Floats, places: Places | None = None) -> WvsEstimates:
    """From [7, I] and [B, 7, I]: the mean over the items at `places`, by default over all."""
    where = slice(None) if places is None else places
    values, replicates = nan_mean(whole[:, where]), nan_mean(drawn[:, :, where])
    return WvsEstimates.model_validate(
        {
            metric: interval(float(values[row]), replicates[:, row], upper=UPPER_BOUNDS[metric])
            for row, metric in enumerate(METRICS)
        }
    )


def _topics(columns: ScoreLayout) -> dict[str, Places]:
    topics: dict[str, list[int]] = {}
    for place, item in enumerate(columns.items):
        topics.setdefault(item.topic, []).append(place)
    return {topic: np.array(places) for topic, places in topics.items()}


def _result(key: CountsKey, tally: AnswerCounts, survey: Survey, whole: Floats, drawn: Floats) -> MethodScores:
    columns, sums, mass = tally.columns, tally.rows().sum(axis=0), tally.mass()
    items = []
    for place, item in enumerate(columns.items):
        block = sums[columns.predicted(place)]
        if item.id in survey.shares and block.any():
            items.append(
                ItemScore(
                    item=item.id,
                    topic=item.topic,
                    survey=tuple(survey.shares[item.id].tolist()),
                    predicted=tuple((block / block.sum()).tolist()),
                    mass=mass[place],
                    figures=_figures(whole, drawn, np.array([place])),
                )
            )
    known = [one.mass for one in items if one.mass is not None]
    return MethodScores(
        culture=key.culture,
        method=key.method,
        order=key.order,
        respondents=len(tally.seen),
        mass=sum(known) / len(known) if known else None,
        overall=_figures(whole, drawn),
        topics={topic: _figures(whole, drawn, places) for topic, places in _topics(columns).items()},
        items=tuple(items),
        left_out=tuple(item.id for item in columns.items if item.id not in survey.shares),
        unread=tuple(one.item for one in items if not any(one.predicted[:-1])),
    )


def _averages(
    tallies: Mapping[CountsKey, AnswerCounts], sampled: Mapping[CountsKey, tuple[Floats, Floats]]
) -> tuple[MethodAverage, ...]:
    """Of each method and order; cultures are drawn apart from each other, so their replicates may be averaged."""
    groups: dict[tuple[Method, Order], list[CountsKey]] = {}
    for key in sampled:
        groups.setdefault((key.method, key.order), []).append(key)
    averages = []
    for (method, order), keys in groups.items():
        if len(keys) < 2:
            continue
        columns = tallies[keys[0]].columns
        cultures = [sampled[key] for key in keys]
        averages.append(
            MethodAverage(
                method=method,
                order=order,
                cultures=tuple(key.culture for key in keys),
                overall=_mean_of(cultures, np.arange(len(columns.items))),
                topics={topic: _mean_of(cultures, places) for topic, places in _topics(columns).items()},
            )
        )
    return tuple(averages)


def _mean_of(cultures: Sequence[tuple[Floats, Floats]], places: Places) -> WvsEstimates:
    """The mean over items in each culture, then over those cultures that have them."""
    whole = np.stack([nan_mean(one[:, places]) for one, _ in cultures], axis=-1)
    drawn = np.stack([nan_mean(many[:, :, places]) for _, many in cultures], axis=-1)
    return _figures(whole, drawn)


def _references(tally: AnswerCounts, survey: Survey, *, seed: int, resamples: int) -> BaselineScores:
    def of(predicted: Mapping[str, Floats]) -> WvsEstimates:
        people = [one for one in tally.respondents if one.id in seen]
        them = AnswerCounts(tally.columns, people, weighted=tally.weighted).fill(predicted)
        return _figures(*resampled_scores(them, survey, seed=seed, name=survey.culture, resamples=resamples))

    seen = set(tally.seen)
    halves = nan_mean(survey.halves)
    split: dict[str, Estimate] = {}
    for row, metric in enumerate(METRICS):
        there = halves[:, row][~np.isnan(halves[:, row])]
        if there.size:
            low, high = np.quantile(there, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            split[metric] = Estimate(value=float(there.mean()), low=float(low), high=float(high))
    return BaselineScores(
        culture=survey.culture,
        survey=survey.source,
        respondents=survey.respondents,
        uniform=of(uniform(survey)),
        majority=of(majority(survey)),
        split_half=WvsEstimates.model_validate(split),
        simulated=survey.simulated,
    )


def _pairs(keys: Sequence[CountsKey]) -> list[tuple[CountsKey, CountsKey]]:
    """(first order, other order) of every culture and method that has several."""
    first: dict[tuple[str, Method], CountsKey] = {}
    pairs = []
    for key in keys:
        base = first.setdefault((key.culture, key.method), key)
        if base != key:
            pairs.append((base, key))
    return pairs
