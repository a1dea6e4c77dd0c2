"""A stub OpenAI-compatible server: fixed latency, fixed slots, deterministic replies, faults on demand.

    python benchmarks/stub.py --port 0 --latency 1.0 --slots 128

A request waits for a free slot, then holds it for the latency. The same body gets the same reply.
The chosen port is printed as one line, `listening http://127.0.0.1:PORT/v1`. `GET /stats` says what
was asked so far, `GET /sessions` how often by each `X-Session-ID`. With `--answers N` it answers N
requests, and any others once `GET /answer/M` has allowed M more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b

from aiohttp import web
from answers import Draw, answer, task_of

FAULTS = ("500", "429", "reset", "hang", "body", "badbody", "cutjson", "length", "empty", "schema")
JSON = "application/json"


@dataclass(slots=True)
class Stats:
    """What has been asked. `distinct` bodies were asked for the first time, `repeated` again.

    `probes` ask what the server can do before a run begins; they count nowhere else.
    """

    attempts: dict[bytes, int] = field(default_factory=dict)
    by_task: Counter[str] = field(default_factory=Counter)
    by_session: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    answered: int = 0
    probes: int = 0
    in_flight: int = 0
    in_flight_peak: int = 0
    first: float | None = None
    last: float | None = None

    def report(self) -> dict[str, object]:
        """`first` and `last` are times on the machine's monotonic clock."""
        distinct = len(self.attempts)
        return {
            "requests": self.requests,
            "answered": self.answered,
            "in_flight": self.in_flight,
            "distinct": distinct,
            "repeated": self.requests - distinct,
            "probes": self.probes,
            "in_flight_peak": self.in_flight_peak,
            "by_task": dict(self.by_task),
            "first": self.first,
            "last": self.last,
            "cpu_seconds": time.process_time(),
        }


