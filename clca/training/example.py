"""A training example before it is tokenised: a chat of roles, or plain text in two parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Task = Literal["dialogue", "intent", "survey", "context", "norm", "maths", "chat"]
Role = Literal["system", "user", "assistant"]


class Message(NamedTuple):
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Chat:
    """Messages in the one shape that every student's template takes: [system] (user assistant)+.

    No content is empty or has white space around it, which some templates would cut off.
    """

    messages: tuple[Message, ...]

    def __post_init__(self) -> None:
        turns = self.messages[1:] if self.messages and self.messages[0].role == "system" else self.messages
        roles = [message.role for message in turns]
        if not roles or roles != ["user", "assistant"] * (len(roles) // 2):
            given = ", ".join(message.role for message in self.messages) or "nothing"
            raise ValueError(f"messages must be [system,] user, assistant, user, assistant...; given: {given}")
        if any(not message.content or message.content != message.content.strip() for message in self.messages):
            raise ValueError("a message is empty or has white space around it")

    @classmethod
    def of(cls, messages: Iterable[Message]) -> Chat:
        """Trim the contents, join what one role says in a row, and leave off what no assistant answers."""
        joined: list[Message] = []
        for role, content in messages:
            if not content.strip():
                raise ValueError(f"a message of the {role} is empty")
            if joined and joined[-1].role == role:
                joined[-1] = Message(role, f"{joined[-1].content}\n{content.strip()}")
            else:
                joined.append(Message(role, content.strip()))
        while joined and joined[-1].role != "assistant":
            joined.pop()
        return cls(tuple(joined))


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text, for students without a chat template too: `answer` goes on where `prompt` ends."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Example:
    """`id` says where it comes from; `group` is what a held-out split keeps together."""

    id: str
    task: Task
    group: str
    body: Chat | Text


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a source yields in place of an example that it cannot make; `reason` is counted."""

    reason: str
    group: str


@dataclass(slots=True)
class Tally:
    """What became of the material: rows and tokens by task, rows that were cut, and what was dropped by reason."""

    rows: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    trained: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def reasons(self) -> str:
        """What was dropped, in words."""
        return ", ".join(f"{count:,} x {reason}" for reason, count in self.dropped.items())
