"""What an export is made of, counted as its dialogues are written."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from clca.records import Dialogue, LabelledTurn, Scenario

MODELS = ("teacher", "partner", "judge", "localiser")
CONTENT = {
    "seed": "a seed of the content files, fitted to the culture",
    "own": "a scenario of the content files, from within the culture",
    "norm": "written by the localiser from a norm of the content files",
}
USER = "a scenario file of the user"
CONTENT_LICENCE = "Apache-2.0, as shipped with clca"
UNKNOWN = ""


@dataclass(slots=True)
class CultureCounts:
    """The dialogues of a culture."""

    dialogues: int = 0
    turns: int = 0
    intents: int = 0
    cultural: int = 0
    scenarios: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Composition:
    """Counts over all dialogues; `origins` is by (where a scenario comes from, its licence)."""

    cultures: defaultdict[str, CultureCounts] = field(default_factory=lambda: defaultdict(CultureCounts))
    origins: Counter[tuple[str, str]] = field(default_factory=Counter)
    models: Counter[tuple[str, str]] = field(default_factory=Counter)
    flawed: int = 0

    def add(self, dialogue: Dialogue) -> None:
        """Count a dialogue."""
        counts = self.cultures[dialogue.culture]
        counts.dialogues += 1
        counts.turns += len(dialogue.turns)
        counts.scenarios.add(dialogue.scenario.id)
        for turn in dialogue.turns:
            if isinstance(turn, LabelledTurn):
                counts.intents += 1
                counts.cultural += turn.intent.relevance == "cultural"
        self.origins[_origin(dialogue.scenario)] += 1
        for role in MODELS:
            if name := getattr(dialogue, role):
                self.models[(role, name)] += 1
        self.flawed += bool(dialogue.planted)

    @property
    def dialogues(self) -> int:
        """How many dialogues there are."""
        return sum(counts.dialogues for counts in self.cultures.values())


def _origin(scenario: Scenario) -> tuple[str, str]:
    """Where a scenario comes from, and its licence, `UNKNOWN` where nobody said."""
    content = CONTENT.get(scenario.source.partition(":")[0])
    if content and not scenario.origin:
        return content, CONTENT_LICENCE
    return scenario.origin or USER, scenario.license
