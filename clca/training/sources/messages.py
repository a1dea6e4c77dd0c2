"""The user's own chats: JSONL lines with `messages`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clca.errors import ContentError
from clca.models.messages import Chat, Message, Role
from clca.training.examples import Example
from clca.training.sources.files import records, source_files
from clca.training.training_sources import TrainingSources


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Role
    content: str


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    messages: Annotated[tuple[_Said, ...], Field(min_length=2)]


def chats(sources: TrainingSources) -> Iterator[Example]:
    """Each line one example; chats that begin alike stay in one part of the split."""
    for source in source_files(sources, "chat", 'JSONL lines {"messages": [{"role": ..., "content": ...}, ...]}'):
        for where, number, line in records(source, _Line):
            try:
                chat = Chat.of(Message(message.role, message.content) for message in line.messages)
            except ValueError as error:
                raise ContentError(where, number, str(error)) from None
            first = next(message.content for message in chat.messages if message.role == "user")
            yield Example(f"{where}:{number}", "chat", first, chat)
