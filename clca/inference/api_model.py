"""A model behind an OpenAI-compatible server, which knows its adapters by names of their own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic_core import to_json

from clca.errors import FailureKind, InvalidReply, RequestFailed
from clca.inference.api_connection import ApiConnection, LiveServers, shown_as
from clca.inference.api_errors import ServerError, ServerLost, lost, refusal
from clca.inference.api_probe import ApiProbe, ApiTraits
from clca.inference.api_prompts import NO_LOGPROBS, Completions, Wording
from clca.inference.api_response import Completion
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.http_errors import HttpError
from clca.inference.parse_reply import INVALID
from clca.inference.prompt_format import Mode
from clca.inference.requests import Answer, AnsweredCallback, G, Question, RequestGroup
from clca.inference.sessions import Sessions
from clca.urls import NO_KEY

__all__ = ["ApiModel", "ServerError", "ServerLost"]

PROBE_ATTEMPTS = 2
REPLY_ATTEMPTS = 3  # at a reply that is an answer


class ApiModel:
    """Answers request groups through `server`, a base URL or replicas that come and go: an adapter by its name there,
    `base` where a group names none.

    Before the first request to a model a probe finds out how the server wants requests. Where it keeps replies to
    choices, probabilities are those among the labels, and their mass is not known. Where it does not, they come
    from the 20 likeliest tokens; `labels` counts the labels whose probabilities were requested, and `outside` those
    that were not among these tokens (see `label_probabilities`).

    A reply that is no answer is asked for again, and then left as a failure; `invalid` counts such replies by kind.
    Requests that begin alike name the same session (`Sessions`), by which replicas, or a router in front of some, keep
    them together; `losses` counts replicas that were lost on the way.
    """

    def __init__(
        self,
        server: str | LiveServers,
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
        self._server = server.rstrip("/") if isinstance(server, str) else server
        self._shown = shown_as(server)
        self._base, self._mode = base, mode
        self._completions = Completions(wording or Wording(), mode, max_new_tokens)
        self._key, self._concurrency, self._timeout, self._max_attempts = key, concurrency, timeout, max_attempts
        self._traits: dict[str, ApiTraits] = {}
        self._sessions = Sessions()
        self._answered = 0
        self.losses = 0
        self.labels = 0
        self.outside = 0
        self.invalid = Counter[FailureKind]()

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        """Answer the groups, in the order in which they are finished. Raises `ServerError`."""
        asyncio.run(self._predict(groups, answered))

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be known of the answers: what requests left out, and replies that were asked for again."""
        notes = [f"The server {note}." for traits in self._traits.values() for note in traits.dialect.notes]
        if self.invalid:
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in self.invalid.most_common())
            count = self.invalid.total()
            notes.append(f"Requests repeated since the reply was no answer: {count:,} ({kinds}).")
        if self.losses:
            were = "replica was" if self.losses == 1 else "replicas were"
            notes.append(f"{self.losses:,} {were} lost on the way, and the requests moved to others.")
        return tuple(dict.fromkeys(notes))

    # ------------------------------------------------------------ groups

    async def _predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        self._probing = asyncio.Lock()
        remaining = iter(groups)
        in_flight: dict[asyncio.Task[list[Answer]], G] = {}
        self._connection = ApiConnection(
            self._server, key=self._key, concurrency=self._concurrency, timeout=self._timeout
        )
        async with self._connection:
            try:
                while True:
                    # The first question of a group goes alone: with this many, the others fill the slots.
                    while sum(len(group.questions) for group in in_flight.values()) < 4 * self._concurrency:
                        if (group := next(remaining, None)) is None:
                            break
                        answering = self._answer_group(group, self._sessions.of(group))
                        in_flight[asyncio.create_task(answering)] = group
                    if not in_flight:
                        return
                    finished, _ = await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
                    for task in finished:
                        answered(in_flight.pop(task), task.result())
            finally:
                for task in in_flight:
                    task.cancel()
                await asyncio.gather(*in_flight, return_exceptions=True)
                if not isinstance(self._server, str):
                    self.losses += self._connection.losses

    async def _answer_group(self, group: RequestGroup, session: str) -> list[Answer]:
        """Ask the first question alone, so that the server has what they share in its cache for the others."""
        model = group.adapter or self._base
        async with self._probing:
            if model not in self._traits:
                known = next(iter(self._traits.values()), None)
                send_probe = partial(self._complete, max_attempts=PROBE_ATTEMPTS, session=session)
                probe = ApiProbe(self._shown, model, self._completions, send_probe, known)
                self._traits[model] = await probe.traits()
        first, *others = group.questions
        answers = [await self._answer(model, group, first, session)]
        try:
            async with asyncio.TaskGroup() as tasks:
                started = [tasks.create_task(self._answer(model, group, question, session)) for question in others]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return answers + [task.result() for task in started]

    async def _answer(self, model: str, group: RequestGroup, question: Question, session: str) -> Answer:
        """The answer, or why there is none after several attempts."""
        failure = FailureKind.EMPTY_REPLY
        for _ in range(REPLY_ATTEMPTS):
            try:
                answer = await self._ask(model, group, question, session)
            except InvalidReply as error:
                if error.detail == NO_LOGPROBS and not self._answered:
                    raise ServerError(f"{self._shown}: {NO_LOGPROBS}: use --mode generate") from None
                failure = error.kind
            except RequestFailed as error:
                return Answer(failure=error.kind)
            except HttpError as error:
                if error.is_transient:
                    raise lost(error, self._shown, model) from None
                if error.kind not in INVALID:
                    raise refusal(error, self._shown, model) from None
                failure = error.kind
            else:
                self._answered += 1
                return answer
            self.invalid[failure] += 1
        return Answer(failure=failure)

    async def _ask(self, model: str, group: RequestGroup, question: Question, session: str) -> Answer:
        """The answer. Raises `InvalidReply` for a reply that is none, `HttpError` where the server gives no reply."""
        completions = self._completions
        while True:
            dialect, choices = (traits := self._traits[model]).dialect, traits.choices
            plain = completions.body(model, group.system, question.text, question.labels, choices=choices)
            body = dialect.body(plain)
            try:
                completion = await self._complete(body, self._max_attempts, session)
            except HttpError as error:
                adapted = self._traits[model].dialect.after(error, body)
                if adapted is None:
                    raise
                self._traits[model] = ApiTraits(adapted, choices and "structured_outputs" not in adapted.dropped)
                continue
            if completions.mode == "generate" and dialect.is_short_for(completion):
                self._traits[model] = ApiTraits(replace(self._traits[model].dialect, thinks=True), choices)
                continue
            break
        answer, outside = completions.answer(completion, question.labels)
        if answer.probabilities is not None:
            self.labels += len(question.labels)
            self.outside += outside
            if choices:
                return Answer(probabilities=answer.probabilities)  # their mass among all tokens is not known
        return answer

    async def _complete(self, body: dict[str, Any], max_attempts: int, session: str) -> Completion:
        return await self._connection.complete(self._completions.path, to_json(body), max_attempts, session)
