"""What became of the dialogues of a run, as counts and as one bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clca.report.blocks import Bar
from clca.report.sections.values import count

OUTCOMES = ("kept", "discarded", "failed", "rejected")


@dataclass(frozen=True, slots=True)
class Funnel:
    """Dialogues that were asked for, and those that ended so; the rest is pending."""

    requested: int
    counts: dict[str, int]

    @property
    def pending(self) -> int:
        """Dialogues that have not ended."""
        return max(0, self.requested - sum(self.counts.values()))

    @property
    def parts(self) -> list[tuple[str, int]]:
        """Each outcome that there is with its dialogues, in the order of the bar."""
        return [(name, number) for name, number in [*self.counts.items(), ("pending", self.pending)] if number]

    @property
    def bar(self) -> Bar:
        """The bar; without any dialogue it is empty."""
        whole = max(self.requested, sum(self.counts.values())) or 1
        return Bar("dialogues", tuple((name, number / whole, name) for name, number in self.parts))


def funnel(counts: Mapping[str, Any], indexed: Mapping[str, int] | None = None) -> Funnel:
    """The funnel of a run's or a job's counts; of a run that is being made by those of its index, which are newer."""
    given = {name: count(counts.get(name)) for name in OUTCOMES}
    newer = {name: (indexed or {}).get(name, 0) for name in OUTCOMES}
    chosen = newer if sum(newer.values()) > sum(given.values()) else given
    return Funnel(count(counts.get("requested")), chosen)


def job_funnel(progress: Mapping[str, Any]) -> Funnel | None:
    """The funnel of a generation that is under way, by what its job last said; None where it said nothing of this."""
    if not any(name in progress for name in OUTCOMES):
        return None
    return Funnel(count(progress.get("total")), {name: count(progress.get(name)) for name in OUTCOMES})
