"""The user's own chats: JSONL lines with `messages`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clca.errors import ContentError
from clca.models.messages import Chat, Message, Role
from clca.training.examples import Example
from clca.training.material import TrainingSources
from clca.training.sources.files import given, records


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Role
    content: str


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    messages: Annotated[tuple[_Said, ...], Field(min_length=2)]


def chats(material: TrainingSources) -> Iterator[Example]:
    """Each line one example; chats that begin alike stay in one part of the split."""
    for source in given(material, "chat", 'JSONL lines {"messages": [{"role": ..., "content": ...}, ...]}'):
        for where, number, one in records(source, _Line):
            try:
                chat = Chat.of(Message(said.role, said.content) for said in one.messages)
            except ValueError as error:
                raise ContentError(where, number, str(error)) from None
            first = next(said.content for said in chat.messages if said.role == "user")
            yield Example(f"{where}:{number}", "chat", first, chat)
