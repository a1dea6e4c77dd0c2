"""How good a judge is, measured on dialogues with planted flaws.

The simulator plants known flaws in a known share of its dialogues. A flaw is *caught* when its dialogue is discarded
(by a rule of the engine or by the judge). With c caught of p planted, and f discarded without a planted flaw:

    recall    = c / p          share of the flawed dialogues that were discarded, 0 to 1
    precision = c / (c + f)    share of the discarded dialogues that were flawed, 0 to 1

Either is None where its denominator is 0. Failed dialogues count in neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import Field

from clca.records import Record
from clca.schemas import Reply


class FlawCounts(Record):
    """Numbers of dialogues with one flaw."""

    planted: int
    caught: int


class JudgeMetrics(Record):
    """How many of the planted flaws were caught; counts are dialogues."""

    recall: float | None = Field(description="Share of the flawed dialogues that were discarded.")
    precision: float | None = Field(description="Share of the discarded dialogues that were flawed.")
    planted: int = Field(description="Dialogues with a planted flaw.")
    caught: int = Field(description="Of these, discarded.")
    clean: int = Field(description="Dialogues without a planted flaw.")
    false_alarms: int = Field(description="Of these, discarded.")
    by_flaw: dict[str, FlawCounts]


def planted_flaw(replies: Sequence[Reply]) -> str:
    """The flaw that the last of a dialogue's replies names; "" where none does."""
    return next((reply.planted for reply in reversed(replies) if reply.planted), "")


def measure_judge(rows: Iterable[tuple[str | None, str, int]]) -> JudgeMetrics:
    """The metrics of a run from (planted flaw or None, outcome, number of dialogues)."""
    totals: Counter[str | None] = Counter()
    discarded: Counter[str | None] = Counter()
    for flaw, outcome, number in rows:
        if outcome not in ("failed", "rejected"):
            totals[flaw] += number
            discarded[flaw] += number if outcome == "discarded" else 0
    by_flaw = {flaw: FlawCounts(planted=totals[flaw], caught=discarded[flaw]) for flaw in totals if flaw is not None}
    planted, caught = totals.total() - totals[None], discarded.total() - discarded[None]
    return JudgeMetrics(
        recall=caught / planted if planted else None,
        precision=caught / discarded.total() if discarded.total() else None,
        planted=planted,
        caught=caught,
        clean=totals[None],
        false_alarms=discarded[None],
        by_flaw=by_flaw,
    )
