"""A training example before it is tokenised: a chat of roles, or plain text in two parts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from clca.models.messages import Chat

Task = Literal["dialogue", "intent", "survey", "context", "norm", "maths", "chat"]


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text, for students without a chat template too: `answer` goes on where `prompt` ends."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Example:
    """`id` says where it comes from; `group` is what a held-out split keeps together, `item` the survey's item."""

    id: str
    task: Task
    group: str
    body: Chat | Text
    item: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a source yields in place of an example that it cannot make; `reason` is counted."""

    reason: str
    group: str


@dataclass(slots=True)
class ExampleCounts:
    """What became of the material: rows and tokens by task, rows that were cut, and what was dropped by reason.

    `items` counts the rows of each survey item.
    """

    rows: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    trained: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)

    @property
    def reasons(self) -> str:
        """What was dropped, in words."""
        return ", ".join(f"{count:,} x {reason}" for reason, count in self.dropped.items())
