"""A training example before it is tokenised: a chat of roles, or plain text in two parts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from clca.models.adapter_info import SharedText
from clca.models.messages import Chat

if TYPE_CHECKING:  # it needs numpy
    from clca.contamination.index import Hit

MOST_HITS = 100  # that are listed

Task = Literal["dialogue", "intent", "survey", "context", "norm", "maths", "chat"]


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text, for students without a chat template too: `answer` goes on where `prompt` ends."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Example:
    """`id` says where it comes from; `group` is what a held-out split keeps together, `item` the survey's item.

    `run` is the number of the run that its dialogue is of, counted from 0; None for what is of no run.
    `culture` is the id of the culture that it is about, "" where the source does not tell.
    """

    id: str
    task: Task
    group: str
    body: Chat | Text
    item: str = ""
    run: int | None = None
    culture: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a source yields in place of an example that it cannot make; `reason` is counted.

    `hits` are the texts of evaluations that it shares, where that is the reason.
    """

    reason: str
    group: str
    hits: tuple[Hit, ...] = ()


@dataclass(slots=True)
class ExampleCounts:
    """What became of the material: rows and tokens by task, rows that were cut, and what was dropped by reason.

    `items` counts the rows of each survey item, `shared` what was left out for sharing a text with an evaluation, by
    evaluation; `hits` are the first of these texts.
    """

    rows: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    trained: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    shared: Counter[str] = field(default_factory=Counter)
    hits: list[SharedText] = field(default_factory=list)

    def drop(self, dropped: Dropped) -> None:
        """Count what was dropped, and note the texts that it shares."""
        self.dropped[dropped.reason] += 1
        self.shared.update({hit.evaluation for hit in dropped.hits})
        for hit in dropped.hits[: MOST_HITS - len(self.hits)]:
            self.hits.append(SharedText(source=dropped.group, **dict(hit)))

    @property
    def reasons(self) -> str:
        """What was dropped, in words."""
        return ", ".join(f"{count:,} x {reason}" for reason, count in self.dropped.items())
