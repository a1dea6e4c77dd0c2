"""How good a judge is, measured on dialogues with planted flaws.

The simulator plants known flaws in a known share of its dialogues. A flaw is *caught* when its dialogue is discarded
(by a rule of the engine or by the judge). With c caught of p planted, and f discarded without a planted flaw:

    recall    = c / p          share of the flawed dialogues that were discarded, 0 to 1
    precision = c / (c + f)    share of the discarded dialogues that were flawed, 0 to 1

Either is None where its denominator is 0. Failed dialogues count in neither.

Any judge is measured on prepared dialogues (`calibration`), too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

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


# ---------------------------------------------------------------- prepared dialogues

ENOUGH_VERDICTS = 20  # from which verdicts that are all alike are told


Count = Annotated[int, Field(ge=0, lt=2**53)]


class KindCount(Record):
    """Numbers of prepared dialogues of one kind."""

    shown: Count = Field(description="Dialogues on which the judge gave a verdict.")
    found: Count = Field(description="Of these, called bad by any label, alignment included.")


class JudgeCalibration(Record):
    """What a judge found among prepared dialogues."""

    judge: str = Field(description="Name of the judge's model.")
    sound: KindCount = Field(description="Sound dialogues: those that were found are false alarms.")
    bad: dict[str, KindCount] = Field(description="Bad dialogues by kind: the share that was found is recall.")
    unanswered: Count = Field(description="Dialogues without a verdict, since a request failed.")
    requests: Count = Field(description="Requests that this took, of no run's totals.")
    prompt_tokens: Count
    completion_tokens: Count

    @property
    def missed(self) -> list[str]:
        """The kinds that were not found more often than a sound dialogue was refused."""
        refused = self.sound.found / self.sound.shown if self.sound.shown else 0.0
        return [kind for kind, count in self.bad.items() if count.shown and count.found / count.shown <= refused]

    def line(self) -> str:
        """One line for the screen."""
        shown = sum(count.shown for count in self.bad.values())
        found = sum(count.found for count in self.bad.values())
        missed = f" (not: {', '.join(kind for kind, count in self.bad.items() if count.found < count.shown)})"
        return (
            f"Judge {self.judge} on prepared dialogues: found {found} of {shown} bad ones"
            f"{missed if found < shown else ''}, refused {self.sound.found} of {self.sound.shown} sound ones"
            + (f", gave no verdict on {self.unanswered}" if self.unanswered else "")
        )


def judge_caveats(calibration: JudgeCalibration | None, verdicts: Mapping[str, int]) -> tuple[str, ...]:
    """What to know before the verdicts of a run are trusted; `verdicts` counts its judgements by their labels."""
    caveats = []
    if calibration is not None and calibration.missed:
        missed = ", ".join(calibration.missed)
        caveats.append(
            f"The judge {calibration.judge} does not tell some bad dialogues from sound ones: {missed}."
            " Read some of the kept dialogues, or take another judge."
        )
    if len(verdicts) == 1 and (number := sum(verdicts.values())) >= ENOUGH_VERDICTS:
        caveats.append(
            f"All {number} verdicts are alike (quality, alignment, meta: {next(iter(verdicts))}):"
            " the judge may not look at what it judges."
        )
    return tuple(caveats)
