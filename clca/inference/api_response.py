"""The response of an OpenAI-compatible server to a chat or a text prompt, parsed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from clca.content.parsing import validation_message
from clca.errors import FailureKind, InvalidReply
from clca.schemas import Reply

TokenLogprobs = list[tuple[str, float]]
"""The likeliest tokens at one position of a reply, with their log-probabilities."""


# Only what is needed: servers differ in the rest.
class _Part(BaseModel):
    text: str = ""


class _Message(BaseModel):
    content: str | list[_Part] | None = None


class _Token(BaseModel):
    token: str
    logprob: float | None


class _Position(BaseModel):
    top_logprobs: list[_Token] = []


class _Logprobs(BaseModel):
    content: list[_Position] | None = None  # of a chat completion
    top_logprobs: list[dict[str, float | None] | None] | None = None  # of a text completion


_Count = Annotated[int, Field(ge=0, lt=2**31)]


class _Usage(BaseModel):
    prompt_tokens: _Count | None = None
    completion_tokens: _Count | None = None


class Choice(BaseModel):
    """One reply: `message` in a chat completion, `text` in a text completion."""

    message: _Message | None = None
    text: str | None = None
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None

    @property
    def reply(self) -> str:
        content = self.message.content if self.message is not None else self.text
        return "".join(part.text for part in content) if isinstance(content, list) else content or ""

    @property
    def top_logprobs(self) -> list[TokenLogprobs] | None:
        """The likeliest tokens at each position of the reply; None if the server gave none."""
        positions: list[list[tuple[str, float | None]]]
        if self.logprobs is not None and self.logprobs.content:
            positions = [
                [(token.token, token.logprob) for token in position.top_logprobs] for position in self.logprobs.content
            ]
        elif self.logprobs is not None and self.logprobs.top_logprobs:
            positions = [list((position or {}).items()) for position in self.logprobs.top_logprobs]
        else:
            return None
        return [[(token, logprob) for token, logprob in position if logprob is not None] for position in positions]


class _Completion(BaseModel):
    choices: list[Choice]
    usage: _Usage | None = None


def parse_choice(body: bytes) -> Choice:
    """The first choice of a completion. Raises `InvalidReply` for any other body."""
    return _parse(body).choices[0]


def parse_reply(body: bytes) -> Reply:
    """The first choice of a completion, with its numbers of tokens. Raises `InvalidReply` for any other body."""
    completion = _parse(body)
    choice, usage = completion.choices[0], completion.usage or _Usage()
    return Reply(
        text=choice.reply,
        finish_reason=choice.finish_reason or "",
        prompt_tokens=usage.prompt_tokens or 0,
        completion_tokens=usage.completion_tokens or 0,
    )


def _parse(body: bytes) -> _Completion:
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError as error:
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, f"not a completion: {validation_message(error)}") from None
    if not completion.choices:
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, "a completion without choices")
    choice = completion.choices[0]
    if choice.message is None and choice.text is None:
        raise InvalidReply(FailureKind.MALFORMED_RESPONSE, "a completion whose first choice has no message and no text")
    return completion
