"""The result of `clca eval-wvs`: what `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from clca.evaluation.result import EvaluationResult
from clca.evaluation.wvs.answering import EarlyStop
from clca.evaluation.wvs.option_order import OptionOrderEffect
from clca.evaluation.wvs.scores import MethodScores, WvsEstimates, WvsScores
from clca.records import Method, Order, Record, Scoring


class OrderSummary(WvsEstimates):
    """A culture and method in one order of the options. `mass` as in `scores.json`."""

    respondents: int
    mass: float | None


class MethodSummary(OrderSummary):
    """A culture and method in its first `order` of the options, and in further `orders`.

    `readings` has both readings of its replies by the name of the scoring; {} where nothing was written.
    """

    order: Order
    orders: dict[Order, OrderSummary] = Field(default_factory=dict)
    readings: dict[Scoring, WvsEstimates] = Field(default_factory=dict)


class SplitHalf(WvsEstimates):
    """One half of the people as a prediction of the other; `simulated` where halves were drawn from shares."""

    simulated: bool


class BaselineSummary(Record):
    """What trivial predictors and people score for a culture."""

    uniform: WvsEstimates
    majority: WvsEstimates
    split_half: SplitHalf


class CultureSummary(Record):
    """A culture's scores by method, and what they are read against."""

    methods: dict[Method, MethodSummary]
    references: BaselineSummary


class WvsResult(EvaluationResult):
    """Scores by culture and method, each metric with its interval."""

    synthetic: bool = Field(description="Whether respondents of any culture are synthetic.")
    format: str
    items_version: dict[str, int] = Field(description="Version of the items' wordings, by language.")
    three_points: dict[str, tuple[str, ...]] = Field(
        description="Items that were offered and scored on three points, as the country was asked, by culture."
    )
    unread_translations: tuple[str, ...] = Field(
        default=(), description="Languages in which it was asked that no native speaker has read."
    )
    scoring: Scoring
    cultures: dict[str, CultureSummary]
    averages: dict[Method, WvsEstimates] = Field(description="Mean over cultures, in the first order of the options.")
    sensitivity: tuple[OptionOrderEffect, ...]
    stopped: tuple[EarlyStop, ...] = Field(description="Cultures and methods of which not everyone had to be asked.")
    scores: WvsScores = Field(exclude=True, repr=False)


def summarise_cultures(scores: WvsScores) -> dict[str, CultureSummary]:
    """The scores of each culture; a method's own are those of its first order of the options."""
    methods: dict[str, dict[Method, MethodSummary]] = {}
    other = {} if scores.other_reading is None else {_key(result): result for result in scores.other_reading.results}
    for result in scores.results:
        of_culture = methods.setdefault(result.culture, {})
        in_order = OrderSummary(respondents=result.respondents, mass=result.mass, **dict(result.overall))
        first = of_culture.get(result.method)
        if first is None:
            readings: dict[Scoring, WvsEstimates] = {}
            if scores.other_reading is not None and _key(result) in other:
                readings = {scores.scoring: result.overall, scores.other_reading.scoring: other[_key(result)].overall}
            of_culture[result.method] = MethodSummary(order=result.order, readings=readings, **dict(in_order))
        else:
            orders = {**first.orders, result.order: in_order}
            of_culture[result.method] = first.model_copy(update={"orders": orders})
    return {culture: _with_references(scores, culture, of_culture) for culture, of_culture in methods.items()}


def _key(result: MethodScores) -> tuple[str, Method, Order]:
    return result.culture, result.method, result.order


def averages_of(scores: WvsScores) -> dict[Method, WvsEstimates]:
    """The mean over cultures by method, in the first order of the options."""
    first = scores.results[0].order
    return {average.method: average.overall for average in scores.averages if average.order == first}


def _with_references(scores: WvsScores, culture: str, methods: Mapping[Method, MethodSummary]) -> CultureSummary:
    of_culture = scores.references[culture]
    return CultureSummary(
        methods=dict(methods),
        references=BaselineSummary(
            uniform=of_culture.uniform,
            majority=of_culture.majority,
            split_half=SplitHalf(simulated=of_culture.simulated, **dict(of_culture.split_half)),
        ),
    )
