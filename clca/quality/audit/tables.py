"""The tables of an audit, for the screen and as Markdown, CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Iterator

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.table import COUNT, PERCENT, SCORE, Cell, Number, Row, Table
from clca.quality.audit.rates import Agreement, FlawedShare, PairedDifference
from clca.quality.audit.result import AuditResult, Judgements, KindRates
from clca.quality.rate import Rate

SHARE = Number(places=1, percent=True)


def tables(result: AuditResult) -> tuple[Table, ...]:
    """All tables that the result has anything for."""
    made = [_kinds(result, result.judge, result.kinds)]
    if result.second:
        made.append(_kinds(result, str(result.second_judge), result.second))
    made += [*_agreement(result), _effects(result), *_flawed(result)]
    return tuple(made)


def _kinds(result: AuditResult, judge: str, kinds: dict[str, KindRates]) -> Table:
    rows = tuple(
        Row(
            f"{name}, sound" if rates.sound else name,
            "reference" if rates.sound else "ours",
            (Cell(rates.shown), _rate(rates.found), _rate(rates.discarded)),
        )
        for name, rates in kinds.items()
    )
    return Table(
        metric="found",
        title=f"What {judge} finds in {result.dialogues:,} kept dialogues, by flaw (percent, 95 % Wilson intervals)",
        columns=("shown", "found", "discarded"),
        rows=rows,
        notes=(
            "found: any label bad or no; discarded: by the filter of the runs. Of sound dialogues both are false"
            " alarms, of flawed ones recall.",
        ),
        corner="dialogues",
        numbers=(COUNT, SHARE, SHARE),
    )


def _agreement(result: AuditResult) -> Iterator[Table]:
    rows = [*_rows("repeat", result.repeats)]
    if result.between is not None:
        rows += _rows("", {f"with {result.second_judge}": result.between})
    if result.people is not None:
        rows += _rows("", {"with people": result.people.judge})
    if rows:
        yield Table(
            metric="agreement",
            title=f"Agreement of {result.judge} on the same dialogues (kappa: Cohen's, 95 % bootstrap over dialogues)",
            columns=("pairs", "alike %", "kappa"),
            rows=tuple(rows),
            notes=("No kappa: both always gave one and the same verdict, so that chance explains it all.",),
            corner="verdict",
            numbers=(COUNT, SHARE, SCORE),
        )


def _rows(group: str, judgements: dict[str, Judgements]) -> Iterator[Row]:
    for name, both in judgements.items():
        for verdict, agreement in (("found", both.found), ("discarded", both.discarded)):
            yield Row(f"{name}: {verdict}", "ours", _cells(agreement), group="itself" if group else "")


def _cells(agreement: Agreement) -> tuple[Cell | None, ...]:
    return (Cell(agreement.pairs), _rate(agreement.alike), _estimate(agreement.kappa))


def _effects(result: AuditResult) -> Table:
    effects = {f"{flaw}: early, late": pair for flaw, pair in result.position.items()}
    effects |= {
        "sound: padded, as it is": result.verbosity.sound,
        "flawed: padded, as it is": result.verbosity.flawed,
    }
    return Table(
        metric="effect",
        title=f"How often {result.judge} finds the same dialogue in two forms (percent, 95 % intervals)",
        columns=("pairs", "first", "second", "difference"),
        rows=tuple(Row(name, "ours", _paired(pair)) for name, pair in effects.items()),
        notes=("Differences by Newcombe's interval for pairs, not corrected for several comparisons.",),
        corner="first, second",
        numbers=(COUNT, SHARE, SHARE, SHARE),
    )


def _paired(pair: PairedDifference) -> tuple[Cell | None, ...]:
    return (Cell(pair.first.of), _rate(pair.first), _rate(pair.second), _estimate(pair.difference))


def _flawed(result: AuditResult) -> Iterator[Table]:
    if result.flawed is not None:
        shares = {
            "all flaws alike": result.flawed.even,
            "the best found alone": result.flawed.best_found,
            "the worst found alone": result.flawed.worst_found,
        }
        yield Table(
            metric="flawed",
            title="Share of the kept dialogues that is flawed at these rates (percent, 95 % intervals)",
            columns=("recall", "before the judge", "among the kept"),
            rows=tuple(Row(name, "ours", _share(share)) for name, share in shares.items()),
            notes=(
                f"Rogan and Gladen's estimate: the filter discarded {result.flawed.discarded.hits:,} of"
                f" {result.flawed.discarded.of:,} judged dialogues, and {result.flawed.false_alarms.hits:,} of"
                f" {result.flawed.false_alarms.of:,} prepared sound ones. Nothing follows (–) where it discards such"
                " flaws no more often than those.",
            ),
            corner="flaws",
            numbers=(PERCENT, SHARE, SHARE),
        )


def _share(share: FlawedShare) -> tuple[Cell | None, ...]:
    recall = None if share.recall is None else Cell(share.recall)
    before = None if share.before is None else Cell(share.before)
    return (recall, before, None if share.kept is None else Cell(share.kept, share.low, share.high))


def _rate(rate: Rate) -> Cell | None:
    return None if rate.value is None else Cell(rate.value, rate.low, rate.high)


def _estimate(estimate: Estimate | None) -> Cell | None:
    return None if estimate is None else Cell(estimate.value, estimate.low, estimate.high)
