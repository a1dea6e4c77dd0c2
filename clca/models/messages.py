"""Chats in the order of roles that every chat template accepts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Role = Literal["system", "user", "assistant"]


class Message(NamedTuple):
    """A message of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Chat:
    """Messages in the order that every chat template accepts: [system] (user assistant)+.

    No content is empty or has white space around it, which some templates would strip. Raises `ValueError` otherwise.
    Training computes the loss on all of the assistant's messages, or on the `last` one only.
    """

    messages: tuple[Message, ...]
    loss_on: Literal["all", "last"] = "all"

    def __post_init__(self) -> None:
        turns = self.messages[1:] if self.messages and self.messages[0].role == "system" else self.messages
        roles = [message.role for message in turns]
        if not roles or roles != ["user", "assistant"] * (len(roles) // 2):
            order = ", ".join(message.role for message in self.messages) or "nothing"
            raise ValueError(f"roles must be [system,] user, assistant, user, assistant...; given: {order}")
        if any(not message.content or message.content != message.content.strip() for message in self.messages):
            raise ValueError("a message is empty or has white space around it")

    @classmethod
    def of(cls, messages: Iterable[Message], loss_on: Literal["all", "last"] = "all") -> Chat:
        """A chat of any messages: contents stripped, successive messages of a role joined, unanswered ones dropped."""
        joined: list[Message] = []
        for role, content in messages:
            if not content.strip():
                raise ValueError(f"an empty message of the {role}")
            if joined and joined[-1].role == role:
                joined[-1] = Message(role, f"{joined[-1].content}\n{content.strip()}")
            else:
                joined.append(Message(role, content.strip()))
        while joined and joined[-1].role != "assistant":
            joined.pop()
        return cls(tuple(joined), loss_on)
