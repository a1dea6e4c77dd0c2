"""What decides the plan of a dialogue, besides its seed."""

from __future__ import annotations

from dataclasses import dataclass

from clca.records import Culture, Scenario
from clca.simulator.content_schema import Phrasebook, Topic


@dataclass(frozen=True, slots=True)
class DialogueSpec:
    """A scenario in a culture, with its lines, the side (0 or 1) that takes the first turn, and the most turns."""

    culture: Culture
    scenario: Scenario
    topic: Topic
    phrasebook: Phrasebook
    first_side: int
    max_turns: int

    @property
    def midway(self) -> bool:
        """Whether the two are in the middle of something together, so that no greeting is needed."""
        return self.topic.midway or self.is_one_of(self.phrasebook.midway)

    @property
    def stays(self) -> bool:
        """Whether the two stay together afterwards, so that no goodbye is needed."""
        return self.topic.stays or self.is_one_of(self.phrasebook.stays)

    def is_one_of(self, prefixes: tuple[str, ...]) -> bool:
        """Whether the scenario's id begins with one of the prefixes."""
        return self.scenario.id.startswith(prefixes)
