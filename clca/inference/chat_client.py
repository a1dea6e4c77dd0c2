"""A teacher behind an OpenAI-compatible server.

The `openai` package asks each server what it is at the start (`inspection`), and its types of error
tell what is wrong then. The requests of the run itself go straight through aiohttp, which costs a fraction of the
package's own transport: a run makes hundreds of thousands (`benchmarks/` has the figures).
"""

from __future__ import annotations

import asyncio
import ctypes
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.request import getproxies

import aiohttp
import tenacity
from pydantic_core import to_json

from clca.errors import AskError, InvalidReply, RequestFailed, Stopped, TeacherLost
from clca.inference.chat_response import read_completion
from clca.inference.http import error_message, is_passing, one_line, read_bounded, retry_seconds
from clca.inference.load_balancer import Replica, Replicas
from clca.inference.protocol import Request, ServerState, schema
from clca.inference.server_probe import NO_SCHEMA, Found, Unreachable, inspect_server
from clca.inference.vllm.metrics import Meter
from clca.schemas import Reply
from clca.urls import is_loopback, without_credentials

TIMEOUT_TRIES = 2  # a request that timed out once is likely to do so again
LONGEST_WAIT = 60.0
CONNECT_TIMEOUT = 10.0
LARGEST_RESPONSE = 8 * 2**20  # bytes; a hundred times what the largest answer takes

_UNREACHED = {"no connection", "connection lost", "time-out"}  # kinds of fault that a server which is gone leaves
_TOO_LONG = re.compile(r"context length|maximum context|max_model_len|too many tokens|context window|too long", re.I)


class _Again(Exception):
    """This try failed and another may not; `wait` is the server's own Retry-After in seconds.

    A server that is `gone` takes no requests, one that is `busy` is in order.
    """

    def __init__(self, fault: AskError, wait: float | None = None, *, gone: bool = False, busy: bool = False) -> None:
        self.fault, self.wait, self.gone, self.busy = fault, wait, gone, busy
        self.moved = False  # the next try goes to another replica


