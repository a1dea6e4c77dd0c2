"""A model behind an OpenAI-compatible server, which knows its adapters by names of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from itertools import product
from typing import Any, ClassVar

from clca.errors import ClcaError, InvalidReply
from clca.inference.api_prompts import PROBE, Completions, Extensions, Wording
from clca.inference.api_response import parse_choice
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import HttpError
from clca.inference.prompt_format import Mode
from clca.inference.requests import Answer, AnsweredCallback, G, Question, RequestGroup
from clca.inference.retry import retry, up_to
from clca.urls import NO_KEY, without_credentials

PROBE_ATTEMPTS = 2


class ServerError(ClcaError):
    """The server cannot answer: not there, no such model, no valid key, a prompt that it refuses."""


class ServerLost(ServerError):
    """The server stopped answering."""

    exit_code: ClassVar[int] = 1


class ApiModel:
    """Answers request groups through a server: an adapter by its name there, `base` where a group names none.

    Before the first request to a model a probe finds out which extensions the server supports. Where it keeps replies
    to choices, probabilities are those among the labels, and their mass is not known. Where it does not, they come
    from the 20 likeliest tokens; `labels` counts the labels whose probabilities were requested, and `outside` those
    that were not among these tokens (see `label_probabilities`).
    """

    def __init__(
        self,
        url: str,
        *,
        base: str,
        mode: Mode,
        wording: Wording | None = None,
        max_new_tokens: int = MAX_NEW_TOKENS,
        key: str = NO_KEY,
        concurrency: int = 64,
        timeout: float = 120.0,
        max_attempts: int = 6,
    ) -> None:
        self._url = url.rstrip("/")
        self._shown = without_credentials(self._url)
        self._base, self._mode = base, mode
        self._completions = Completions(wording or Wording(), mode, max_new_tokens)
        self._key, self._concurrency, self._timeout, self._max_attempts = key, concurrency, timeout, max_attempts
        self._extensions: dict[str, Extensions] = {}
        self.labels = 0
        self.outside = 0

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        """Answer the groups, in the order in which they are finished. Raises `ServerError`."""
        asyncio.run(self._predict(groups, answered))

    # ------------------------------------------------------------ groups

    async def _predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        self._probing = asyncio.Lock()
        remaining = iter(groups)
        in_flight: dict[asyncio.Task[list[Answer]], G] = {}
        async with HttpClient(key=self._key, concurrency=self._concurrency, timeout=self._timeout) as self._http:
            try:
                while True:
                    # The first question of a group goes alone: with this many, the others fill the slots.
                    while sum(len(group.questions) for group in in_flight.values()) < 4 * self._concurrency:
                        if (group := next(remaining, None)) is None:
                            break
                        in_flight[asyncio.create_task(self._answer_group(group))] = group
                    if not in_flight:
                        return
                    finished, _ = await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
                    for task in finished:
                        answered(in_flight.pop(task), task.result())
            finally:
                for task in in_flight:
                    task.cancel()
                await asyncio.gather(*in_flight, return_exceptions=True)

    async def _answer_group(self, group: RequestGroup) -> list[Answer]:
        """Ask the first question alone, so that the server has what they share in its cache for the others."""
        model = group.adapter or self._base
        async with self._probing:
            if model not in self._extensions:
                self._extensions[model] = await self._probe(model)
        first, *others = group.questions
        answers = [await self._answer(model, group, first)]
        try:
            async with asyncio.TaskGroup() as tasks:
                started = [tasks.create_task(self._answer(model, group, question)) for question in others]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return answers + [task.result() for task in started]

    async def _answer(self, model: str, group: RequestGroup, question: Question) -> Answer:
        extensions = self._extensions[model]
        body = self._completions.body(model, group.system, question.text, question.labels, extensions)
        try:
            response = await self._post(body, self._max_attempts)
            answer, outside = self._completions.answer(response, question.labels)
        except HttpError as error:
            if not error.is_transient:
                raise self._refusal(error, model) from None
            raise ServerLost(
                f"the server of {model} no longer answers ({self._described(error)}): check it, and repeat the"
                " command to resume"
            ) from None
        except InvalidReply as error:
            raise ServerError(f"{self._shown}: {self._http.redact(error.detail)}") from None
        if answer.probabilities is not None:
            self.labels += len(question.labels)
            self.outside += outside
            if extensions.choices:
                return Answer(probabilities=answer.probabilities)  # their mass among all tokens is not known
        return answer

    async def _post(self, body: dict[str, Any], max_attempts: int) -> bytes:
        text = json.dumps(body).encode()
        return await retry(lambda: self._http.post(self._url, self._completions.path, text), up_to(max_attempts))

    # ------------------------------------------------------------ what the server supports

    async def _probe(self, model: str) -> Extensions:
        """The most of vLLM's extensions that the server takes. Raises `ServerError` if it takes no request at all."""
        first_refusal: HttpError | None = None
        with_choices = (True, False) if self._mode == "probability" else (False,)
        with_variables = (True, False) if self._completions.has_variables else (False,)
        for choices, variables in product(with_choices, with_variables):
            body = self._completions.probe(model, Extensions(choices, variables))
            try:
                reply = parse_choice(await self._post(body, PROBE_ATTEMPTS)).reply
                return Extensions(choices and reply.strip() == PROBE, variables)
            except HttpError as error:
                if error.is_transient:
                    raise ServerError(f"{self._described(error)}: is the server up, and the URL right?") from None
                if error.status not in (400, 422):
                    raise self._refusal(error, model) from None
                first_refusal = first_refusal or error
            except InvalidReply as error:
                raise ServerError(
                    f"{self._shown} does not answer like an OpenAI-compatible server"
                    f" ({self._http.redact(error.detail)}): is the URL right? It usually ends in /v1"
                ) from None
        assert first_refusal is not None
        raise self._refusal(first_refusal, model)

    def _described(self, error: HttpError) -> str:
        if error.status is not None:
            return f"{self._shown} answers {error.status}: {error.message}"
        return error.message if self._shown in error.message else f"{self._shown}: {error.message}"

    def _refusal(self, error: HttpError, model: str) -> ServerError:
        if error.status is None:
            return ServerError(self._described(error))
        if error.status in (401, 403):
            return ServerError(
                f"{self._shown} refuses the key ({error.status}): set CLCA_API_KEY to one that is valid there"
            )
        if error.status == 404:
            return ServerError(
                f"{self._shown} does not answer for {model!r} (404): {error.message}; is the name right, and the URL?"
                " It usually ends in /v1"
            )
        return ServerError(f"{self._shown} refuses a request to {model} ({error.status}): {error.message}")
