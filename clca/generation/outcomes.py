"""What becomes of dialogues: their records on disk, and the counts of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from clca.generation.kept_target import KeptTarget
from clca.records import Dialogue, Failure
from clca.storage.reply_cache import FinishedDialogue
from clca.storage.run_dir import RunDir


@dataclass(slots=True)
class Funnel:
    """Counts of dialogues: requested = kept + discarded + failed + rejected + pending.

    `planned` dialogues are requested; with a `target` those that were played, and the fewest that it still takes.
    `outcomes` counts finished dialogues by outcome, `reasons` those that were not kept by `outcome: reason`;
    `under_way` is the number that has been started and is not finished.
    """

    planned: int
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    target: KeptTarget | None = None

    @property
    def finished(self) -> int:
        """How many dialogues have an outcome."""
        return self.outcomes.total()

    @property
    def pending(self) -> int:
        """How many dialogues have no outcome yet, or are still to be kept."""
        if self.target is not None:
            return self.target.lacking(self.outcomes["kept"], self.finished)
        return self.planned - self.finished

    @property
    def requested(self) -> int:
        """How many dialogues were asked for."""
        return self.finished + self.pending

    def count(self, row: FinishedDialogue) -> None:
        """Count a finished dialogue by its outcome and, if there is one, its reason."""
        self.outcomes[row.outcome] += 1
        if row.reason is not None:
            self.reasons[f"{row.outcome}: {row.reason}"] += 1


async def write_record(run_dir: RunDir, record: Dialogue | Failure, funnel: Funnel) -> None:
    """Write a finished dialogue to the file of its outcome and count it; returns once it is on disk.

    Raises `StoreError` when it cannot be written.
    """
    row = FinishedDialogue.of(record)
    await run_dir.finish(row, record.model_dump_json().encode() + b"\n")
    funnel.count(row)
