"""What people answered: the survey's distributions of a culture, and how near people come to themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from clca.content.wvs_items import Shares, shares_of
from clca.errors import ClcaError
from clca.evaluation.arrays import Floats
from clca.evaluation.wvs.metric_names import METRICS
from clca.evaluation.wvs.metrics import normalised
from clca.evaluation.wvs.score_layout import Distributions, ScoreLayout
from clca.records import Respondent
from clca.seeding import derive

HALVES = 200
"""Random halves of which the split-half reference is the mean."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A culture's distributions and its split-half reference.

    `shares`: item -> [K], adding up to 1; items that none of its countries was asked are left out.
    `halves`: [R, 7, I], the scores of one random half of the people as a prediction of the other half; R = 0
    where there are too few. They are `simulated` where only shares are known: drawn, by country, as two
    samples of half the survey's size from its shares, as if each item had been answered by all.
    """

    culture: str
    source: Literal["respondents", "shares"]
    respondents: int
    shares: Distributions
    halves: Floats

    @property
    def simulated(self) -> bool:
        return self.source == "shares"


def survey_from_shares(
    culture: str, countries: Mapping[str, int], shares: Mapping[str, Shares], columns: ScoreLayout, *, seed: int
) -> Survey:
    """From the shares of its `countries` (country -> people asked): their plain mean, over those that were asked."""
    whole = shares_of(tuple(countries), dict(shares))
    generator = np.random.default_rng(derive(seed, "split-half", culture))
    means, first, second = {}, {}, {}
    for item in columns.items:
        if item.id not in whole:
            continue
        means[item.id] = normalised(whole[item.id])
        halves = [
            generator.multinomial(people // 2, normalised(shares[country][item.id]), size=(2, HALVES))
            for country, people in countries.items()
            if item.id in shares[country] and people > 1
        ]
        if halves:
            first[item.id], second[item.id] = np.mean([normalised(half) for half in halves], axis=0)
    return Survey(culture, "shares", sum(countries.values()), means, _compare(columns, first, second))


def survey_from_respondents(
    culture: str, respondents: Iterable[Respondent], columns: ScoreLayout, *, seed: int, weighted: bool = False
) -> Survey:
    """From the valid answers of all its respondents: by country, then the plain mean over those that were asked.

    `weighted` counts each respondent by the survey's weight; halves are then of equally many people.
    """
    by_country: dict[str, list[Respondent]] = defaultdict(list)
    for one in sorted(respondents, key=lambda one: (one.country, one.id)):
        by_country[one.country].append(one)
    answers = {country: _one_hot(columns, people, weighted) for country, people in by_country.items()}
    if not any(one.any() for one in answers.values()):
        raise ClcaError(f"{culture}: none of its respondents answered any of the items; import answers, or use shares")
    generator = np.random.default_rng(derive(seed, "split-half", culture))
    first, second = [], []
    for country in sorted(answers):
        in_first = _halves(generator, len(answers[country]))
        first.append(in_first @ answers[country])
        second.append((1 - in_first) @ answers[country])
    whole = _mean_shares(columns, [one.sum(axis=0)[None] for one in answers.values()])
    halves = _compare(columns, _mean_shares(columns, first), _mean_shares(columns, second))
    count = sum(len(people) for people in by_country.values())
    return Survey(culture, "respondents", count, {id: shares[0] for id, shares in whole.items()}, halves)


def uniform(survey: Survey) -> Distributions:
    """Every option alike."""
    return {id: np.full(len(shares), 1 / len(shares)) for id, shares in survey.shares.items()}


def majority(survey: Survey) -> Distributions:
    """All on the option that most people chose, the first of several."""
    return {id: np.eye(len(shares))[int(np.argmax(shares))] for id, shares in survey.shares.items()}


def _one_hot(columns: ScoreLayout, people: Sequence[Respondent], weighted: bool) -> Floats:
    """[n, C]: each answer, as much as the respondent weighs, in the column of its option."""
    rows = np.zeros((len(people), columns.width))
    for row, one in zip(rows, people, strict=True):
        for item, option in one.answers.items():
            place = columns.index.get(item)
            if place is None:
                continue
            if not 0 <= option < columns.options[place]:
                raise ClcaError(
                    f"respondent {one.id}: {item} has the options 0 to {columns.options[place] - 1}, not {option}"
                )
            row[columns.starts[place] + option] = one.weight if weighted else 1.0
    return rows


def _halves(generator: np.random.Generator, people: int) -> Floats:
    """[R, n] of 0 and 1: who is in the first half; of an odd number the second half has one more."""
    ranks = np.argsort(generator.random((HALVES, people)), axis=1).argsort(axis=1)
    return (ranks < people // 2).astype(np.float64)


def _mean_shares(columns: ScoreLayout, sums: Sequence[Floats]) -> dict[str, Floats]:
    """[R, C] of each country -> item -> [R, K], over the countries with answers; items with none are left out."""
    shares = {}
    for place, item in enumerate(columns.items):
        options = columns.predicted(place)
        asked = [one[:, options][:, :-1] for one in sums if one[:, options].any()]
        if asked:
            shares[item.id] = np.mean([normalised(one) for one in asked], axis=0)
    return shares


def _compare(columns: ScoreLayout, survey: Distributions, predicted: Distributions) -> Floats:
    """[R, 7, I]: the scores of one half as a prediction of the other."""
    both = [item.id for item in columns.items if item.id in survey and item.id in predicted]
    if not both:
        return np.zeros((0, len(METRICS), len(columns.items)))
    sums = np.zeros((HALVES, columns.width))
    for id in both:
        start = int(columns.starts[columns.index[id]])
        sums[:, start : start + predicted[id].shape[-1]] = np.nan_to_num(predicted[id])
    return columns.scores(sums, {id: survey[id] for id in both}, individual=False)
