"""The result of `clca stats`: what `--json` prints, and `stats.json` holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from clca.evaluation.bootstrap import Estimate
from clca.quality.stats.differences import Difference
from clca.quality.stats.likeness import MeaningStats, NearDuplicateStats
from clca.quality.stats.shared import ContaminationStats
from clca.quality.stats.sides import Side
from clca.quality.stats.variety import Variety
from clca.records import Record
from clca.storage.selection import Selection


class RunSummary(Record):
    """A run that was measured, and what became of its dialogues: requested = the sum of the others."""

    side: Side
    run: Path
    culture: str
    teacher: str
    rehearsed: bool
    finished: bool
    funnel: dict[str, int] = Field(description="Dialogues by outcome, as run.json has them.")
    reasons: dict[str, int] = Field(description="Those that were not kept, by `outcome: reason`.")
    read: int = Field(description="Whole lines of dialogues.jsonl, which are what was measured.")
    fingerprint: str = Field(default="", description="Identifies the run's inputs; earlier versions did not record it.")


class GroupStats(Record):
    """The kept dialogues of a culture on one side."""

    side: Side
    culture: str
    dialogues: int
    scenarios: int
    sampled: int = Field(description="Dialogues that diversity and likeness in meaning were taken of.")
    measures: dict[str, Estimate] = Field(description="With 95 % bootstrap intervals over scenarios.")
    diversity: dict[str, Estimate] = Field(description="Means over blocks of dialogues, with intervals over blocks.")
    turns: dict[str, int] = Field(description="Percentiles of the turns of a dialogue.")
    words: dict[str, int] = Field(description="Percentiles of the words of a dialogue.")
    actions: dict[str, int]
    endings: dict[str, int]
    relationships: dict[str, int]
    genders: dict[str, int]
    ages: dict[str, int] = Field(description="Participants by band of age.")
    names: Variety
    settings: Variety
    occupations: Variety
    languages: dict[str, int]
    markers: dict[str, int] | None = Field(description="Dialogues with each marker; null for a culture without any.")
    meaning: MeaningStats | None = Field(description="Null without an embedder.")
    asking_known: int = Field(description="Dialogues of which it is known who asks: those of seeds.")
    yielding_known: int = Field(description="Dialogues in which an intent says that somebody gives way.")


class StatsResult(Record):
    """What the dialogues of runs are like, by culture, and how cultures and runs differ."""

    runs: tuple[RunSummary, ...]
    groups: tuple[GroupStats, ...]
    differences: tuple[Difference, ...]
    near_duplicates: NearDuplicateStats
    contamination: ContaminationStats
    block: int = Field(description="Dialogues of a block, of which diversity is taken.")
    rehearsal: bool = Field(description="Whether any of it was played by the embedded simulator.")
    caveats: tuple[str, ...]
    selection: tuple[Selection, ...] = Field(default=(), description="Which runs were meant by the names given.")
    report: Path | None = Field(default=None, description="Folder that stats.json was written to.")

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json")
