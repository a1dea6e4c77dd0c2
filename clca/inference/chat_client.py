"""A teacher behind an OpenAI-compatible chat API, on one or several servers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from clca.errors import FailureKind, InvalidReply, RequestFailed, TeacherLost
from clca.inference.chat_probe import PATH, RESPONSE_FORMAT, is_schema_refusal
from clca.inference.dialect import STANDARD, Dialect
from clca.inference.failover import FailoverClient
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import UNREACHABLE, HttpError
from clca.inference.load_balancer import LoadBalancer, Replica
from clca.inference.parse_reply import INVALID
from clca.inference.probe_request import Unreachable
from clca.inference.protocol import Request
from clca.inference.reply_schema import schema, separated
from clca.inference.server_probe import ProbedServer, probe_server
from clca.inference.server_state import ServerState
from clca.inference.vllm.metrics import MetricsReader
from clca.schemas import Reply
from clca.urls import without_credentials

MAX_TIMEOUTS = 2  # attempts of a request that times out
LOOKS = 3  # at whether a server still answers
_TOO_LONG = re.compile(r"context length|maximum context|max_model_len|too many tokens|context window|too long", re.I)


class ChatClient:
    """The model `model`, which servers may also know under the names `also`, at one or several URLs.

    At most `concurrency` requests are in flight. Each may take `timeout` seconds, and has `max_attempts` attempts. The
    one server at a `unix_socket` has a URL that only names it.
    """

    def __init__(
        self,
        model: str,
        urls: Sequence[str],
        *,
        also: Sequence[str] = (),
        key: str,
        concurrency: int,
        timeout: float,
        max_attempts: int,
        unix_socket: Path | None = None,
    ) -> None:
        self.name = model
        self._names = (model, *also)
        self._http = HttpClient(key=key, concurrency=concurrency, timeout=timeout, unix_socket=unix_socket)
        # Twice as many dialogues as requests are under way, and as many scenarios may be.
        self._balancer = LoadBalancer(urls, model, max_owners=4 * concurrency + 64)
        self._client = FailoverClient(self._http, self._balancer, max_attempts=max_attempts, max_timeouts=MAX_TIMEOUTS)
        self._metrics = {replica: MetricsReader(replica.url, unix_socket) for replica in self._balancer.replicas}
        self._answered = 0

    # ------------------------------------------------------------ start and end

    async def check(self) -> list[str]:
        """Probe every server; returns notices for the user.

        A replica that cannot be reached is left out as long as there is another. Raises `TeacherError` for a wrong
        key or model name, and if no server can be reached.
        """
        replicas = self._balancer.replicas
        async with self._http:  # the run may have another event loop than the check
            # All of them are awaited: a probe that is cancelled while it connects leaves a warning of the HTTP library.
            outcomes = await asyncio.gather(
                *(probe_server(self._http, replica.url, self._names) for replica in replicas), return_exceptions=True
            )
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, Unreachable):
                raise outcome
        probes = dict(zip(replicas, outcomes, strict=True))
        up = {replica: probe for replica, probe in probes.items() if isinstance(probe, ProbedServer)}
        down = {replica: probe for replica, probe in probes.items() if isinstance(probe, Unreachable)}
        if not up:
            raise next(iter(down.values()))
        for replica, probe in up.items():
            self._balancer.succeeded(replica)
            _take_probe(replica, probe)
        first = next(iter(up.values()))
        for replica in down:  # should it come up, it is used like the others
            self._balancer.failed(replica, gone=True)
            replica.model, replica.structured, replica.dialect = first.model, first.structured, first.dialect
        notices = [
            f"{without_credentials(replica.url)} {note}" for replica, probe in up.items() for note in _notes(probe)
        ]
        roots = sorted({replica.root for replica in up if replica.root is not None})
        if len(roots) > 1:
            notices.append(f"the servers of {self.name} loaded it from different places: {', '.join(roots)}")
        return notices + [f"{error}; continuing without it" for error in down.values()]

    async def use(self, urls: Sequence[str]) -> None:
        """Give requests to the servers at these URLs, a new one once it passed its probe, and to no others.

        The last server is kept until there is another.
        """
        known = {replica.url for replica in self._balancer.replicas}
        new = [url for url in urls if url not in known]
        outcomes = await asyncio.gather(
            *(probe_server(self._http, url, self._names) for url in new), return_exceptions=True
        )
        for url, outcome in zip(new, outcomes, strict=True):
            if isinstance(outcome, ProbedServer):  # another is probed again the next time
                replica = Replica(url, outcome.model)
                _take_probe(replica, outcome)
                self._metrics[replica] = MetricsReader(url)
                self._balancer.add(replica)
        for replica in [replica for replica in self._balancer.replicas if replica.url not in urls]:
            self._balancer.remove(replica)

    @property
    def any_up(self) -> bool:
        """Whether any server takes requests."""
        return self._balancer.any_up

    def stop(self) -> None:
        """Give up all requests in flight."""
        self._client.stop()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def observe(self) -> None:
        """Read the own metrics of the servers in use."""
        await asyncio.gather(*(self._metrics[replica].read() for replica in self._balancer.replicas))

    @property
    def servers(self) -> list[ServerState]:
        """The state of each replica that is or was in use, with its throughput so far."""
        return [
            ServerState(
                url=without_credentials(replica.url),
                model=replica.model,
                root=replica.root,
                structured_outputs=replica.structured,
                up=replica.up,
                losses=replica.losses,
                throughput=metrics.throughput,
                adjustments=replica.dialect.notes,
                slowdowns=replica.slowdowns,
            )
            for replica, metrics in self._metrics.items()
        ]

    # ------------------------------------------------------------ requests

    async def answer(self, request: Request) -> Reply:
        """The reply to a request, which is repeated and moved to another replica where that may help.

        Each attempt after a time-out has twice the time. Raises `RequestFailed` or `InvalidReply` for this request,
        `TeacherLost` for all.
        """
        at_first_failure: int | None = None
        seconds = self._http.timeout

        async def send(replica: Replica) -> Reply:
            nonlocal at_first_failure, seconds
            try:
                return await self._send(request, replica, seconds)
            except HttpError as error:
                at_first_failure = self._answered if at_first_failure is None else at_first_failure
                if error.kind is FailureKind.TIMEOUT:
                    seconds *= 2
                raise

        try:
            return await self._client.request(request.owner, send)
        except HttpError as error:
            is_slow = error.kind is FailureKind.TIMEOUT and self._answered != at_first_failure
            if error.kind in UNREACHABLE and not is_slow and not await self._any_server_answers():
                raise TeacherLost(self._all_gone(error)) from None
            if error.is_denied and not self._balancer.any_up:
                raise TeacherLost(self._denial(error)) from None
            raise self._failure(error) from None

    async def _send(self, request: Request, replica: Replica, seconds: float) -> Reply:
        dialect = replica.dialect
        body = request_body(request, replica.model, structured=replica.structured, dialect=dialect)
        try:
            completion = await self._http.complete(replica.url, PATH, to_json(body), seconds, session=request.owner)
        except HttpError as error:
            if not self._adapt(replica, error, body):
                raise
            return await self._send(request, replica, seconds)
        self._answered += 1
        if dialect.is_short_for(completion):
            replica.dialect = replace(replica.dialect, thinks=True)
            return await self._send(request, replica, seconds)
        return completion.reply

    def _adapt(self, replica: Replica, error: HttpError, body: Mapping[str, Any]) -> bool:
        """Whether the request that the replica refused can be sent otherwise, as are all those after it."""
        if RESPONSE_FORMAT in body and is_schema_refusal(error):
            # It takes schemas, but not this one. The prompts ask for JSON as well, and replies are checked.
            replica.structured = False
            return True
        dialect = replica.dialect.after(error, body)
        if dialect is not None:
            replica.dialect = dialect
        return dialect is not None

    def _failure(self, error: HttpError) -> RequestFailed | InvalidReply:
        """The failure of one request, as it is recorded."""
        if error.kind in INVALID:
            return InvalidReply(error.kind, error.message)
        if error.is_denied:
            return RequestFailed(FailureKind.BAD_REQUEST, self._denial(error))
        if error.kind is FailureKind.BAD_REQUEST and _TOO_LONG.search(error.message):
            return RequestFailed(FailureKind.PROMPT_TOO_LONG, error.message)
        remedy = "; the server is up: raise --timeout, or lower --concurrency"
        return RequestFailed(error.kind, error.detail + (remedy if error.kind is FailureKind.TIMEOUT else ""))

    def _denial(self, error: HttpError) -> str:
        if error.status == 402:
            return f"{error.url} asks for payment (402): {error.message}"
        if error.status == 404:
            return f"{error.url} no longer serves {self.name!r}: {error.message}"
        return f"{error.url} no longer accepts the key ({error.status}): {error.message}"

    def _all_gone(self, error: HttpError) -> str:
        count = len(self._balancer.replicas)
        servers, answer, them = ("server", "answers", "it") if count == 1 else (f"{count} servers", "answer", "them")
        return (
            f"the {servers} of {self.name} no longer {answer} ({error.message}): start {them} again and repeat the"
            " command to resume"
        )

    async def _any_server_answers(self) -> bool:
        """Whether any server still answers a simple request: one that hangs as a whole does not.

        One that is busy may be late, and is asked up to three times.
        """

        async def answers(replica: Replica) -> bool:
            for _ in range(LOOKS):
                try:
                    await self._http.get(replica.url, "/models", self._http.connect_timeout)
                except HttpError as error:
                    if error.kind is not FailureKind.TIMEOUT:
                        return error.kind not in UNREACHABLE
                else:
                    return True
            return False

        return any(await asyncio.gather(*map(answers, self._balancer.replicas)))


def request_body(
    request: Request, model: str, *, structured: bool = True, dialect: Dialect = STANDARD
) -> dict[str, Any]:
    """What is posted for a request in the dialect of a server; with `structured` it carries the answer schema."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": request.messages,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
    }
    if request.stop:
        body["stop"] = request.stop
    if structured and request.form == "json":
        json_schema = schema(request.answer)
        if dialect.separators:
            json_schema = separated(json_schema)
        body[RESPONSE_FORMAT] = {
            "type": "json_schema",
            "json_schema": {"name": request.task, "schema": json_schema},
        }
    return dialect.body(body)


def _take_probe(replica: Replica, probe: ProbedServer) -> None:
    replica.model, replica.structured, replica.root = probe.model, probe.structured, probe.root
    replica.dialect = probe.dialect


def _notes(probe: ProbedServer) -> tuple[str, ...]:
    """What the user should know of a server, each in a sentence without its subject."""
    notes = probe.dialect.notes
    if probe.assumed:
        return ("was too busy to show whether it keeps replies to a schema, and is taken to do so", *notes)
    if probe.structured:
        return notes
    unconstrained = "does not constrain replies to a schema"
    return (f"{unconstrained}: prompts describe the schema, and invalid replies are requested again", *notes)
