"""Texts drawn from a source: of each culture as many, by the seed, whatever the order in which they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from clca.analysis.config import Source
from clca.analysis.texts import SourceText, source_texts
from clca.errors import SettingsError
from clca.seeding import Lowest
from clca.storage.fingerprint import fingerprint
from clca.tokens import hash64
from clca.training.examples import Dropped
from clca.training.training_sources import TrainingSources

LEAST = 2  # texts of a culture, of which each needs a neighbour
LEAST_DISTINCT = 8  # texts that differ, which a layout needs
EVERY = 1000  # texts between two reports of progress


@dataclass(frozen=True)
class Draw:
    """The texts drawn from a source, culture by culture, and the cultures in the order of the user's.

    `read` counts the texts of each culture, `absent` are cultures without any, `dropped` counts what training would not
    take either, by reason.
    """

    source: Source
    cultures: tuple[str, ...]
    texts: tuple[SourceText, ...]
    read: dict[str, int]
    absent: tuple[str, ...]
    dropped: dict[str, int]

    @property
    def taken(self) -> int:
        """How many texts of each culture were drawn."""
        return len(self.texts) // len(self.cultures)

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """The texts that differ, each at its first occurrence."""
        return tuple(dict.fromkeys(entry.text for entry in self.texts))

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The place of each text among those that differ."""
        numbers = {text: number for number, text in enumerate(self.distinct)}
        return tuple(numbers[entry.text] for entry in self.texts)

    @property
    def labels(self) -> list[int]:
        """The place of each text's culture among the cultures."""
        return [self.cultures.index(entry.culture) for entry in self.texts]

    @property
    def digest(self) -> str:
        """Identifies what was read and drawn."""
        drawn = [[entry.culture, entry.id, entry.text] for entry in self.texts]
        return fingerprint({"drawn": drawn, "read": self.read, "dropped": self.dropped})


def draw(
    source: Source, sources: TrainingSources, size: int, seed: int, reading: Callable[[int], None] = lambda count: None
) -> Draw:
    """At most `size` texts of each culture, and of each as many as of the one with the fewest.

    `reading` is called with the number of texts read. Raises `SettingsError` where fewer than two cultures have texts.
    """
    lowest = {culture.id: Lowest[SourceText](size) for culture in sources.cultures}
    dropped = Counter[str]()
    for number, entry in enumerate(source_texts(source, sources), start=1):
        if isinstance(entry, Dropped):
            dropped[entry.reason] += 1
        else:
            lowest[entry.culture].offer(hash64(f"{seed}\x1f{source}\x1f{entry.culture}\x1f{entry.id}"), entry)
        if not number % EVERY:
            reading(number)
    read = {culture: own.offered for culture, own in lowest.items()}
    cultures = tuple(culture for culture, count in read.items() if count >= LEAST)
    counted = ", ".join(f"{culture} {count:,}" for culture, count in read.items())
    if len(cultures) < 2:
        raise SettingsError(f"{source}: a map needs {LEAST} texts or more of two cultures; there are: {counted}")
    taken = min(size, *(read[culture] for culture in cultures))
    drawn = Draw(
        source,
        cultures,
        tuple(entry for culture in cultures for entry in lowest[culture].items()[:taken]),
        read,
        tuple(culture for culture in read if culture not in cultures),
        dict(dropped),
    )
    if len(drawn.distinct) < LEAST_DISTINCT:
        raise SettingsError(
            f"{source}: a map needs {LEAST_DISTINCT} different texts or more; {len(drawn.distinct)} were drawn, of each"
            f" culture {taken:,} (there are: {counted})"
        )
    return drawn
