"""What has to be known to read an audit."""

from __future__ import annotations

from collections.abc import Iterator

from clca.quality.audit.items import KEPT, PREPARED
from clca.quality.audit.plan import AuditPlan
from clca.quality.audit.result import AuditResult

FEW = 20  # dialogues, below which an interval is wide
REHEARSAL = (
    "REHEARSAL: a judge is the embedded simulator, which answers alike whatever the seed and the temperature: its rates"
    " tell how the audit works, and nothing of another judge."
)


def caveats(plan: AuditPlan, result: AuditResult) -> Iterator[str]:
    """The caveats of a result, each in one or two sentences."""
    if result.rehearsal:
        yield REHEARSAL
    if result.own and KEPT in result.kinds:
        yield (
            "Kept dialogues were chosen by this judge, so that it discards hardly any: take its false alarms from the"
            " prepared ones, which were written by hand and shown to no judge before."
        )
    if result.dialogues < FEW:
        yield f"{result.dialogues} dialogues: intervals of fewer than {FEW} are wide."
    if result.dialogues < plan.config.dialogues:
        yield (
            f"{result.dialogues:,} dialogues instead of {plan.config.dialogues:,}: each is of a scenario of its own,"
            " and the runs have kept ones of no more."
        )
    if plan.rejected:
        yield f"{plan.rejected:,} kept dialogues that a reviewer rejected are not among those shown."
    for flaw, number in result.without_place.items():
        yield (
            f"{flaw} had no place in {number:,} of {result.dialogues:,} dialogues: too short, without a secret, or"
            " without another scene."
        )
    if result.unanswered:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in result.unanswered.items())
        yield f"Judgements that failed, and are in no rate: {reasons}. The same command asks for them again."
    if plan.differences:
        yield f"The judge is asked otherwise than when it judged the runs: {', '.join(plan.differences)} changed since."
    yield from _flawed(result)
    alarms = result.kinds[PREPARED].found
    silent = [
        name
        for name, rates in result.kinds.items()
        if not rates.sound and rates.found.of and rates.found.low <= alarms.high
    ]
    if silent:
        yield (
            f"Not told from sound dialogues, by intervals that overlap: {', '.join(silent)}. The judge does not keep"
            " such flaws out of the data."
        )


def _flawed(result: AuditResult) -> Iterator[str]:
    if result.flawed is None:
        yield "Another judge filtered the runs: what share of their kept dialogues is flawed does not follow."
    elif result.flawed.even.kept is None:
        yield (
            "What share of the kept dialogues is flawed does not follow: the filter discards flawed dialogues no more"
            " often than sound ones, or there is nothing to count."
        )
    else:
        yield (
            "The share of kept dialogues that is flawed holds for flaws like those planted, each as frequent as the"
            " others, that the run's own dialogues are refused as often as the prepared ones; best and worst found are"
            " its bounds over the mixtures of flaws."
        )
