"""A labelled data set: texts that are asked about, one by one, with a closed list of labels to answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from clca.seeding import chooser


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text; `gold` may be outside the list of labels. A task's `text` is the whole question as asked."""

    id: str
    text: str
    gold: str


class Task(Protocol):
    """A data set and its way of asking. `row` is who is asked: questions may depend on it, texts and golds do not.

    `answers` are what is answered with, "1" or "A"; the label of an answer is what `read` says of it, and one of
    `labels`. `examples` streams, the same texts in the same order whoever is asked. `system` is what all questions
    begin with, or "". `settled`: no continuation of this beginning of a reply can change what `read` says.
    """

    @property
    def name(self) -> str: ...

    @property
    def culture(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def answers(self) -> tuple[str, ...]: ...

    @property
    def count(self) -> int: ...

    def system(self, row: str) -> str: ...

    def examples(self, row: str) -> Iterator[Example]: ...

    def read(self, reply: str) -> str | None: ...

    def settled(self, text: str) -> bool: ...


class Limited:
    """Some texts of a task: `most` drawn by `seed`, one of each gold label first, as far as that goes."""

    def __init__(self, task: Task, most: int, seed: int) -> None:
        self._task = task
        self._kept = self._draw(most, seed)
        self.name, self.culture, self.labels, self.answers = task.name, task.culture, task.labels, task.answers

    @property
    def count(self) -> int:
        return len(self._kept)

    def system(self, row: str) -> str:
        return self._task.system(row)

    def examples(self, row: str) -> Iterator[Example]:
        return (one for place, one in enumerate(self._task.examples(row)) if place in self._kept)

    def read(self, reply: str) -> str | None:
        return self._task.read(reply)

    def settled(self, text: str) -> bool:
        return self._task.settled(text)

    def _draw(self, most: int, seed: int) -> frozenset[int]:
        chance = chooser(seed, "limit", self._task.name)
        by_gold: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(self._task.examples("")):
            by_gold[one.gold].append(place)
        first = [chance.choice(by_gold[gold]) for gold in sorted(by_gold)]
        chance.shuffle(first)
        others = sorted({place for places in by_gold.values() for place in places} - set(first))
        chance.shuffle(others)
        return frozenset([*first, *others][:most])
