"""The scores of an evaluation: of every item, topic and culture, with intervals, beside their references.

What is one number for a topic, a culture or all of them is the plain mean over items, then over cultures.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.wvs.metric_names import Metric
from clca.evaluation.wvs.option_order import OptionOrderEffect
from clca.records import Method, Order, Record


class WvsEstimates(Record):
    """Both families of metrics: `kl_paper` and `accuracy_paper` as in the CLCA paper, the others proper.

    None where there is nothing to score: accuracies without respondents' own answers, items not asked.
    `wasserstein_1` is called `emd` in the `scores.json` of earlier versions, which are read too.
    """

    kl_paper: Estimate | None = None
    accuracy_paper: Estimate | None = None
    kl: Estimate | None = None
    jsd: Estimate | None = None
    wasserstein_1: Annotated[Estimate | None, Field(validation_alias=AliasChoices("wasserstein_1", "emd"))] = None
    accuracy: Estimate | None = None
    invalid: Estimate | None = None


class ItemScore(Record):
    """One item: what people answered, what was predicted (a last share could not be read), and how far apart."""

    item: str
    topic: str
    survey: tuple[float, ...]
    predicted: tuple[float, ...]
    mass: float | None
    figures: WvsEstimates


class MethodScores(Record):
    """A culture and method. `respondents` were predicted, `left_out` are items that its survey does not have.

    `unread` are items without any valid answer: proper metrics count them as uniform.
    `mass` is the mean share of all that the model might have said which the options took; None if unknown.
    """

    culture: str
    method: Method
    order: Order
    respondents: int
    mass: float | None
    overall: WvsEstimates
    topics: dict[str, WvsEstimates]
    items: tuple[ItemScore, ...]
    left_out: tuple[str, ...]
    unread: tuple[str, ...]


class MethodAverage(Record):
    """The plain mean of a method over cultures."""

    method: Method
    order: Order
    cultures: tuple[str, ...]
    overall: WvsEstimates
    topics: dict[str, WvsEstimates]


class BaselineScores(Record):
    """What trivial predictors and people score for a culture, over the same items.

    `split_half`: one half of the people as a prediction of the other, with the 2.5 and 97.5 percentiles over
    random halves; `simulated` where the halves were drawn from shares. `survey` says where those come from.
    """

    culture: str
    survey: str
    respondents: int
    uniform: WvsEstimates
    majority: WvsEstimates
    split_half: WvsEstimates
    simulated: bool


class WvsScores(Record):
    """All scores of an evaluation, and how they were come by."""

    seed: int
    resamples: int
    level: float
    smoothing: float
    results: tuple[MethodScores, ...]
    averages: tuple[MethodAverage, ...]
    references: dict[str, BaselineScores]
    sensitivity: tuple[OptionOrderEffect, ...]

    def by_culture(self) -> dict[str, dict[str, WvsEstimates]]:
        """Culture -> method, uniform, majority, split_half -> figures; of several option orders the first."""
        found: dict[str, dict[str, WvsEstimates]] = {}
        for one in self.results:
            found.setdefault(one.culture, {}).setdefault(one.method, one.overall)
        for culture, them in self.references.items():
            found.setdefault(culture, {}).update(
                uniform=them.uniform, majority=them.majority, split_half=them.split_half
            )
        return found

    def column(self, metric: Metric) -> dict[str, dict[str, Estimate]]:
        """Method or reference -> culture, and `average` over more than one -> the metric's estimate, where there is."""
        found: dict[str, dict[str, Estimate]] = {}
        for culture, rows in self.by_culture().items():
            for row, figures in rows.items():
                estimate = getattr(figures, metric)
                if estimate is not None:
                    found.setdefault(row, {})[culture] = estimate
        for average in self.averages:
            estimate = getattr(average.overall, metric)
            if estimate is not None and "average" not in found.get(average.method, {}):
                found.setdefault(average.method, {})["average"] = estimate
        return found

    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers has to know: where the survey's side is from, and what is left out."""
        found = []
        for source, words in (
            ("respondents", "answers of imported respondents"),
            ("shares", "published shares; its split half is simulated, as two samples of half its size"),
        ):
            of = [f"{one.culture} ({one.respondents:,})" for one in self.references.values() if one.survey == source]
            if of:
                found.append(f"Survey, {words}: {', '.join(of)}.")
        if self.references:
            halves = ", ".join(f"{one.culture} {one.respondents // 2:,}" for one in self.references.values())
            most = max(one.respondents for one in self.results)
            found.append(
                f"Split halves have about half the survey's people each ({halves}), and {most:,} respondents or fewer"
                " were predicted here: not a ceiling at equal size."
            )
        unread = [_unread(one) for one in self.results if one.unread]
        if unread:
            found.append(f"Items without any valid answer, uniform in the proper metrics: {'; '.join(unread)}.")
        left_out = {one.culture: one.left_out for one in self.results if one.left_out}
        found += [f"Not asked in {culture} and left out: {', '.join(items)}." for culture, items in left_out.items()]
        if any(one.overall.accuracy is None for one in self.results):
            found.append("Accuracies need respondents' own answers (`clca data import-wvs`): none are given without.")
        return tuple(found)


def _unread(one: MethodScores) -> str:
    order = "" if one.order == "given" else f" ({one.order})"
    if len(one.unread) == len(one.items):
        return f"{one.culture} {one.method}{order} all {len(one.items)}"
    return f"{one.culture} {one.method}{order} {len(one.unread)} of {len(one.items)} ({', '.join(one.unread)})"
