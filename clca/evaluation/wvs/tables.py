"""The tables of an evaluation on the survey, as the paper has them, and its caveats."""

from __future__ import annotations

from collections.abc import Sequence

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.table import Table
from clca.evaluation.wvs.ablation_table import ablation_table
from clca.evaluation.wvs.answering import EarlyStop
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.metric_names import PAPER_METRICS
from clca.evaluation.wvs.paper_table import REFERENCES, Figures, Rereading, build
from clca.evaluation.wvs.plan import WvsPlan
from clca.evaluation.wvs.published import PublishedScore
from clca.evaluation.wvs.questionnaire import BARE
from clca.evaluation.wvs.scores import WvsScores
from clca.records import Order


def early_stop_caveats(stops: Sequence[EarlyStop]) -> list[str]:
    """What has to be read beside scores of cultures and methods that were stopped early."""
    if not stops:
        return []
    used = ", ".join(f"{stop.culture} {stop.method} {stop.respondents:,}" for stop in stops)
    return [
        "Stopped early, once intervals were narrow enough: such intervals are somewhat too narrow. Respondents used:"
        f" {used}."
    ]


def make_tables(plan: WvsPlan, scores: WvsScores, caveats: Sequence[str]) -> tuple[Table, ...]:
    """One table a metric, those without a number left out; each further order of the options has rows of its own."""
    notes = [
        _what_was_asked(plan),
        *plan.offered.notes(),
        *_reading_notes(scores),
        *caveats,
        *scores.notes(),
        *_sensitivity_notes(scores),
    ]
    published = [entry for entry in plan.published.entries if isinstance(entry, PublishedScore)]
    adapters = {culture: plan.model.row_label(culture) for culture in plan.model.adapters}
    reread, tables = scores.reread, []
    for metric in HEADS:
        systems = _systems(plan.model.name, scores, metric)
        if systems:
            rows = scores.column(metric)  # type: ignore[arg-type]
            tables.append(
                build(
                    metric,
                    systems,
                    references={row: rows[row] for row in REFERENCES if row in rows},
                    published=published,
                    names=plan.culture_names,
                    notes=[*notes, *(plan.published.notes() if metric in PAPER_METRICS else ())],
                    bare=plan.format == BARE,
                    adapters=adapters,
                    reread=None
                    if reread is None
                    else Rereading(scores.scoring, reread.scoring, _systems(plan.model.name, reread, metric)),
                )
            )
    ablation = ablation_table(
        plan.model.name, scores, published, adapters=adapters, notes=[*notes, *plan.published.notes()]
    )
    return (*tables, *((ablation,) if ablation is not None else ()))


def _systems(model: str, scores: WvsScores, metric: str) -> dict[str, Figures]:
    """The figures of a metric for each order of the options, which is named where it is not the first."""
    orders = list(dict.fromkeys(result.order for result in scores.results))
    systems: dict[str, Figures] = {}
    for order in orders:
        of_order = _of_order(scores, order)
        figures = {row: cells for row, cells in of_order.column(metric).items() if row not in REFERENCES}  # type: ignore[arg-type]
        if figures:
            systems[model if order == orders[0] else f"{model} ({order})"] = figures
    return systems


def _reading_notes(scores: WvsScores) -> list[str]:
    """How far the two readings of the same replies differ, in one line."""
    if scores.other_reading is None:
        return []
    counts = "; ".join(
        f"{entry.culture} {entry.method}{'' if entry.order == 'given' else f' ({entry.order})'}"
        f" {entry.differing:,} of {entry.replies:,}"
        for entry in scores.other_reading.differing
    )
    return [
        "The same replies in two readings: corrected, which takes what names one option in whatever words, and paper,"
        f" the rules of CLCA's released evaluation. Replies that they read differently: {counts}."
    ]


def _of_order(scores: WvsScores, order: Order) -> WvsScores:
    results = tuple(result for result in scores.results if result.order == order)
    averages = tuple(average for average in scores.averages if average.order == order)
    return scores.model_copy(update={"results": results, "averages": averages})


def _what_was_asked(plan: WvsPlan) -> str:
    """The respondents, items and format, in one line."""
    sizes = {name: len(sample.respondents) for name, sample in plan.samples.items()}
    if len(set(sizes.values())) == 1:
        people = f"{next(iter(sizes.values())):,} respondents{' of each culture' if len(sizes) > 1 else ''}"
    else:
        people = ", ".join(f"{count:,} respondents of {name}" for name, count in sizes.items())
    if len(set(plan.languages.values())) == 1:
        languages = next(iter(plan.languages.values()))
    else:
        languages = ", ".join(f"{language} ({name})" for name, language in plan.languages.items())
    return (
        f"Asked for {people}, seed {plan.config.seed}: {len(plan.offered.items)} items, {plan.offered.versions},"
        f" language {languages}, options as {', '.join(plan.orders)}; {plan.inference.mode}, {plan.format} format,"
        f" {plan.config.scoring} scoring."
    )


def _sensitivity_notes(scores: WvsScores) -> list[str]:
    """A note on each method and pair of orders: how far the order of the options moved its answers."""
    by_pair: dict[tuple[str, str], list[str]] = {}
    for entry in scores.sensitivity:
        pair = f"{entry.orders[1]} against {entry.orders[0]}"
        numbers = f"{entry.culture} {_number(entry.distance)}, {_number(entry.changed)}"
        by_pair.setdefault((entry.method, pair), []).append(numbers)
    return [
        f"Order of the options, {method}, {pair}: total-variation distance between the predicted distributions, and"
        f" share of answers that are another: {'; '.join(numbers)}."
        for (method, pair), numbers in by_pair.items()
    ]


def _number(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