class OpenAICompatible:
    """One model at one or several URLs (replicas).

    `also` are other names under which a server may know it, such as its hub id.
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
        tries: int,
    ) -> None:
        self.name = model
        self._names = (model, *also)
        # Twice as many dialogues as requests are under way, and as many scenarios may be.
        self._replicas = Replicas(urls, model, remember=4 * concurrency + 64)
        self._meters = [Meter(replica.url) for replica in self._replicas.all]
        self._key = key
        self._timeout = timeout
        self._connect_timeout = min(timeout, CONNECT_TIMEOUT)
        self._tries = tries
        self._stopping = asyncio.Event()
        self._concurrency = concurrency
        self._proxies = bool(getproxies())
        self._sessions: dict[bool, aiohttp.ClientSession] = {}  # by whether the environment's proxy is used
        self._backoff = tenacity.wait_exponential(multiplier=0.5, max=20.0) + tenacity.wait_random(0.0, 1.0)
        # Shared by all requests: that is safe as long as none of its callbacks awaits anything.
        self._retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_Again),
            wait=self._pause,
            stop=self._enough,
            sleep=self._sleep,
            reraise=True,
        )

    # ------------------------------------------------------------ start and end

    async def check(self) -> list[str]:
        """Ask every server for the model: finds a wrong URL, key or model name in one line.

        A replica that is not up is done without, as long as there is another.
        """
        notices, down, up = [], [], []
        for replica, found in zip(
            self._replicas.all, await asyncio.gather(*map(self._inspect, self._replicas.all)), strict=True
        ):
            if isinstance(found, Unreachable):
                self._replicas.failed(replica, gone=True)
                down.append(found)
                continue
            self._replicas.worked(replica)
            up.append(found)
            replica.model, replica.structured, replica.root = found.model, found.structured, found.root
            if not found.structured:
                notices.append(
                    f"{without_credentials(replica.url)} does not keep replies to a schema:"
                    " it is asked in words, and replies that do not fit are asked for again"
                )
        if not up:
            raise down[0]
        roots = sorted({found.root for found in up if found.root is not None})
        if len(roots) > 1:
            notices.append(f"the servers of {self.name} loaded it from different places: {', '.join(roots)}")
        for replica in self._replicas.all:
            if not replica.up:  # should it come back, it is taken for one like the others
                replica.model, replica.structured = up[0].model, up[0].structured
        return notices + [f"{error}; going on without it" for error in down]

    async def _inspect(self, replica: Replica) -> Found | Unreachable:
        try:
            return await inspect_server(replica.url, self._names, self._key, self._timeout, self._clean)
        except Unreachable as error:
            return error

    def stop(self) -> None:
        self._stopping.set()

    async def close(self) -> None:
        while self._sessions:
            await self._sessions.popitem()[1].close()

    async def observe(self) -> None:
        """Read what the servers say of their own work."""
        await asyncio.gather(*(meter.read() for meter in self._meters))

    @property
    def servers(self) -> list[ServerState]:
        return [
            ServerState(
                url=without_credentials(replica.url),
                model=replica.model,
                root=replica.root,
                structured_outputs=replica.structured,
                up=replica.up,
                losses=replica.losses,
                throughput=meter.throughput,
            )
            for replica, meter in zip(self._replicas.all, self._meters, strict=True)
        ]

    # ------------------------------------------------------------ asking

    async def answer(self, request: Request) -> Reply:
        """The server's reply. Transport faults and busy servers are tried again, with back-off."""
        try:
            return await self._retrying(self._send, request)
        except _Again as last:
            if self._stopping.is_set():
                raise Stopped from None
            if last.fault.kind in _UNREACHED and not await self._any_answers():
                number = len(self._replicas.all)
                gone, them = ("server of {} is", "it") if number == 1 else (f"{number} servers of {{}} are", "them")
                raise TeacherLost(
                    f"the {gone.format(self.name)} gone ({last.fault.detail}):"
                    f" start {them} again and repeat the command to go on"
                ) from None
            raise last.fault from None

    async def _any_answers(self) -> bool:
        """Whether any server still answers the simplest of questions: one that hangs as a whole does not."""

        async def answers(replica: Replica) -> bool:
            patience = aiohttp.ClientTimeout(total=self._connect_timeout)
            try:
                async with self._open(replica.url).get(f"{replica.url}/models", timeout=patience):
                    return True
            except (aiohttp.ClientError, TimeoutError, OSError):
                return False

        return any(await asyncio.gather(*map(answers, self._replicas.all)))

    async def _send(self, request: Request) -> Reply:
        """One try: `_Again` when another may help, an `AskError` when not."""
        replica = self._replicas.of(request.owner)
        replica.in_flight += 1
        replica.requests += 1
        try:
            reply = await self._post(request, replica)
        except _Again as fault:
            if fault.busy:
                self._replicas.worked(replica)
            else:
                self._replicas.failed(replica, gone=fault.gone)
            fault.moved = self._replicas.move(request.owner, replica)
            raise
        except AskError:  # it answered; the fault is this request's or this reply's
            self._replicas.worked(replica)
            raise
        except TeacherLost as fault:  # of this replica; the run is lost only if it was the last
            self._replicas.failed(replica, gone=True)
            if not self._replicas.any_up:
                raise
            again = _Again(RequestFailed("refused", fault.message), gone=True)
            again.moved = self._replicas.move(request.owner, replica)
            raise again from None
        else:
            self._replicas.worked(replica)
            return reply
        finally:
            replica.in_flight -= 1
            self._replicas.undecided(replica)

    async def _post(self, request: Request, replica: Replica) -> Reply:
        url = replica.url
        structured = replica.structured
        body = self._body(request, replica.model, structured)
        try:
            # A redirect is not followed: it would carry the key to another server.
            async with self._open(url).post(f"{url}/chat/completions", data=body, allow_redirects=False) as response:
                status, headers, data = response.status, response.headers, await self._whole(response)
        except aiohttp.ClientConnectorError as error:
            detail = f"cannot connect to {without_credentials(url)}: {error.os_error.strerror or error.os_error}"
            raise _Again(RequestFailed("no connection", detail), gone=True) from None
        except aiohttp.ConnectionTimeoutError:
            detail = f"cannot connect to {without_credentials(url)} within {self._connect_timeout:g} s"
            raise _Again(RequestFailed("no connection", detail), gone=True) from None
        except TimeoutError:
            raise _Again(RequestFailed("time-out", f"no answer within {self._timeout:g} s")) from None
        except (aiohttp.ClientError, OSError) as error:
            cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
            detail = f"{without_credentials(url)} broke the connection: {self._clean(cause)}"
            raise _Again(RequestFailed("connection lost", detail)) from None
        if status == 200:
            return read_completion(data)
        fault = self._fault(status, headers.get("Retry-After"), data, url)
        if structured and status in (400, 422) and NO_SCHEMA.search(str(fault)):
            # It takes schemas, but not ours. The prompts ask for JSON as well, and replies are checked.
            replica.structured = False
            return await self._post(request, replica)
        raise fault

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        data = await read_bounded(response, LARGEST_RESPONSE)
        if data is None:
            raise InvalidReply("malformed response", f"more than {LARGEST_RESPONSE:,} bytes")
        return data

    def _body(self, request: Request, model: str, structured: bool) -> bytes:
        sampling = request.sampling
        body: dict[str, Any] = {
            "model": model,
            "messages": request.messages,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
        }
        if structured:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": request.task, "schema": schema(request.answer)},
            }
        return to_json(body)  # the same bytes as compact `json.dumps`, at a quarter of the cost

    def _fault(self, status: int, retry_after: str | None, data: bytes, url: str) -> Exception:
        said = self._clean(error_message(data))
        if status in (401, 403):
            return TeacherLost(f"{without_credentials(url)} no longer accepts the key ({status}): {said}")
        if status == 402:
            return TeacherLost(f"{without_credentials(url)} wants to be paid (402): {said}")
        if status == 404:
            return TeacherLost(f"{without_credentials(url)} no longer serves {self.name!r}: {said}")
        if is_passing(status):
            busy = status in (429, 503)
            kind = "server busy" if busy else "server error"
            return _Again(RequestFailed(kind, f"HTTP {status}: {said}"), retry_seconds(retry_after), busy=busy)
        if _TOO_LONG.search(said):
            return RequestFailed("prompt too long", said)
        return RequestFailed("refused", f"HTTP {status}: {said}")

    def _open(self, url: str) -> aiohttp.ClientSession:
        # Looking proxies up costs every request, so only where there are any.
        proxied = self._proxies and not is_loopback(url)
        if proxied not in self._sessions:
            _keep_buffers_off_the_heap()
            self._sessions[proxied] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._concurrency, ttl_dns_cache=300),
                timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=self._connect_timeout),
                trust_env=proxied,
                headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
            )
        return self._sessions[proxied]

    def _clean(self, text: str) -> str:
        return one_line(text, self._key)

    def _pause(self, state: tenacity.RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        if isinstance(fault, _Again) and fault.moved and state.attempt_number < len(self._replicas.all):
            return 0.0  # once to each replica without a pause
        if isinstance(fault, _Again) and fault.wait is not None:
            return min(fault.wait, LONGEST_WAIT)
        return self._backoff(state)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
            raise Stopped

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        fault = state.outcome.exception() if state.outcome else None
        timed_out = isinstance(fault, _Again) and fault.fault.kind == "time-out"
        tries = min(TIMEOUT_TRIES, self._tries) if timed_out else self._tries
        if isinstance(fault, _Again) and fault.moved:
            tries += len(self._replicas.all) - 1  # a move to another replica is no try of its own
        return state.attempt_number >= tries


def _keep_buffers_off_the_heap() -> None:
    """Fix glibc's threshold for separately mapped blocks at its initial 128 KiB.

    asyncio receives into blocks of 256 KiB. Left to itself glibc raises the threshold when the first
    of them is freed and takes the next ones from the heap, whose free space then splinters: it grew
    by 1 MiB every thousand dialogues. Other C libraries have no such threshold.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(-3, 128 * 1024)  # M_MMAP_THRESHOLD
