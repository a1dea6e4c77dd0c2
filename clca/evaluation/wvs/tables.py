"""What an evaluation's scores are shown as: the tables of the paper, and what has to stand beside them."""

from __future__ import annotations

from collections.abc import Sequence

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.run import ALL_SEEN, TopKCoverage
from clca.evaluation.table import METRICS, REFERENCES, Figures, Table, build
from clca.evaluation.wvs.answering import EarlyStop
from clca.evaluation.wvs.plan import BARE, WvsPlan
from clca.evaluation.wvs.published import load_published
from clca.evaluation.wvs.scores import WvsScores
from clca.evaluation.wvs.suite import load_suite
from clca.records import Order


def caveats(poll: WvsPlan, stops: Sequence[EarlyStop], unseen: TopKCoverage = ALL_SEEN) -> list[str]:
    """What has to stand beside every score of a poll."""
    found = []
    if poll.subject.because:
        found.append(f"REHEARSAL ({'; '.join(poll.subject.because)}): these scores say nothing of any culture.")
    synthetic = [name for name, sample in poll.samples.items() if sample.synthetic]
    if synthetic:
        found.append(
            f"Synthetic respondents ({', '.join(synthetic)}): drawn from demographic shares, traits independently, so"
            " that there are no answers of individuals to hit; imported survey data take their place."
        )
    if stops:
        found.append(
            "Stopped early, once intervals were narrow enough: such intervals are somewhat too narrow. Respondents"
            f" used: {', '.join(f'{one.culture} {one.method} {one.respondents:,}' for one in stops)}."
        )
    if poll.asked.weights:
        found.append("Respondents are weighted as in the survey.")
    return [*found, *unseen.caveats("labels")]


def make_tables(
    poll: WvsPlan, scores: WvsScores, stops: Sequence[EarlyStop], unseen: TopKCoverage = ALL_SEEN
) -> tuple[Table, ...]:
    """One table a metric, those without a number left out; each further order of the options has rows of its own."""
    published, spoken = load_published(poll.content), load_suite(poll.content).persona
    # The record of a linguistic culture bears the name of one of its countries, which the scores are not of.
    names = {one.id: spoken.name(one.id) if one.kind == "language" else one.name for one in poll.cultures}
    notes = [_asked(poll), *caveats(poll, stops, unseen), *scores.notes(), *_sensitivity(scores)]
    orders = list(dict.fromkeys(one.order for one in scores.results))
    by_order = {order: _of_order(scores, order) for order in orders}
    tables = []
    for metric in METRICS:
        systems: dict[str, Figures] = {}
        for order, those in by_order.items():
            ours = {row: cells for row, cells in those.column(metric).items() if row not in REFERENCES}  # type: ignore[arg-type]
            if ours:
                name = poll.subject.name
                systems[name if order == orders[0] else f"{name} ({order})"] = ours
        if systems:
            rows = scores.column(metric)  # type: ignore[arg-type]
            references = {row: rows[row] for row in REFERENCES if row in rows}
            bare = poll.layout == BARE
            tables.append(
                build(metric, systems, references=references, published=published, names=names, notes=notes, bare=bare)
            )
    return tuple(tables)


def _of_order(scores: WvsScores, order: Order) -> WvsScores:
    results = tuple(one for one in scores.results if one.order == order)
    averages = tuple(one for one in scores.averages if one.order == order)
    return scores.model_copy(update={"results": results, "averages": averages})


def _asked(poll: WvsPlan) -> str:
    """What was asked of whom, in one line."""
    sizes = {name: len(sample.respondents) for name, sample in poll.samples.items()}
    if len(set(sizes.values())) == 1:
        people = f"{next(iter(sizes.values())):,} respondents{' of each culture' if len(sizes) > 1 else ''}"
    else:
        people = ", ".join(f"{count:,} respondents of {name}" for name, count in sizes.items())
    languages: dict[str, str] = poll.inputs["languages"]
    if len(set(languages.values())) == 1:
        spoken = next(iter(languages.values()))
    else:
        spoken = ", ".join(f"{language} ({name})" for name, language in languages.items())
    orders = ", ".join(poll.inputs["orders"])
    return (
        f"Asked for {people}, seed {poll.asked.seed}: {len(poll.columns.items)} items, language {spoken}, options as"
        f" {orders}; {poll.mode}, {poll.layout} format."
    )


def _sensitivity(scores: WvsScores) -> list[str]:
    """A note on each method and pair of orders: how far the order of the options moved its answers."""
    said: dict[tuple[str, str], list[str]] = {}
    for one in scores.sensitivity:
        pair = f"{one.orders[1]} against {one.orders[0]}"
        numbers = f"{one.culture} {_number(one.distance)}, {_number(one.changed)}"
        said.setdefault((one.method, pair), []).append(numbers)
    return [
        f"Order of the options, {method}, {pair}: total-variation distance between the predicted distributions, and"
        f" share of answers that are another: {'; '.join(numbers)}."
        for (method, pair), numbers in said.items()
    ]


def _number(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
