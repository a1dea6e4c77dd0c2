"""What an OpenAI-compatible server replies to a chat, read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from clca.content.parsing import describe
from clca.errors import InvalidReply
from clca.schemas import Reply


# What is read of a chat completion: servers differ in all that is not needed here, and the
# package's own types, when they are enforced, refuse many of them.
class _Part(BaseModel):
    text: str = ""


class _Message(BaseModel):
    content: str | list[_Part] | None = None

    def text(self) -> str:
        parts = self.content if isinstance(self.content, list) else [_Part(text=self.content or "")]
        return "".join(part.text for part in parts)


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


_Count = Annotated[int, Field(ge=0, lt=2**31)]


class _Usage(BaseModel):
    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None


class _Completion(BaseModel):
    choices: list[_Choice]
    usage: _Usage | None = None


def read_completion(data: bytes) -> Reply:
    """The reply in a chat completion; a body that is none is an `InvalidReply`."""
    try:
        completion = _Completion.model_validate_json(data)
    except ValidationError as error:
        raise InvalidReply("malformed response", f"not a chat completion: {describe(error)}") from None
    if not completion.choices:
        raise InvalidReply("malformed response", "a chat completion without choices")
    choice, usage = completion.choices[0], completion.usage or _Usage()
    return Reply(
        text=choice.message.text(),
        finish_reason=choice.finish_reason or "",
        prompt_tokens=usage.prompt_tokens or 0,
        completion_tokens=usage.completion_tokens or 0,
    )
