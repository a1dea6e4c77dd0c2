"""Messages of a chat, in the one shape that every chat template takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

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
