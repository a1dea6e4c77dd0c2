"""Baselines: a culture's survey distributions, trivial predictors, and one half of the people against the other."""

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
"""Number of random halves over which the split-half reference is the mean."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A culture's distributions and its split-half reference.

    `shares` [K] by item add up to 1; items that none of its countries was asked are left out.
    `halves` [R, 7, I] are the scores of one random half of the people as a prediction of the other half; R = 0
    where there are too few people. They are `simulated` where only shares are known: drawn by country as two
    samples of half the survey's size from its shares, as if everybody had answered each item.
    """

    culture: str
    source: Literal["respondents", "shares"]
    respondents: int
    shares: Distributions
    halves: Floats

    @property
    def simulated(self) -> bool:
        """Whether answers are drawn from shares rather than given by respondents."""
        return self.source == "shares"


def survey_from_shares(
    culture: str, countries: Mapping[str, int], shares: Mapping[str, Shares], layout: ScoreLayout, *, seed: int
) -> Survey:
    """The survey of a culture from its countries' shares: their plain mean, over the countries that were asked.

    `countries` has the number of people asked by country, `shares` the shares of each item by country.
    """
    known = shares_of(tuple(countries), dict(shares))
    generator = np.random.default_rng(derive(seed, "split-half", culture))
    means, first, second = {}, {}, {}
    for item in layout.items:
        if item.id not in known:
            continue
        means[item.id] = normalised(known[item.id])
        halves = [
            generator.multinomial(people // 2, normalised(shares[country][item.id]), size=(2, HALVES))
            for country, people in countries.items()
            if item.id in shares[country] and people > 1
        ]
        if halves:
            first[item.id], second[item.id] = np.mean([normalised(half) for half in halves], axis=0)
    return Survey(culture, "shares", sum(countries.values()), means, _split_half_scores(layout, first, second))


def survey_from_respondents(
    culture: str, respondents: Iterable[Respondent], layout: ScoreLayout, *, seed: int, weighted: bool = False
) -> Survey:
    """The survey of a culture from the valid answers of all its respondents: the plain mean over its countries.

    With `weighted` each respondent counts by the survey's weight; halves are of equally many people all the same.
    Raises `ClcaError` where nobody answered any item, and for options that an item does not have.
    """
    by_country: dict[str, list[Respondent]] = defaultdict(list)
    for respondent in sorted(respondents, key=lambda respondent: (respondent.country, respondent.id)):
        by_country[respondent.country].append(respondent)
    answers = {country: _one_hot(layout, people, weighted) for country, people in by_country.items()}
    if not any(rows.any() for rows in answers.values()):
        raise ClcaError(f"{culture}: none of its respondents answered any of the items; import answers, or use shares")
    generator = np.random.default_rng(derive(seed, "split-half", culture))
    first, second = [], []
    for country in sorted(answers):
        in_first = _halves(generator, len(answers[country]))
        first.append(in_first @ answers[country])
        second.append((1 - in_first) @ answers[country])
    means = _mean_shares(layout, [rows.sum(axis=0)[None] for rows in answers.values()])
    halves = _split_half_scores(layout, _mean_shares(layout, first), _mean_shares(layout, second))
    count = sum(len(people) for people in by_country.values())
    return Survey(culture, "respondents", count, {id: shares[0] for id, shares in means.items()}, halves)


def uniform(survey: Survey) -> Distributions:
    """The same share for every option."""
    return {id: np.full(len(shares), 1 / len(shares)) for id, shares in survey.shares.items()}


def majority(survey: Survey) -> Distributions:
    """A share of 1 for the option that most people chose, the first of several."""
    return {id: np.eye(len(shares))[int(np.argmax(shares))] for id, shares in survey.shares.items()}


def _one_hot(layout: ScoreLayout, people: Sequence[Respondent], weighted: bool) -> Floats:
    """The answers of n people, [n, C]: 1 or the respondent's weight in the column of each option chosen."""
    rows = np.zeros((len(people), layout.width))
    for row, respondent in zip(rows, people, strict=True):
        for item, option in respondent.answers.items():
            index = layout.index.get(item)
            if index is None:
                continue
            options = int(layout.options[index])
            if not 0 <= option < options:
                raise ClcaError(f"respondent {respondent.id}: {item} has the options 0 to {options - 1}, not {option}")
            row[layout.starts[index] + option] = respondent.weight if weighted else 1.0
    return rows


def _halves(generator: np.random.Generator, people: int) -> Floats:
    """Who is in the first half, [R, n] of 0 and 1; the second half has one more of an odd number."""
    ranks = np.argsort(generator.random((HALVES, people)), axis=1).argsort(axis=1)
    return (ranks < people // 2).astype(np.float64)


def _mean_shares(layout: ScoreLayout, sums: Sequence[Floats]) -> dict[str, Floats]:
    """Mean shares [R, K] by item over countries' sums [R, C]; items that no country answered are left out."""
    shares = {}
    for index, item in enumerate(layout.items):
        columns = layout.predicted(index)
        answered = [country[:, columns][:, :-1] for country in sums if country[:, columns].any()]
        if answered:
            shares[item.id] = np.mean([normalised(options) for options in answered], axis=0)
    return shares


def _split_half_scores(layout: ScoreLayout, survey: Distributions, predicted: Distributions) -> Floats:
    """The scores of one half as a prediction of the other, [R, 7, I]."""
    both = [item.id for item in layout.items if item.id in survey and item.id in predicted]
    if not both:
        return np.zeros((0, len(METRICS), len(layout.items)))
    sums = np.zeros((HALVES, layout.width))
    for id in both:
        start = int(layout.starts[layout.index[id]])
        sums[:, start : start + predicted[id].shape[-1]] = np.nan_to_num(predicted[id])
    return layout.scores(sums, {id: survey[id] for id in both}, individual=False)
