"""Warnings that the scores themselves give: of answers that say little of the items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from clca.content.wvs_items import Item
from clca.evaluation.answer_warnings import CAUTION, MOSTLY, MOSTLY_UNREADABLE, NEARLY_ALL, OF_PEOPLE, unreadable_caveat
from clca.evaluation.wvs.question import shown_options
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.scores import MethodScores, WvsScores
from clca.inference.prompt_format import Mode

LEAST_ITEMS = 5
"""Fewer items say nothing of how answers depend on their item."""


def answer_caveats(scores: WvsScores, layouts: Mapping[str, ScoreLayout], mode: Mode, seed: int) -> list[str]:
    """A caveat for each of four faults, with the cultures, methods and option orders that have it; `seed` is the run's.

    `layouts` have the items of each culture as they were offered.

    Number: of the readable answers (in probability mode of the probability) at least `NEARLY_ALL`, on average over
    the items, are at the same place of the options shown, counted from the top or from the bottom, and people's own
    answers are there less often by `OF_PEOPLE` or more. At least `LEAST_ITEMS` items are needed.
    Order: the share of answers that are another where the options are in another order, `OptionOrderEffect.changed`,
    is at least `MOSTLY`.
    Unreadable: more than `MOSTLY_UNREADABLE` of the answers.
    Point mass: replies were generated, greedily, and at least `NEARLY_ALL` of the items with a readable answer have
    one option only, so that `kl`, `jsd` and `wasserstein_1` compare people's distribution with a point.
    """
    offered = {culture: {item.id: item for item in layout.items} for culture, layout in layouts.items()}
    same_place = [
        f"{_name(result)} {share:.0%} are option {number}"
        for result in scores.results
        for number, share in _same_place(result, offered[result.culture], seed)
    ]
    moved = [
        f"{effect.culture} {effect.method}, {effect.orders[1]} against {effect.orders[0]}, {effect.changed.value:.0%}"
        for effect in scores.sensitivity
        if effect.changed is not None and effect.changed.value >= MOSTLY
    ]
    unreadable = [
        f"{_name(result)} {result.overall.invalid.value:.0%}"
        for result in scores.results
        if result.overall.invalid is not None and result.overall.invalid.value > MOSTLY_UNREADABLE
    ]
    points = [f"{_name(result)} {count} of {of}" for result in scores.results for count, of in _points(result, mode)]
    caveats = []
    if same_place:
        caveats.append(
            f"{CAUTION}: nearly the same option number is answered whatever the item ({'; '.join(same_place)}), which"
            " people do not do: the scores may say nothing of the culture."
        )
    if moved:
        caveats.append(
            f"{CAUTION}: most answers are another once the options are in another order ({'; '.join(moved)}): they"
            " depend on the order more than on the item."
        )
    if unreadable:
        caveats.append(unreadable_caveat(unreadable))
    if points:
        caveats.append(
            f"{CAUTION}: kl, jsd and wasserstein_1 are those of a point mass, since replies were decoded greedily and"
            f" all answers to an item are one option (items: {'; '.join(points)}); --mode probability gives"
            " distributions."
        )
    return caveats


def _same_place(result: MethodScores, items: dict[str, Item], seed: int) -> Iterator[tuple[str, float]]:
    """The place of nearly all answers, in words, with its share; from the top, else from the bottom."""
    places, people = [], []
    for item in result.items:
        predicted, survey = np.array(item.predicted[:-1]), np.array(item.survey)
        if predicted.sum() > 0:
            shown = list(shown_options(items[item.item], result.order, seed))
            places.append(predicted[shown] / predicted.sum())
            people.append(survey[shown])
    if len(places) < LEAST_ITEMS:
        return
    for step, words in ((1, ""), (-1, " from the end")):
        for index in range(max(map(len, places))):
            share, own = (
                float(np.mean([row[::step][index] if index < len(row) else 0.0 for row in rows]))
                for rows in (places, people)
            )
            if share >= NEARLY_ALL and own <= share - OF_PEOPLE:
                yield f"{index + 1}{words}", share
                return


def _points(result: MethodScores, mode: Mode) -> Iterator[tuple[int, int]]:
    """How many of the items with a readable answer have one option only, if nearly all."""
    read = [sum(share > 0 for share in item.predicted[:-1]) for item in result.items if any(item.predicted[:-1])]
    points = read.count(1)
    if mode == "generate" and read and points >= NEARLY_ALL * len(read):
        yield points, len(read)


def _name(result: MethodScores) -> str:
    order = "" if result.order == "given" else f" ({result.order})"
    return f"{result.culture} {result.method}{order}"
