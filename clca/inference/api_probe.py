"""What the server of an evaluation is asked first: how it wants requests, and whether it keeps replies to choices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from clca.errors import FailureKind, InvalidReply
from clca.inference.api_errors import ServerError, described, refusal
from clca.inference.api_prompts import PROBE, Completions
from clca.inference.api_response import NO_STREAMS, STREAM, Completion
from clca.inference.dialect import STANDARD, THINKING_TOKENS, Dialect
from clca.inference.http_errors import UNREACHABLE, HttpError

ATTEMPTS = 3  # at a reply that shows something
MAX_TOKENS, MAX_TOKENS_OF_CHAT = 4, 256  # an instruct model ends a greeting before, a reasoning one often its thoughts
_EXTENSIONS = ("structured_outputs", "chat_template_kwargs")


@dataclass(frozen=True, slots=True)
class ApiTraits:
    """How a server wants requests to a model; `choices`: whether it keeps replies to a choice."""

    dialect: Dialect
    choices: bool


class ApiProbe:
    """Finds out the traits of a server for one model; `send` sends it a request.

    A reply that is not as it should be decides nothing: the server is asked again. `known` are the traits for another
    model of the same server.
    """

    def __init__(
        self,
        server: str,
        model: str,
        completions: Completions,
        send: Callable[[dict[str, Any]], Awaitable[Completion]],
        known: ApiTraits | None = None,
    ) -> None:
        self._server, self._model, self._completions, self._send = server, model, completions, send
        self._dialect = STANDARD if known is None else known.dialect
        self._choices = completions.mode == "probability"
        looks_for_thoughts = known is None and completions.wording.format == "chat" and not self._choices
        self._max_tokens = MAX_TOKENS_OF_CHAT if looks_for_thoughts else MAX_TOKENS
        self._first_refusal: HttpError | None = None

    async def traits(self) -> ApiTraits:
        """The traits. Raises `ServerError` where the server takes no request, or answers like no OpenAI server."""
        fault = ""
        for _ in range(ATTEMPTS):
            try:
                completion = await self._greet()
            except InvalidReply as error:
                fault = error.detail
                continue
            except HttpError as error:
                if error.kind is FailureKind.CONTENT_FILTER:
                    continue
                if error.is_transient:
                    question = ": is the server up, and the URL right?" if error.kind in UNREACHABLE else ""
                    raise ServerError(described(error, self._server) + question) from None
                raise refusal(self._first_refusal or error, self._server, self._model) from None
            fault = ""
            if not self._choices or completion.text.strip() == PROBE:
                return ApiTraits(self._dialect, self._choices)
        if fault == STREAM:
            raise ServerError(f"{self._server} {NO_STREAMS}")
        if fault:
            raise ServerError(
                f"{self._server} does not answer like an OpenAI-compatible server ({fault}): is the URL right?"
                " It usually ends in /v1"
            )
        return ApiTraits(self._dialect, choices=False)

    async def _greet(self) -> Completion:
        """A completion, after as many requests as it takes to learn what the server refuses and whether it thinks."""
        while True:
            probe = self._completions.probe(self._model, self._max_tokens, choices=self._choices)
            body = self._dialect.body(probe)
            try:
                completion = await self._send(body)
            except HttpError as error:
                self._dialect = self._adapted(error, body)
                self._choices = self._choices and "structured_outputs" not in self._dialect.dropped
                continue
            if not completion.thought:
                return completion
            if self._completions.mode == "probability":
                raise self._thinks("so that its first token says nothing of the labels: use --mode generate")
            if self._dialect.thinks and completion.finish_reason == "thinking":
                raise self._thinks(
                    f"for more than {THINKING_TOKENS:,} tokens: turn thinking off at the server, or use another model"
                )
            is_cut = completion.finish_reason in ("length", "thinking") and not self._dialect.thinks
            self._dialect = replace(self._dialect, thinks=True)
            if not is_cut:
                return completion

    def _adapted(self, error: HttpError, body: Mapping[str, Any]) -> Dialect:
        """The dialect without what the server refuses. Raises the error where a request cannot do without it."""
        adapted = self._dialect.after(error, body)
        if adapted is None and error.status in (400, 422):  # it may be an extension, though it does not say so
            extension = next((name for name in _EXTENSIONS if name in body), None)
            if extension is not None:
                adapted = replace(self._dialect, dropped=(*self._dialect.dropped, extension))
        self._first_refusal = self._first_refusal or error
        if adapted is None:
            raise error
        return adapted

    def _thinks(self, consequence: str) -> ServerError:
        return ServerError(f"{self._server}: {self._model} thinks before it answers, {consequence}")
