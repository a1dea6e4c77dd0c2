"""A model behind an OpenAI-compatible server, its adapter under a name of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import product
from typing import ClassVar

from clca.errors import ClcaError
from clca.inference.completions_client import PROBE, Completions, Extras, Malformed, Wording
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.http_connection import Again, Connection, Refused
from clca.inference.prompt_format import Mode
from clca.inference.requests import Answer, AnsweredCallback, Question, RequestGroup, S
from clca.urls import NO_KEY

PROBE_TRIES = 2


class ServerError(ClcaError):
    """The server cannot answer: not there, no such model, no valid key, a prompt that it refuses."""


class ServerLost(ServerError):
    """The server was there and is no more."""

    exit_code: ClassVar[int] = 1


class ServerPredictor:
    """Fills in sheets by requests to the model of the adapter's name, or to `base` where they name none.

    Before the first request to a model a probe finds out what the server keeps to. Where it keeps replies to
    choices, odds are those among the labels, and their mass is not known. Where it does not, they come from
    the 20 likeliest tokens; `outside` counts the labels that were not among them (see `read_odds`).
    """

    def __init__(
        self,
        url: str,
        *,
        base: str,
        mode: Mode,
        wording: Wording | None = None,
        reply_tokens: int = MAX_NEW_TOKENS,
        key: str = NO_KEY,
        concurrency: int = 64,
        timeout: float = 120.0,
        tries: int = 6,
    ) -> None:
        self._connection = Connection(url.rstrip("/"), key, concurrency, timeout)
        self._base, self._mode = base, mode
        self._completions = Completions(wording or Wording(), mode, reply_tokens)
        self._concurrency, self._tries = concurrency, tries
        self._extras: dict[str, Extras] = {}
        self.labels = 0
        self.outside = 0

    def fill(self, sheets: Iterable[S], done: AnsweredCallback[S]) -> None:
        """Answer the sheets, in the order in which they are finished."""
        asyncio.run(self._fill(sheets, done))

    # ------------------------------------------------------------ sheets

    async def _fill(self, sheets: Iterable[S], done: AnsweredCallback[S]) -> None:
        self._probing = asyncio.Lock()
        remaining = iter(sheets)
        under_way: dict[asyncio.Task[list[Answer]], S] = {}
        async with self._connection:
            try:
                while True:
                    # The first question of a sheet goes alone: with this many, the others fill the slots.
                    while sum(len(sheet.questions) for sheet in under_way.values()) < 4 * self._concurrency:
                        if (sheet := next(remaining, None)) is None:
                            break
                        under_way[asyncio.create_task(self._answer(sheet))] = sheet
                    if not under_way:
                        return
                    finished, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    for task in finished:
                        done(under_way.pop(task), task.result())
            finally:
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)

    async def _answer(self, sheet: RequestGroup) -> list[Answer]:
        """The first question alone, so that the server has what they share in its cache for the others."""
        model = sheet.adapter or self._base
        async with self._probing:
            if model not in self._extras:
                self._extras[model] = await self._probe(model)
        first, *others = sheet.questions
        answers = [await self._ask(model, sheet, first)]
        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(self._ask(model, sheet, question)) for question in others]
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None
        return answers + [one.result() for one in asked]

    async def _ask(self, model: str, sheet: RequestGroup, question: Question) -> Answer:
        body = self._completions.body(model, sheet.system, question.text, question.labels, self._extras[model])
        try:
            data = await self._connection.post(self._completions.path, body, self._tries)
            answer, outside = self._completions.answer(data, question.labels)
        except Refused as refused:
            raise self._fault(refused, model) from None
        except Again as last:
            raise ServerLost(
                f"the server of {model} no longer answers ({last.detail}): see to it, and repeat the command to go on"
            ) from None
        except Malformed as fault:
            raise ServerError(f"{self._connection.shown}: {self._connection.clean(str(fault))}") from None
        if answer.odds is not None:
            self.labels += len(question.labels)
            self.outside += outside
            if self._extras[model].choices:
                return Answer(odds=answer.odds)  # what is left out by the choices counts nowhere
        return answer

    # ------------------------------------------------------------ what the server can do

    async def _probe(self, model: str) -> Extras:
        """The most of vLLM's additions that the server takes; a fault that has nothing to do with them is told."""
        first: Refused | None = None
        with_choices = (True, False) if self._mode == "probability" else (False,)
        with_variables = (True, False) if self._completions.has_variables else (False,)
        for choices, variables in product(with_choices, with_variables):
            extras = Extras(choices, variables)
            try:
                probe = self._completions.probe(model, extras)
                said = self._completions.reply(await self._connection.post(self._completions.path, probe, PROBE_TRIES))
                return Extras(choices and said.strip() == PROBE, variables)
            except Refused as refused:
                if refused.status not in (400, 422):
                    raise self._fault(refused, model) from None
                first = first or refused
            except Again as fault:
                raise ServerError(f"{fault.detail}: is the server up, and the URL right?") from None
            except Malformed as fault:
                said = self._connection.clean(str(fault))
                raise ServerError(
                    f"{self._connection.shown} does not answer like an OpenAI-compatible server ({said}): is the URL"
                    " right? It usually ends in /v1"
                ) from None
        assert first is not None
        raise self._fault(first, model)

    def _fault(self, refused: Refused, model: str) -> ServerError:
        shown, status, said = self._connection.shown, refused.status, refused.said
        if status in (401, 403):
            return ServerError(f"{shown} refuses the key ({status}): set CLCA_API_KEY to one that is valid there")
        if status == 404:
            return ServerError(
                f"{shown} does not answer for {model!r} (404): {said}; is the name right, and the URL? It usually ends"
                " in /v1"
            )
        return ServerError(f"{shown} refuses a question to {model} ({status}): {said}")
