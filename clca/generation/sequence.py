"""The order in which a run with `--kept` plays its dialogues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Protocol

from clca.generation.ids import scenario_id
from clca.records import Norm, Scenario


class Sources(Protocol):
    """Scenarios or norms, which can be read again and again."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Scenario | Norm]: ...


MORE_SAMPLES = 4
"""How many times as many samples as `--samples` says are played before other scenarios are taken."""
MOST_SAMPLES = 1000


class DialogueSequence:
    """Dialogues as (scenario or norm, sample), sample by sample: one of every scenario before the second of any.

    `groups` are the scenarios and norms that were asked for, further scenarios, and further norms; each is played up to
    `MORE_SAMPLES` times `samples` before the next. Last come more samples of all of them, up to `MOST_SAMPLES` each.
    """

    def __init__(self, groups: Sequence[Sequence[Sources]], samples: int) -> None:
        self._groups = groups
        self._enough = min(MORE_SAMPLES * samples, MOST_SAMPLES)

    def __len__(self) -> int:
        return MOST_SAMPLES * sum(len(sources) for group in self._groups for sources in group)

    def __iter__(self) -> Iterator[tuple[Scenario | Norm, int]]:
        for group in self._groups:
            yield from _sample_by_sample(group, range(1, self._enough + 1))
        yield from _sample_by_sample(list(chain(*self._groups)), range(self._enough + 1, MOST_SAMPLES + 1))

    def sources(self, dialogues: int | None = None) -> Iterator[Scenario | Norm]:
        """Each scenario and norm of the first so many dialogues, or of all, once."""
        if dialogues is None:
            yield from chain(*chain(*self._groups))
            return
        known = set[str]()
        for source, _ in islice(self, dialogues):
            if scenario_id(source) not in known:
                known.add(scenario_id(source))
                yield source


def _sample_by_sample(group: Sequence[Sources], samples: range) -> Iterator[tuple[Scenario | Norm, int]]:
    for sample in samples:
        for source in chain[Scenario | Norm](*group):
            yield source, sample
