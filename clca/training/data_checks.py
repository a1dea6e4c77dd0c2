"""What is looked at before a training is paid for: its rows counted, a few of them decoded, faults refused."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from clca.errors import ClcaError
from clca.models.messages import Chat
from clca.training.examples import Example, ExampleCounts, Task
from clca.training.sources import assemble
from clca.training.tokenization import Encoder, Row
from clca.training.training_sources import TrainingSources

SAMPLES = 3


class CheckError(ClcaError):
    """The rows would not teach what they are meant to: nothing, everything, or turns without an end."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A row in words: its text in pieces, each with whether it is trained."""

    example: str
    task: Task
    tokens: int
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows of one part of the split: what became of its examples, and how many tokens each row has."""

    counts: ExampleCounts = field(default_factory=ExampleCounts)
    lengths: array[int] = field(default_factory=lambda: array("I"))

    @property
    def tokens(self) -> int:
        """How many tokens the rows have."""
        return sum(self.lengths)

    @property
    def trained(self) -> int:
        """How many tokens are trained on."""
        return self.counts.trained.total()

    @property
    def longest(self) -> int:
        """Tokens of the longest row."""
        return max(self.lengths, default=0)


@dataclass(frozen=True, slots=True)
class Checked:
    """What went through the checks: decoded samples, and the counts of both splits."""

    samples: tuple[Sample, ...]
    train: Counted
    held_out: Counted


def check(sources: TrainingSources, encoder: Encoder, tokenizer: Any) -> Checked:
    """Go through every row once; raises `CheckError` for rows that must not be trained on."""
    shown = _Shown()
    train = count(
        shown.watch(_examples(sources, "train", encoder, counts := ExampleCounts())), encoder, tokenizer, counts
    )
    if not train.lengths:
        raise CheckError(f"nothing would be trained: no example gives a row (dropped: {counts.reasons})")
    held_out = count(
        _examples(sources, "held-out", encoder, held_out_counts := ExampleCounts()), encoder, tokenizer, held_out_counts
    )
    return Checked(tuple(_samples(shown.examples(), encoder, tokenizer)), train, held_out)


def count(examples: Iterable[Example], encoder: Encoder, tokenizer: Any, counts: ExampleCounts) -> Counted:
    """Count the rows of examples, and refuse those of chats that are not masked as they should be."""
    rows, control = Counted(counts), control_ids(tokenizer)
    for is_chat, group in groupby(examples, lambda example: isinstance(example.body, Chat)):
        for row in encoder.rows(group, counts):
            if is_chat:
                refuse(row, control)
            rows.lengths.append(len(row["input_ids"]))
    return rows


def refuse(row: Row, control: set[int]) -> None:
    """Raise `CheckError` for a chat's row that trains nothing, everything, or a turn without the token that ends it."""
    trained = list(spans(row["assistant_masks"]))
    if not trained:
        raise CheckError("a row trains nothing: none of its tokens carries loss")
    if trained == [(0, len(row["input_ids"]))]:
        raise CheckError("a chat trains everything, prompts included: its mask does not mark the student's turns")
    for _, end in trained:
        if row["input_ids"][end - 1] not in control:
            raise CheckError(
                "an assistant's turn does not train the token that ends it: the student could not learn to stop"
            )


def spans(mask: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The runs [start, end) of trained tokens."""
    end = 0
    for trained, run in groupby(mask):
        start, end = end, end + len(list(run))
        if trained:
            yield start, end


def control_ids(tokenizer: Any) -> set[int]:
    """The tokens that end turns are among these."""
    added = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    return added | set(tokenizer.all_special_ids)


def pieces(row: Row, tokenizer: Any) -> tuple[tuple[str, bool], ...]:
    """A row's text in pieces; each is what its tokens add to the text of those before them."""
    ids, mask = row["input_ids"], row["assistant_masks"]
    texts, before, end = [], "", 0
    for trained, run in groupby(mask):
        end += len(list(run))
        text = tokenizer.decode(ids[:end], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        texts.append((text[len(before) :], bool(trained)))
        before = text
    return tuple(texts)


class _Shown:
    """Which examples to decode: the first of each task, then the next ones."""

    def __init__(self) -> None:
        self._first: dict[Task, list[Example]] = {}

    def watch(self, examples: Iterable[Example]) -> Iterator[Example]:
        for example in examples:
            kept = self._first.setdefault(example.task, [])
            if len(kept) < SAMPLES:
                kept.append(example)
            yield example

    def examples(self) -> Iterator[Example]:
        for rank in range(SAMPLES):
            for kept in self._first.values():
                yield from kept[rank : rank + 1]


def _samples(examples: Iterable[Example], encoder: Encoder, tokenizer: Any) -> Iterator[Sample]:
    left = SAMPLES
    for example in examples:
        for row in encoder.rows([example], ExampleCounts()) if left else ():
            left -= 1
            yield Sample(example.id, example.task, len(row["input_ids"]), pieces(row, tokenizer))


def _examples(sources: TrainingSources, part: Any, encoder: Encoder, counts: ExampleCounts) -> Iterator[Example]:
    return assemble(sources, part, encoder.lengths, counts)
