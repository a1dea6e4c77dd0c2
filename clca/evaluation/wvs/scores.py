"""Scores of an evaluation on the survey by item, topic and culture, with intervals and baselines.

The score of a topic, a culture or all cultures is the plain mean over items, then over cultures.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.wvs.metric_names import Metric
from clca.evaluation.wvs.option_order import OptionOrderEffect
from clca.records import Method, Order, Record, Scoring


class WvsEstimates(Record):
    """The metrics of both families, each with its interval: `kl_paper`, `accuracy_paper`, and the proper ones.

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
    """One item: shares of people's answers, predicted shares (the last is the unreadable one), and their metrics."""

    item: str
    topic: str
    survey: tuple[float, ...]
    predicted: tuple[float, ...]
    mass: float | None
    figures: WvsEstimates


class MethodScores(Record):
    """Scores of one method in one culture and option order.

    `respondents` is the number predicted, `left_out` are items that the survey does not have, `unread` items without
    any valid answer, which proper metrics count as uniform. `mass` is the mean probability of the options among all
    tokens, None if unknown.
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
    """The plain mean of one method over cultures."""

    method: Method
    order: Order
    cultures: tuple[str, ...]
    overall: WvsEstimates
    topics: dict[str, WvsEstimates]


class BaselineScores(Record):
    """Scores of trivial predictors, and of people themselves, for a culture and the same items.

    `split_half`: one half of the people as a prediction of the other, with the 2.5 and 97.5 percentiles over
    random halves; `simulated` where the halves were drawn from shares. `survey` is the source of the survey.
    """

    culture: str
    survey: str
    respondents: int
    uniform: WvsEstimates
    majority: WvsEstimates
    split_half: WvsEstimates
    simulated: bool


class ReadDifferently(Record):
    """How many of a culture's and method's replies the two readers read as another option, or only one reads at all."""

    culture: str
    method: Method
    order: Order
    replies: int
    differing: int


class OtherReading(Record):
    """The scores of the same replies as the other reader reads them, which `scoring` names."""

    scoring: Scoring
    results: tuple[MethodScores, ...]
    averages: tuple[MethodAverage, ...]
    differing: tuple[ReadDifferently, ...]


class WvsScores(Record):
    """All scores of an evaluation, and how they were computed.

    `scoring` names how replies were read, `other_reading` has the scores of the same replies as the other reader reads
    them; None where nothing was written. Evaluations of earlier versions have neither: they are `corrected`.
    """

    seed: int
    resamples: int
    level: float
    smoothing: float
    results: tuple[MethodScores, ...]
    averages: tuple[MethodAverage, ...]
    references: dict[str, BaselineScores]
    sensitivity: tuple[OptionOrderEffect, ...]
    scoring: Scoring = "corrected"
    other_reading: OtherReading | None = None

    @property
    def reread(self) -> WvsScores | None:
        """These scores with those of the other reading in the place of the evaluation's own, without references."""
        other = self.other_reading
        if other is None:
            return None
        changes = {"results": other.results, "averages": other.averages, "scoring": other.scoring}
        return self.model_copy(update={**changes, "references": {}, "sensitivity": (), "other_reading": None})

    def by_culture(self) -> dict[str, dict[str, WvsEstimates]]:
        """Overall metrics by culture and method or baseline (uniform, majority, split_half).

        The first of several option orders counts.
        """
        metrics: dict[str, dict[str, WvsEstimates]] = {}
        for result in self.results:
            metrics.setdefault(result.culture, {}).setdefault(result.method, result.overall)
        for culture, baselines in self.references.items():
            metrics.setdefault(culture, {}).update(
                uniform=baselines.uniform, majority=baselines.majority, split_half=baselines.split_half
            )
        return metrics

    def column(self, metric: Metric) -> dict[str, dict[str, Estimate]]:
        """Estimates of one metric by method or baseline and by culture, `average` over several cultures included."""
        estimates: dict[str, dict[str, Estimate]] = {}
        for culture, methods in self.by_culture().items():
            for method, metrics in methods.items():
                estimate = getattr(metrics, metric)
                if estimate is not None:
                    estimates.setdefault(method, {})[culture] = estimate
        for average in self.averages:
            estimate = getattr(average.overall, metric)
            if estimate is not None and "average" not in estimates.get(average.method, {}):
                estimates.setdefault(average.method, {})["average"] = estimate
        return estimates

    def notes(self) -> tuple[str, ...]:
        """What has to be known to read the scores: the source of the survey, and what is left out."""
        notes = []
        for source, words in (
            ("respondents", "answers of imported respondents"),
            ("shares", "shares by country; its split half is simulated, as two samples of half its size"),
        ):
            cultures = [
                f"{baselines.culture} ({baselines.respondents:,})"
                for baselines in self.references.values()
                if baselines.survey == source
            ]
            if cultures:
                notes.append(f"Survey, {words}: {', '.join(cultures)}.")
        if self.references:
            halves = ", ".join(
                f"{baselines.culture} {baselines.respondents // 2:,}" for baselines in self.references.values()
            )
            most = max(result.respondents for result in self.results)
            notes.append(
                f"Split halves have about half the survey's people each ({halves}), and {most:,} respondents or fewer"
                " were predicted here: not a ceiling at equal size."
            )
        unread = [_unread(result) for result in self.results if result.unread]
        if unread:
            notes.append(f"Items without any valid answer, uniform in the proper metrics: {'; '.join(unread)}.")
        left_out = {result.culture: result.left_out for result in self.results if result.left_out}
        notes += [f"Not asked in {culture} and left out: {', '.join(items)}." for culture, items in left_out.items()]
        if any(result.overall.accuracy is None for result in self.results):
            notes.append("Accuracies need respondents' own answers (`clca data import-wvs`): none are given without.")
        return tuple(notes)


def _unread(result: MethodScores) -> str:
    order = "" if result.order == "given" else f" ({result.order})"
    unread, items = len(result.unread), len(result.items)
    count = f"all {items}" if unread == items else f"{unread} of {items} ({', '.join(result.unread)})"
    return f"{result.culture} {result.method}{order} {count}"