class Stub:
    """The handler and all its state."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.stats = Stats()
        self._options = options
        self._models = options.models.split(",")
        self._slots = asyncio.Semaphore(options.slots)
        self._answers = asyncio.Semaphore(options.answers) if options.answers is not None else None
        self._log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if options.log else None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, options = request.path, self._options
        if path == "/stats":
            return web.json_response(self.stats.report())
        if path == "/sessions":
            return web.json_response(self.stats.by_session)
        if path.startswith("/answer/") and self._answers is not None:
            for _ in range(int(path.removeprefix("/answer/"))):
                self._answers.release()
            return web.json_response({})
        if path == "/metrics" and options.metrics:
            return web.Response(text=f'vllm:request_success_total{{finished_reason="stop"}} {self.stats.requests}\n')
        if path == "/reset_prefix_cache" and options.metrics:
            return web.Response()
        if options.key and request.headers.get("Authorization") != f"Bearer {options.key}":
            return _error(401, "Incorrect API key provided")
        if path == "/v1/models":
            listed = [{"id": model, "object": "model", "created": 0, "owned_by": "stub"} for model in self._models]
            return web.json_response({"object": "list", "data": listed})
        if path == "/v1/chat/completions":
            return await self._complete(request)
        return _error(404, f"no such path: {path}")

    async def _complete(self, request: web.BaseRequest) -> web.StreamResponse:
        data = await request.read()
        if b"Good morning! How are you?" in data:
            return self._probe(json.loads(data))
        digest = blake2b(data, digest_size=32).digest()
        if self._log is not None:
            os.write(self._log, data + b"\n")
        stats = self.stats
        stats.requests += 1
        stats.by_session[request.headers.get("X-Session-ID", "")] += 1
        stats.last = time.monotonic()
        stats.first = stats.first or stats.last
        attempt = stats.attempts[digest] = stats.attempts.get(digest, 0) + 1
        stats.in_flight += 1
        stats.in_flight_peak = max(stats.in_flight_peak, stats.in_flight)
        try:
            return await self._answer(request, json.loads(data), digest, attempt)
        finally:
            stats.in_flight -= 1

    def _probe(self, body: dict) -> web.StreamResponse:
        self.stats.probes += 1
        if body["model"] not in self._models:
            return _error(404, f"The model `{body['model']}` does not exist.")
        if self._options.no_schema and "response_format" in body:
            return _error(400, "response_format is not supported")
        is_free = self._options.no_constraint or "response_format" not in body
        text = "Good morning." if is_free else '{"code": "k7"}'
        return web.Response(body=self._completion(text, "stop", 10), content_type=JSON)

    async def _answer(self, request: web.BaseRequest, body: dict, digest: bytes, attempt: int) -> web.StreamResponse:
        options, messages = self._options, body["messages"]
        form = body.get("response_format")
        task = form["json_schema"]["name"] if form else task_of(messages[-1]["content"])
        self.stats.by_task[task] += 1
        if body["model"] not in self._models:
            return _error(404, f"The model `{body['model']}` does not exist.")
        if form and options.no_schema:
            return _error(400, "response_format is not supported")
        prompt_tokens = sum(len(message["content"]) for message in messages) // 4
        if options.context and prompt_tokens > options.context:
            return _error(400, f"This model's maximum context length is {options.context} tokens")
        fault = self._fault(digest, attempt)
        if fault == "hang":
            await asyncio.Event().wait()
        while options.hold and os.path.exists(options.hold):  # noqa: ASYNC110, ASYNC240 a test's signal
            await asyncio.sleep(0.05)
        async with self._slots:
            slow = options.slow_after is not None and self.stats.requests > options.slow_after
            await asyncio.sleep(options.latency * (options.slow_by if slow else 1))
        if self._answers is not None:
            await self._answers.acquire()
        self.stats.answered += 1
        if fault == "reset":
            _reset(request)
        if fault == "500":
            return _error(500, "the engine died")
        if fault == "429":
            return _error(429, "too many requests", {"Retry-After": f"{options.retry_after:g}"})
        if fault == "badbody":
            return web.Response(text="<html>not JSON</html>", content_type=JSON)
        text = answer(task, messages, Draw(digest), leave=options.leave, bad=options.bad)
        if fault in ("cutjson", "length"):
            text = text[: len(text) // 2]
        elif fault == "empty":
            text = ""
        elif fault == "schema":
            text = '{"unexpected": true}'
        completion = self._completion(text, "length" if fault == "length" else "stop", prompt_tokens)
        if fault == "body":
            return await _half(request, completion)
        return web.Response(body=completion, content_type=JSON)

    def _fault(self, digest: bytes, attempt: int) -> str | None:
        """The fault of this attempt at this body: the same in every run."""
        if not self._options.fault or (self._options.fault_once and attempt > 1):
            return None
        drawn = blake2b(digest + attempt.to_bytes(4, "big"), digest_size=8).digest()
        number = int.from_bytes(drawn, "big") / 2**64
        for kind, share in self._options.fault:
            if number < share:
                return str(kind)
            number -= share
        return None

    def _completion(self, text: str, finish_reason: str, prompt_tokens: int) -> bytes:
        tokens = len(text) // 4 + 1
        return (
            f'{{"id":"stub","object":"chat.completion","created":0,"model":{json.dumps(self._models[0])},'
            f'"choices":[{{"index":0,"message":{{"role":"assistant","content":{json.dumps(text)}}},'
            f'"logprobs":null,"finish_reason":"{finish_reason}"}}],"usage":{{"prompt_tokens":{prompt_tokens},'
            f'"completion_tokens":{tokens},"total_tokens":{prompt_tokens + tokens}}}}}'
        ).encode()


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status, headers=headers)


def _reset(request: web.BaseRequest) -> None:
    """Close the connection with a TCP reset."""
    assert request.transport is not None
    connection = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    raise asyncio.CancelledError


async def _half(request: web.BaseRequest, data: bytes) -> web.StreamResponse:
    """Announce the whole body, send half of it, and hang up."""
    response = web.StreamResponse()
    response.content_type = JSON
    response.content_length = len(data)
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


def _share(text: str) -> tuple[str, float]:
    kind, _, share = text.partition(":")
    if kind not in FAULTS:
        raise argparse.ArgumentTypeError(f"{kind!r} is none of {', '.join(FAULTS)}")
    return kind, float(share or 1)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A stub OpenAI-compatible server.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--uds", help="listen at a Unix socket instead")
    parser.add_argument("--core", type=int, help="run on this core only")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a request holds a slot")
    parser.add_argument("--slow-after", type=int, help="requests after which it is slow")
    parser.add_argument("--slow-by", type=float, default=10.0, help="times the latency of one that is slow")
    parser.add_argument("--slots", type=int, default=100_000, help="requests that are answered at once")
    parser.add_argument("--answers", type=int, help="requests that are answered until /answer/M allows M more")
    parser.add_argument("--models", default="stub", help="names, separated by commas")
    parser.add_argument("--key", help="answer 401 to any other")
    parser.add_argument("--no-schema", action="store_true", help="answer 400 to requests with response_format")
    parser.add_argument("--no-constraint", action="store_true", help="take response_format and pay no heed to it")
    parser.add_argument("--context", type=int, help="answer 400 to prompts of more tokens (4 characters each)")
    parser.add_argument("--leave", type=float, default=0.0, help="chance that a turn ends the talk")
    parser.add_argument("--bad", type=float, default=0.0, help="chance that a stage of the judge says bad")
    parser.add_argument(
        "--fault", type=_share, action="append", default=[], metavar="KIND:SHARE", help=", ".join(FAULTS)
    )
    parser.add_argument("--fault-once", action="store_true", help="only the first attempt at a body fails")
    parser.add_argument("--retry-after", type=float, default=0, help="seconds, with fault 429")
    parser.add_argument("--metrics", action="store_true", help="have the paths of vLLM that `replay` needs")
    parser.add_argument("--hold", help="answer nothing while there is a file of this name")
    parser.add_argument("--log", help="append each body received to this file, one a line")
    return parser


async def serve(options: argparse.Namespace) -> None:
    stub = Stub(options)
    # No router and no access log: the stub is to cost as little as it can.
    runner = web.ServerRunner(web.Server(stub.handle, access_log=None, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    if options.uds:
        await web.UnixSite(runner, options.uds).start()
    else:
        listener = socket.create_server((options.host, options.port), backlog=4096)
        await web.SockSite(runner, listener).start()
        print(f"listening http://{options.host}:{listener.getsockname()[1]}/v1", flush=True)
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
    await runner.cleanup()


if __name__ == "__main__":
    chosen = arguments().parse_args()
    if chosen.core is not None:
        os.sched_setaffinity(0, {chosen.core})
    asyncio.run(serve(chosen))
