"""A mix put together: its sources one after the other, in the amounts that the recipe asks for.

Where amounts are asked for, each source is read twice: once to count it, once to take from it
what a seeded draw chose. Nothing but one number for each example is kept in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from clca.errors import SettingsError
from clca.seeding import chooser
from clca.training.contamination import compared
from clca.training.examples import Dropped, Example, ExampleCounts
from clca.training.mixture import apportion, parse_mixture
from clca.training.sources.culturellm import culturellm
from clca.training.sources.dialogues import Wanted, both_tasks, dialogue_task, intent_task
from clca.training.sources.math import gsm8k, mathchat
from clca.training.sources.messages import chats
from clca.training.sources.normad import normad
from clca.training.sources.wiki import wiki
from clca.training.sources.wvs import survey, translated_survey
from clca.training.split import Part, part_of
from clca.training.training_sources import TrainingSources

Lengths = Callable[[Iterable[Example]], Iterator[int]]
Source = Callable[[TrainingSources, Wanted], Iterator[Example | Dropped]]


def _whole(source: Callable[[TrainingSources], Iterator[Example | Dropped]]) -> Source:
    """A source whose examples cost next to nothing: all are made, and those of the wanted groups taken."""
    return lambda sources, wanted: (example for example in source(sources) if wanted(example.group))


SOURCES: dict[str, Source] = {
    "clca": both_tasks,
    "dialogue-only": dialogue_task,
    "intent-only": intent_task,
    "wvs": _whole(survey),
    "wvs-translated": _whole(translated_survey),
    "culturellm": _whole(culturellm),
    "wiki": _whole(wiki),
    "normad": _whole(normad),
    "gsm8k": _whole(gsm8k),
    "mathchat": _whole(mathchat),
    "chat": _whole(chats),
}


def assemble(sources: TrainingSources, part: Part, lengths: Lengths, counts: ExampleCounts) -> Iterator[Example]:
    """The examples of a part of the recipe's mix; `lengths` gives the tokens of each (`Encoder.lengths`).

    The same material gives the same examples in the same order. Raises `SettingsError` if the
    training part turns out to hold none.
    """
    mix = parse_mixture(sources.data.mix)
    names = [mixture_part.name for mixture_part in mix.parts]
    amounts = _Amounts(sources, part, lengths)
    budgets = amounts.budgets(names, mix.weights)
    taken = 0
    for index, name in enumerate(names):
        stream = _source(sources, name, part, counts)
        if budgets is not None:
            stream = _taken(stream, draw(amounts.sizes(name), budgets[index], sources.seed, "mix", name))
        for example in stream:
            taken += 1
            yield example
    if part == "train" and not taken:
        why = f" (dropped: {counts.reasons})" if counts.dropped else ""
        if any(True for name in names for _ in _source(sources, name, "held-out", ExampleCounts())):
            why += ": all that it has is held out; lower data.held_out"
        raise SettingsError(f"mix {sources.data.mix!r} has no example to train on{why}")


def draw(sizes: Sequence[int], budget: int, *seed: object) -> Counter[int]:
    """How often to take each item so that their sizes add up to `budget` as nearly as a random order allows.

    No item is taken again before all have been taken; items of size 0 never are.
    """
    order = [index for index, size in enumerate(sizes) if size]
    chooser(*seed).shuffle(order)
    taken: Counter[int] = Counter()
    left = budget
    while order and left > 0:
        for index in order:
            if abs(left - sizes[index]) > left:
                return taken
            taken[index] += 1
            left -= sizes[index]
            if left <= 0:
                return taken
    return taken


class _Amounts:
    """How much of each source there is, and is to be taken."""

    def __init__(self, sources: TrainingSources, part: Part, lengths: Lengths) -> None:
        self._sources, self._part, self._lengths = sources, part, lengths
        self._by_tokens = sources.data.match is not None and sources.data.match.by == "tokens"
        self._sizes: dict[str, list[int]] = {}

    def sizes(self, name: str) -> list[int]:
        if name not in self._sizes:
            stream = _source(self._sources, name, self._part, ExampleCounts())
            self._sizes[name] = list(self._lengths(stream)) if self._by_tokens else [1 for _ in stream]
        return self._sizes[name]

    def budgets(self, names: Sequence[str], weights: Sequence[float] | None) -> list[int] | None:
        """What to take of each source, in examples or tokens; None where everything is taken."""
        total = self._total()
        if total is None and weights is None:
            return None
        there = [sum(self.sizes(name)) for name in names]
        shares = there if weights is None else weights
        if total is None:  # as much as there is without taking anything twice
            total = int(min(amount / share for amount, share in zip(there, shares, strict=True)) * sum(shares))
        if not sum(shares):
            return [0 for _ in names]
        budgets = apportion(total, shares)
        for name, budget, amount in zip(names, budgets, there, strict=True):
            if budget and not amount and self._part == "train":
                raise SettingsError(f"mix {self._sources.data.mix!r}: {name} has no example to take")
        return budgets

    def _total(self) -> int | None:
        data = self._sources.data
        if data.match is not None:
            names = [mixture_part.name for mixture_part in parse_mixture(data.match.mix).parts]
            return sum(sum(self.sizes(name)) for name in names)
        return data.size if self._part == "train" else None


def _source(sources: TrainingSources, name: str, part: Part, counts: ExampleCounts) -> Iterator[Example]:
    """The part's examples of one source; what it drops is counted."""
    share = sources.data.held_out
    if part == "held-out" and not share:
        return
    for example in SOURCES[name](sources, lambda group: part_of(group, share, sources.seed) == part):
        if not isinstance(example, Dropped):
            example = compared(example, sources)
        if isinstance(example, Dropped):
            counts.drop(example)
        else:
            yield example


def _taken(stream: Iterable[Example], times: Counter[int]) -> Iterator[Example]:
    for index, example in enumerate(stream):
        for _ in range(times[index]):
            yield example
