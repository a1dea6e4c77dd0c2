"""How good a judge is, measured on dialogues with planted flaws.

The simulator plants known flaws in a known share of its dialogues. A flaw is *caught* when its
dialogue is discarded (by a rule of the engine or by the judge). With c caught of p planted, and
f discarded without a planted flaw:

    recall    = c / p          share of the flawed dialogues that were discarded, 0 to 1
    precision = c / (c + f)    share of the discarded dialogues that were flawed, 0 to 1

Either is None where its denominator is 0. Failed dialogues count in neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from clca.schemas import Reply


@dataclass(slots=True)
class JudgeMetrics:
    planted: int = 0
    caught: int = 0
    false_alarms: int = 0
    clean: int = 0
    by_flaw: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def recall(self) -> float | None:
        return self.caught / self.planted if self.planted else None

    @property
    def precision(self) -> float | None:
        discarded = self.caught + self.false_alarms
        return self.caught / discarded if discarded else None

    def as_json(self) -> dict[str, Any]:
        """The counts and both metrics under the keys of `run.json`."""
        return {
            "recall": self.recall,
            "precision": self.precision,
            "planted": self.planted,
            "caught": self.caught,
            "clean": self.clean,
            "false_alarms": self.false_alarms,
            "by_flaw": {flaw: {"planted": p, "caught": c} for flaw, (p, c) in self.by_flaw.items()},
        }


def planted_flaw(replies: Sequence[Reply]) -> str:
    """The flaw that the last of a dialogue's replies names; "" where none does."""
    return next((reply.planted for reply in reversed(replies) if reply.planted), "")


def measure_judge(rows: Iterable[tuple[str | None, str, int]]) -> JudgeMetrics:
    """From (planted flaw or None, outcome, number of dialogues)."""
    result = JudgeMetrics()
    for flaw, outcome, number in rows:
        if outcome == "failed":
            continue
        discarded = number if outcome == "discarded" else 0
        if flaw is None:
            result.clean += number
            result.false_alarms += discarded
        else:
            planted, caught = result.by_flaw.get(flaw, (0, 0))
            result.by_flaw[flaw] = (planted + number, caught + discarded)
            result.planted += number
            result.caught += discarded
    return result
