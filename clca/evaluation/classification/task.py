"""A labelled data set: texts that are asked about one by one, with a closed list of labels to answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from clca.seeding import chooser


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text; `gold` may be outside the list of labels.

    From a task, `text` is the whole question, and `given` are its texts that a reply may repeat: the one to be judged,
    or the options.
    """

    id: str
    text: str
    gold: str
    given: tuple[str, ...] = ()


class Task(Protocol):
    """A labelled data set and how it is asked about.

    `system` arguments name the evaluated system: questions may depend on it, texts and gold labels do not.
    """

    @property
    def name(self) -> str:
        """The task's name, unique within its suite."""
        ...

    @property
    def culture(self) -> str:
        """The culture that the task tests; empty where it tests none."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that an example can have, in the order of the scores."""
        ...

    @property
    def answers(self) -> tuple[str, ...]:
        """The possible answers, such as "1" or "A"; `read` gives the label of each."""
        ...

    @property
    def count(self) -> int:
        """Number of examples."""
        ...

    def system_prompt(self, system: str) -> str:
        """What all questions begin with, or ""."""
        ...

    def examples(self, system: str) -> Iterator[Example]:
        """The examples one by one; the same texts in the same order for every system."""
        ...

    def read(self, reply: str, given: Sequence[str] = ()) -> str | None:
        """The label that a reply stands for, one of `labels`; None for an unreadable reply."""
        ...

    def stop_condition(self, text: str, given: Sequence[str] = ()) -> bool:
        """Whether no continuation of this beginning of a reply can change its label."""
        ...


class LimitedTask:
    """At most `limit` examples of a task, drawn by `seed`: one of each gold label first, as far as that goes."""

    def __init__(self, task: Task, limit: int, seed: int) -> None:
        self._task = task
        self._kept = self._draw(limit, seed)
        self.name, self.culture, self.labels, self.answers = task.name, task.culture, task.labels, task.answers

    @property
    def count(self) -> int:
        """How many examples are kept."""
        return len(self._kept)

    def system_prompt(self, system: str) -> str:
        """The whole task's system prompt."""
        return self._task.system_prompt(system)

    def examples(self, system: str) -> Iterator[Example]:
        """The kept examples as that system is asked them."""
        return (example for index, example in enumerate(self._task.examples(system)) if index in self._kept)

    def read(self, reply: str, given: Sequence[str] = ()) -> str | None:
        """The label that a reply gives, or None where it is unreadable."""
        return self._task.read(reply, given)

    def stop_condition(self, text: str, given: Sequence[str] = ()) -> bool:
        """Whether generation may stop: more text cannot change how the reply is read."""
        return self._task.stop_condition(text, given)

    def _draw(self, limit: int, seed: int) -> frozenset[int]:
        random = chooser(seed, "limit", self._task.name)
        by_gold: dict[str, list[int]] = defaultdict(list)
        for index, example in enumerate(self._task.examples("")):
            by_gold[example.gold].append(index)
        first = [random.choice(by_gold[gold]) for gold in sorted(by_gold)]
        random.shuffle(first)
        others = sorted({index for indices in by_gold.values() for index in indices} - set(first))
        random.shuffle(others)
        return frozenset([*first, *others][:limit])
