"""A teacher behind an OpenAI-compatible chat API, on one or several servers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

from clca.errors import FailureKind, InvalidReply, RequestFailed, TeacherLost
from clca.inference.api_response import parse_reply
from clca.inference.failover import FailoverClient
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import UNREACHABLE, HttpError
from clca.inference.load_balancer import LoadBalancer, Replica
from clca.inference.protocol import Request, ServerState, schema
from clca.inference.server_probe import PATH, ProbedServer, Unreachable, is_schema_refusal, probe_server
from clca.inference.vllm.metrics import MetricsReader
from clca.schemas import Reply
from clca.urls import without_credentials

MAX_TIMEOUTS = 2  # attempts of a request that times out
_TOO_LONG = re.compile(r"context length|maximum context|max_model_len|too many tokens|context window|too long", re.I)


class ChatClient:
    """The model `model`, which servers may also know under the names `also`, at one or several URLs.

    At most `concurrency` requests are in flight. Each may take `timeout` seconds, and has `max_attempts` attempts.
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
    ) -> None:
        self.name = model
        self._names = (model, *also)
        self._http = HttpClient(key=key, concurrency=concurrency, timeout=timeout)
        # Twice as many dialogues as requests are under way, and as many scenarios may be.
        self._balancer = LoadBalancer(urls, model, max_owners=4 * concurrency + 64)
        self._client = FailoverClient(self._http, self._balancer, max_attempts=max_attempts, max_timeouts=MAX_TIMEOUTS)
        self._metrics = [MetricsReader(replica.url) for replica in self._balancer.replicas]

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
            replica.model, replica.structured, replica.root = probe.model, probe.structured, probe.root
        first = next(iter(up.values()))
        for replica in down:  # should it come up, it is used like the others
            self._balancer.failed(replica, gone=True)
            replica.model, replica.structured = first.model, first.structured
        notices = [
            f"{without_credentials(replica.url)} does not constrain replies to a schema:"
            " prompts describe the schema, and invalid replies are requested again"
            for replica in up
            if not replica.structured
        ]
        roots = sorted({replica.root for replica in up if replica.root is not None})
        if len(roots) > 1:
            notices.append(f"the servers of {self.name} loaded it from different places: {', '.join(roots)}")
        return notices + [f"{error}; continuing without it" for error in down.values()]

    def stop(self) -> None:
        """Give up all requests in flight."""
        self._client.stop()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def observe(self) -> None:
        """Read the servers' own metrics."""
        await asyncio.gather(*(metrics.read() for metrics in self._metrics))

    @property
    def servers(self) -> list[ServerState]:
        """The state of each replica, with its throughput so far."""
        return [
            ServerState(
                url=without_credentials(replica.url),
                model=replica.model,
                root=replica.root,
                structured_outputs=replica.structured,
                up=replica.up,
                losses=replica.losses,
                throughput=metrics.throughput,
            )
            for replica, metrics in zip(self._balancer.replicas, self._metrics, strict=True)
        ]

    # ------------------------------------------------------------ requests

    async def answer(self, request: Request) -> Reply:
        """The reply to a request, which is repeated and moved to another replica where that may help.

        Raises `RequestFailed` or `InvalidReply` for this request, `TeacherLost` for all.
        """
        try:
            return await self._client.request(request.owner, lambda replica: self._send(request, replica))
        except HttpError as error:
            if error.kind in UNREACHABLE and not await self._any_server_answers():
                raise TeacherLost(self._all_gone(error)) from None
            if error.is_denied and not self._balancer.any_up:
                raise TeacherLost(self._denial(error)) from None
            raise self._failure(error) from None

    async def _send(self, request: Request, replica: Replica) -> Reply:
        structured = replica.structured
        try:
            body = await self._http.post(replica.url, PATH, request_body(request, replica.model, structured=structured))
        except HttpError as error:
            if not (structured and is_schema_refusal(error)):
                raise
            # It takes schemas, but not this one. The prompts ask for JSON as well, and replies are checked.
            replica.structured = False
            return await self._send(request, replica)
        return parse_reply(body)

    def _failure(self, error: HttpError) -> RequestFailed | InvalidReply:
        """The failure of one request, as it is recorded."""
        if error.kind is FailureKind.MALFORMED_RESPONSE:
            return InvalidReply(error.kind, error.message)
        if error.is_denied:
            return RequestFailed(FailureKind.BAD_REQUEST, self._denial(error))
        if error.kind is FailureKind.BAD_REQUEST and _TOO_LONG.search(error.message):
            return RequestFailed(FailureKind.PROMPT_TOO_LONG, error.message)
        return RequestFailed(error.kind, error.detail)

    def _denial(self, error: HttpError) -> str:
        if error.status == 402:
            return f"{error.url} asks for payment (402): {error.message}"
        if error.status == 404:
            return f"{error.url} no longer serves {self.name!r}: {error.message}"
        return f"{error.url} no longer accepts the key ({error.status}): {error.message}"

    def _all_gone(self, error: HttpError) -> str:
        count = len(self._balancer.replicas)
        are_gone, them = (
            ("server of {} no longer answers", "it")
            if count == 1
            else (f"{count} servers of {{}} no longer answer", "them")
        )
        return (
            f"the {are_gone.format(self.name)} ({error.message}): start {them} again and repeat the command to resume"
        )

    async def _any_server_answers(self) -> bool:
        """Whether any server still answers a simple request: one that hangs as a whole does not."""

        async def answers(replica: Replica) -> bool:
            try:
                await self._http.get(replica.url, "/models", self._http.connect_timeout)
            except HttpError as error:
                return error.kind not in UNREACHABLE
            return True

        return any(await asyncio.gather(*map(answers, self._balancer.replicas)))


def request_body(request: Request, model: str, *, structured: bool) -> bytes:
    """The JSON text that is posted for a request; with `structured` it carries the schema of an answer in JSON."""
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
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": request.task, "schema": schema(request.answer)},
        }
    return to_json(body)  # the same bytes as compact `json.dumps`, at a quarter of the cost
