"""Verdicts counted: rates by kind, agreement, effects of position and of length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from clca.generation.calibration import is_bad
from clca.generation.filter import Filter
from clca.generation.rating_filter import RATED_BELOW
from clca.quality.audit.asking import Asked, Verdicts
from clca.quality.audit.flaws import POSITIONED
from clca.quality.audit.items import Item, all_kinds
from clca.quality.audit.rates import (
    Agreement,
    FlawedShare,
    PairedDifference,
    agreement,
    flawed_share,
    paired_difference,
)
from clca.quality.audit.result import Flawed, Judgements, KindRates, Verbosity
from clca.quality.rate import Rate, wilson
from clca.records import Judgement
from clca.storage.run_index import RunInfo

Says = Callable[[Judgement], bool]


def discards(own_filter: Filter) -> Says:
    """Whether a filter discards by a judgement."""
    return lambda judgement: own_filter.reason(judgement) is not None


def kind_rates(
    items: Sequence[Item], flaws: Sequence[str], verdicts: Verdicts, own_filter: Filter
) -> dict[str, KindRates]:
    """The rates of each kind of measured items that there is."""
    rates = {}
    for kind in all_kinds(flaws):
        own = [item for item in items if item.kind == kind and item.measured]
        judged = [verdicts.judgements[item.id] for item in own if item.id in verdicts.judgements]
        if own:
            rates[kind] = KindRates(
                sound=own[0].is_sound,
                shown=len(own),
                unanswered=len(own) - len(judged),
                found=wilson(sum(map(is_bad, judged)), len(judged)),
                discarded=wilson(sum(map(discards(own_filter), judged)), len(judged)),
            )
    return rates


def compared(
    items: Sequence[Item], first: Verdicts, second: Verdicts, own_filter: Filter, *, seed: int, name: str
) -> Judgements:
    """The agreement of two rounds on the items that both judged."""

    def of(says: Says, what: str) -> Agreement:
        return agreement(
            grouped_pairs(items, answers(first, says), answers(second, says)), seed=seed, name=f"{name}/{what}"
        )

    return Judgements(found=of(is_bad, "found"), discarded=of(discards(own_filter), "discarded"))


def with_people(
    items: Sequence[Item], verdicts: Verdicts, labels: Mapping[str, bool], own_filter: Filter, seed: int
) -> Judgements:
    """The agreement of the judge with people on the items that both judged."""

    def of(says: Says, what: str) -> Agreement:
        return agreement(grouped_pairs(items, answers(verdicts, says), labels), seed=seed, name=f"people/{what}")

    return Judgements(found=of(is_bad, "found"), discarded=of(discards(own_filter), "discarded"))


def answers(verdicts: Verdicts, says: Says) -> dict[str, bool]:
    """Whether each judgement of a round says so, by item."""
    return {item: says(judgement) for item, judgement in verdicts.judgements.items()}


def grouped_pairs(
    items: Sequence[Item], first: Mapping[str, bool], second: Mapping[str, bool]
) -> list[list[tuple[bool, bool]]]:
    """Pairs of verdicts on measured items, those on the same source together."""
    judged = [item for item in items if item.measured and item.id in first and item.id in second]
    judged.sort(key=lambda item: item.source)
    return [
        [(first[item.id], second[item.id]) for item in group]
        for _, group in groupby(judged, key=lambda item: item.source)
    ]


def position_effects(items: Sequence[Item], flaws: Sequence[str], verdicts: Verdicts) -> dict[str, PairedDifference]:
    """For each flaw of several positions, how often it was found early and late, in the same dialogues."""
    effects = {}
    for flaw in flaws:
        if flaw in POSITIONED:
            own = {(i.source, i.position): i for i in items if i.kind == flaw and not i.padded}
            sources = sorted({source for source, _ in own})
            pairs = ((own.get((source, "early")), own.get((source, "late"))) for source in sources)
            effects[flaw] = paired_difference(_pairs(pairs, verdicts))
    return effects


def verbosity_effects(items: Sequence[Item], verdicts: Verdicts) -> Verbosity:
    """How often the same dialogues were found padded, and as they are."""
    plain = {item.id: item for item in items}
    padded = [item for item in items if item.padded]

    def of(sound: bool) -> PairedDifference:
        own = [(item, plain.get(item.id.removeprefix("padded/"))) for item in padded if item.is_sound == sound]
        return paired_difference(_pairs(own, verdicts))

    return Verbosity(sound=of(True), flawed=of(False))


def _pairs(pairs: Iterable[tuple[Item | None, Item | None]], verdicts: Verdicts) -> list[tuple[bool, bool]]:
    judgements = verdicts.judgements
    return [
        (is_bad(judgements[first.id]), is_bad(judgements[second.id]))
        for first, second in pairs
        if first is not None and second is not None and first.id in judgements and second.id in judgements
    ]


def unanswered(asked: Asked) -> dict[str, int]:
    """Judgements that failed, by reason."""
    return dict(Counter(reason for verdicts in asked.passes.values() for reason in verdicts.unanswered.values()))


def discarded_by_judge(runs: Sequence[RunInfo]) -> Rate:
    """How many of the dialogues that the judge of the runs saw its verdict discarded.

    Degenerate ones it never saw; those that only a rating discarded count as kept.
    """
    kept = discarded = 0
    for run in runs:
        counts, reasons = run.data.get("counts", {}), run.data.get("reasons", {})
        kept += counts.get("kept", 0) + counts.get("rejected", 0)
        for reason, number in reasons.items():
            if reason.startswith("discarded: ") and RATED_BELOW in reason:
                kept += int(number)
            elif reason.startswith("discarded: ") and not reason.startswith("discarded: degenerate"):
                discarded += int(number)
    return wilson(discarded, kept + discarded)


def flawed(kinds: Mapping[str, KindRates], discarded: Rate, prepared: Rate, seed: int) -> Flawed:
    """The share of kept dialogues that is flawed, for an even mixture of flaws, and for the best and worst found."""
    recalls = [rates.discarded for rates in kinds.values() if not rates.sound and rates.discarded.of]
    ranked = sorted(recalls, key=lambda rate: rate.hits / rate.of)

    def share(chosen: Sequence[Rate], name: str) -> FlawedShare:
        return flawed_share(chosen, prepared, discarded, seed=seed, name=name)

    return Flawed(
        discarded=discarded,
        false_alarms=prepared,
        even=share(recalls, "even"),
        best_found=share(ranked[-1:], "best"),
        worst_found=share(ranked[:1], "worst"),
    )
