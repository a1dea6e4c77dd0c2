"""The result of `clca eval-wvs`: what `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from clca.evaluation.result import EvaluationResult
from clca.evaluation.wvs.answering import Stop
from clca.evaluation.wvs.option_order import Sensitivity
from clca.evaluation.wvs.scores import Figures, Scores
from clca.records import Method, Order, Record


class OrderScores(Figures):
    """A culture and method in one order of the options. `mass` as in `scores.json`."""

    respondents: int
    mass: float | None


class MethodScores(OrderScores):
    """A culture and method in its first `order` of the options, and in further `orders`."""

    order: Order
    orders: dict[Order, OrderScores] = Field(default_factory=dict)


class SplitHalf(Figures):
    """One half of the people as a prediction of the other; `simulated` where halves were drawn from shares."""

    simulated: bool


class ReferenceScores(Record):
    """What trivial predictors and people score for a culture."""

    uniform: Figures
    majority: Figures
    split_half: SplitHalf


class CultureScores(Record):
    """A culture's scores by method, and what they are read against."""

    methods: dict[Method, MethodScores]
    references: ReferenceScores


class WvsResult(EvaluationResult):
    """Scores by culture and method, each metric with its interval."""

    synthetic: bool = Field(description="Whether respondents of any culture are synthetic.")
    format: str
    cultures: dict[str, CultureScores]
    averages: dict[Method, Figures] = Field(description="Mean over cultures, in the first order of the options.")
    sensitivity: tuple[Sensitivity, ...]
    stopped: tuple[Stop, ...] = Field(description="Cultures and methods of which not everyone had to be asked.")
    scores: Scores = Field(exclude=True, repr=False)


def scores_by_culture(scores: Scores) -> dict[str, CultureScores]:
    """The scores of each culture; a method's own are those of its first order of the options."""
    methods: dict[str, dict[Method, MethodScores]] = {}
    for result in scores.results:
        of_culture = methods.setdefault(result.culture, {})
        in_order = OrderScores(respondents=result.respondents, mass=result.mass, **dict(result.overall))
        first = of_culture.get(result.method)
        if first is None:
            of_culture[result.method] = MethodScores(order=result.order, **dict(in_order))
        else:
            orders = {**first.orders, result.order: in_order}
            of_culture[result.method] = first.model_copy(update={"orders": orders})
    return {culture: _with_references(scores, culture, of_culture) for culture, of_culture in methods.items()}


def averages_of(scores: Scores) -> dict[Method, Figures]:
    """The mean over cultures by method, in the first order of the options."""
    first = scores.results[0].order
    return {average.method: average.overall for average in scores.averages if average.order == first}


def _with_references(scores: Scores, culture: str, methods: Mapping[Method, MethodScores]) -> CultureScores:
    of_culture = scores.references[culture]
    return CultureScores(
        methods=dict(methods),
        references=ReferenceScores(
            uniform=of_culture.uniform,
            majority=of_culture.majority,
            split_half=SplitHalf(simulated=of_culture.simulated, **dict(of_culture.split_half)),
        ),
    )
