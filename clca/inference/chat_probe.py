"""A few chats with a server before a run: how it wants its requests, and whether it keeps replies to a schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from clca.errors import FailureKind, InvalidReply, TeacherError
from clca.inference.api_response import NO_STREAMS, STREAM, Completion
from clca.inference.dialect import THINKING_TOKENS, Dialect
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import HttpError
from clca.inference.openai_client import request
from clca.inference.parse_reply import parse
from clca.inference.probe_request import repeated, unusable
from clca.inference.reply_schema import schema, separated
from clca.schemas import Answer
from clca.urls import without_credentials

PATH, RESPONSE_FORMAT = "/chat/completions", "response_format"
ATTEMPTS = 2  # at a reply that fits the schema
MAX_TOKENS, MAX_TOKENS_IF_CUT = 64, 512
_NO_SCHEMA = re.compile(r"response_format|json_schema|structured output|guided|grammar", re.I)


class Probe(Answer):
    """An answer that no model gives to a greeting, unless the schema leaves it no choice."""

    code: Literal["k7"]


# Every prompt of a run has a system message, which some chat templates refuse.
MESSAGES = (
    {"role": "system", "content": "You are a friend of the user."},
    {"role": "user", "content": "Good morning! How are you?"},
)
# No model writes such separators unless the backend `guidance` takes them from the schema.
ODD_SEPARATORS = {"whitespace_flexible": False, "item_separator": " , ", "key_separator": " :  "}
SEPARATED = '{"code" :  "k7"}'


def is_schema_refusal(error: HttpError) -> bool:
    """Whether a server rejects a request for the schema that it carries."""
    return error.status in (400, 422) and _NO_SCHEMA.search(error.message) is not None


@dataclass(frozen=True, slots=True)
class ChatTraits:
    """How a server wants its requests, and whether it keeps replies to a schema.

    With `assumed` it was too busy to show that, and is taken to do so.
    """

    dialect: Dialect
    structured: bool
    assumed: bool


class ChatProbe:
    """Finds out in a few chats how a server wants its requests, and whether it keeps replies to a schema.

    A reply that is not as it should be decides nothing: the server is asked again.
    """

    def __init__(self, http: HttpClient, url: str, model: str) -> None:
        self._http, self._url, self._model = http, url, model
        self._dialect, self._max_tokens = Dialect(), MAX_TOKENS
        self._asks_for_schema = self._asks_for_separators = True

    async def result(self) -> ChatTraits:
        """What was found out. Raises `Unreachable` or `TeacherError`."""
        structured = assumed = False
        for seed in range(ATTEMPTS):
            try:
                structured = self._is_structured(await self._chat(seed))
            except InvalidReply as error:
                if error.detail == STREAM:
                    raise TeacherError(f"{without_credentials(self._url)} {NO_STREAMS}") from None
            except HttpError as error:
                if error.kind in (FailureKind.RATE_LIMIT, FailureKind.SERVER_ERROR, FailureKind.TIMEOUT):
                    structured = assumed = True
                elif error.kind is not FailureKind.CONTENT_FILTER and not is_schema_refusal(error):
                    raise self._refusal(error) from None
            if structured or not self._asks_for_schema:
                break
        return ChatTraits(self._dialect, structured, assumed)

    async def _chat(self, seed: int) -> Completion:
        """A completion, after as many requests as it takes to learn what the server refuses and whether it thinks."""
        while True:
            body = self._body(seed)
            try:
                completion = await repeated(self._http, partial(self._post, body))
            except HttpError as error:
                self._dialect = self._adapted(error, body)
                continue
            is_cut, thinks = completion.finish_reason in ("length", "thinking"), self._dialect.thinks
            self._dialect = replace(
                self._dialect,
                counts_tokens=completion.completion_tokens is not None,
                thinks=thinks or completion.thought,
            )
            if completion.finish_reason == "thinking" and thinks:
                raise TeacherError(
                    f"{without_credentials(self._url)}: {self._model} thinks for more than {THINKING_TOKENS:,} tokens"
                    " before it answers a greeting: turn thinking off at the server, or use another model"
                )
            if is_cut and completion.thought and not thinks:
                continue
            if is_cut and self._max_tokens < MAX_TOKENS_IF_CUT and not completion.thought:
                self._max_tokens = MAX_TOKENS_IF_CUT  # it may think without a mark at the beginning
                continue
            return completion

    def _adapted(self, error: HttpError, body: Mapping[str, Any]) -> Dialect:
        """The dialect without what the server refuses. Raises the error where a request cannot do without it."""
        if RESPONSE_FORMAT in body and is_schema_refusal(error):
            # Perhaps it refuses only schemas with keys that it does not know.
            self._asks_for_schema, self._asks_for_separators = self._asks_for_separators, False
            return self._dialect
        adapted = self._dialect.after(error, body)
        if adapted is None:
            raise error
        return adapted

    def _is_structured(self, completion: Completion) -> bool:
        """Whether the reply is the one that the schema allows. Raises `InvalidReply`."""
        if not self._asks_for_schema:
            return False
        parse(completion.reply, Probe)
        self._dialect = replace(self._dialect, separators=completion.text.strip() == SEPARATED)
        return True

    def _body(self, seed: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": MESSAGES,
            "temperature": 0.0,
            "top_p": 0.7,
            "max_tokens": self._max_tokens,
            "seed": seed,
        }
        if self._asks_for_schema:
            json_schema = schema(Probe)
            if self._asks_for_separators:
                json_schema = separated(json_schema, ODD_SEPARATORS)
            body[RESPONSE_FORMAT] = {"type": "json_schema", "json_schema": {"name": "probe", "schema": json_schema}}
        return self._dialect.body(body)

    async def _post(self, body: Mapping[str, Any], seconds: float) -> Completion:
        # Not by the package's typed resources for chats, which take longer to import than to use.
        response = await request(
            self._http, self._url, seconds, lambda client: client.post(PATH, cast_to=bytes, body=body)
        )
        return self._http.completion(self._url, response)

    def _refusal(self, error: HttpError) -> TeacherError:
        if error.status == 404:
            return TeacherError(f"{error.url} does not answer for {self._model!r}: {error.message}")
        if error.status in (400, 422, 501):
            return TeacherError(f"{error.url} refuses a plain request to {self._model}: {error.message}")
        return unusable(error)
