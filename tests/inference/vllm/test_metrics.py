"""A server's own figures: read from the text that vLLM 0.32 publishes, and followed while it is asked."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clca.inference.server_state import Throughput
from clca.inference.vllm.metrics import (
    GENERATION,
    HITS,
    PROMPT,
    QUERIES,
    RUNNING,
    WAITING,
    MetricsReader,
    read_metrics,
)

# Of a vLLM 0.32 that was asked five times for 15 tokens, with prompts of 416 whose first 384 are the same.
REAL = """\
# HELP python_gc_objects_collected_total Objects collected during gc
# TYPE python_gc_objects_collected_total counter
python_gc_objects_collected_total{generation="0"} 28415.0
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="tiny"} 3.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="tiny"} 1.0
# HELP vllm:num_requests_waiting_by_reason Number of waiting requests by reason.
# TYPE vllm:num_requests_waiting_by_reason gauge
vllm:num_requests_waiting_by_reason{engine="0",model_name="tiny",reason="capacity"} 1.0
# HELP vllm:prefix_cache_queries_total Prefix cache queries, in terms of number of queried tokens.
# TYPE vllm:prefix_cache_queries_total counter
vllm:prefix_cache_queries_total{engine="0",model_name="tiny"} 2080.0
# HELP vllm:prefix_cache_queries_created Prefix cache queries, in terms of number of queried tokens.
# TYPE vllm:prefix_cache_queries_created gauge
vllm:prefix_cache_queries_created{engine="0",model_name="tiny"} 1.795311097208152e+09
# HELP vllm:prefix_cache_hits_total Prefix cache hits, in terms of number of cached tokens.
# TYPE vllm:prefix_cache_hits_total counter
vllm:prefix_cache_hits_total{engine="0",model_name="tiny"} 1536.0
# HELP vllm:external_prefix_cache_hits_total External prefix cache hits from KV connector.
# TYPE vllm:external_prefix_cache_hits_total counter
vllm:external_prefix_cache_hits_total{engine="0",model_name="tiny"} 0.0
# HELP vllm:prompt_tokens_total Number of prefill tokens processed.
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine="0",model_name="tiny"} 2080.0
# HELP vllm:prompt_tokens_cached_by_source_total Prefix-cache hit tokens by the cache tier that supplied them.
# TYPE vllm:prompt_tokens_cached_by_source_total counter
vllm:prompt_tokens_cached_by_source_total{engine="0",model_name="tiny",source="device"} 1536.0
# HELP vllm:generation_tokens_total Number of generation tokens processed.
# TYPE vllm:generation_tokens_total counter
vllm:generation_tokens_total{engine="0",model_name="tiny"} 75.0
"""
SIX = {RUNNING: 3.0, WAITING: 1.0, PROMPT: 2080.0, GENERATION: 75.0, QUERIES: 2080.0, HITS: 1536.0}


def figures(prompt: float, generation: float, queries: float, hits: float) -> dict[str, float]:
    return {RUNNING: 2.0, WAITING: 1.0, PROMPT: prompt, GENERATION: generation, QUERIES: queries, HITS: hits}


def test_the_six_figures_are_found_among_the_others() -> None:
    assert read_metrics(REAL) == SIX


def test_figures_of_several_engines_are_summed() -> None:
    second = "\n".join(
        line.replace('engine="0"', 'engine="1"') for line in REAL.splitlines() if line.startswith("vllm:")
    )
    assert read_metrics(REAL + second + "\n") == {name: 2 * value for name, value in SIX.items()}


@pytest.mark.parametrize("text", ["", "<html><body>Not found</body></html>", "up 1\nprocess_cpu_seconds_total 3.4\n"])
def test_text_without_them_holds_nothing(text: str) -> None:
    assert read_metrics(text) == {}


@pytest.mark.parametrize("text", [f"{PROMPT}{{engine=\n", f"{RUNNING} many\n", f"{PROMPT}"])
def test_text_in_another_format_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_metrics(text)


def test_what_is_no_number_does_not_count() -> None:
    assert read_metrics(f"{RUNNING} NaN\n{PROMPT} +Inf\n{HITS} 5\n") == {HITS: 5.0}


def test_hit_rate_is_the_share_of_looked_up_tokens_that_were_found() -> None:
    meter = MetricsReader("http://h/v1")
    meter.take(figures(0, 0, 0, 0), now=0.0)
    meter.take(read_metrics(REAL), now=10.0)
    assert meter.throughput is not None
    assert meter.throughput.hit_rate == 1536 / 2080  # 4 of 5 prompts found 384 of 416 tokens


def test_nothing_is_known_before_the_second_reading() -> None:
    meter = MetricsReader("http://h/v1")
    assert meter.throughput is None
    meter.take(figures(100, 10, 100, 50), now=5.0)
    assert meter.throughput is None


def test_only_what_is_done_while_it_is_watched_counts() -> None:
    meter = MetricsReader("http://h/v1")
    meter.take(figures(1000, 100, 1000, 900), now=5.0)
    meter.take(figures(1300, 160, 1300, 960), now=7.0)
    meter.take(figures(1500, 170, 1500, 1060), now=12.0)
    assert meter.throughput == Throughput(
        seconds=7.0,
        running=2,
        waiting=1,
        most_running=2,
        most_waiting=1,
        prompt_tokens=500,
        completion_tokens=70,
        cache_queries=500,
        cache_hits=160,
        pace=2.0,  # 10 tokens in the last 5 seconds
    )
    assert meter.throughput.hit_rate == 0.32


def test_a_server_without_a_prefix_cache_has_no_hit_rate() -> None:
    meter = MetricsReader("http://h/v1")
    meter.take(figures(0, 0, 0, 0), now=0.0)
    meter.take(figures(9, 9, 0, 0), now=1.0)
    assert meter.throughput is not None
    assert meter.throughput.hit_rate is None


def test_counters_that_fell_were_begun_anew() -> None:
    meter = MetricsReader("http://h/v1")
    meter.take(figures(1000, 500, 1000, 900), now=0.0)
    meter.take(figures(1100, 520, 1100, 950), now=1.0)
    meter.take(figures(30, 7, 30, 0), now=2.0)
    meter.take(figures(40, 9, 40, 8), now=3.0)
    seen = meter.throughput
    assert seen is not None
    assert (seen.prompt_tokens, seen.completion_tokens) == (100 + 30 + 10, 20 + 7 + 2)
    assert (seen.cache_queries, seen.cache_hits) == (140, 50 + 0 + 8)


def test_servers_side_by_side_are_added() -> None:
    one = Throughput(5.0, 1, 2, 3, 4, 30, 40, 50, 10, 6.0)
    two = Throughput(7.0, 10, 20, 30, 40, 300, 400, 150, 30, 60.0)
    assert one + two == Throughput(7.0, 11, 22, 33, 44, 330, 440, 200, 40, 66.0)
    assert (one + two).hit_rate == 0.2


# ---------------------------------------------------------------- over HTTP


class Server:
    """Serves `/metrics` as it is told, and keeps the headers of what it is asked."""

    def __init__(self) -> None:
        self.status, self.text, self.pieces = 200, REAL, 1
        self.asked: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/metrics"
                outer.asked.append(dict(self.headers))
                data = outer.text.encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Location", "http://127.0.0.1:9/")
                self.end_headers()
                size = len(data) // outer.pieces + 1
                for at in range(0, len(data), size):
                    self.wfile.write(data[at : at + size])
                    self.wfile.flush()
                    time.sleep(0.03 if outer.pieces > 1 else 0)

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.meter = MetricsReader(f"http://127.0.0.1:{self.http.server_port}/v1")

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def read(self, times: int = 2) -> Throughput | None:
        async def repeat() -> None:
            for _ in range(times):
                await self.meter.read()

        asyncio.run(repeat())
        return self.meter.throughput


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


def test_a_reading_takes_the_whole_text_however_it_arrives(server: Server) -> None:
    server.text, server.pieces = "# HELP vllm:filler x\n" * 2000 + REAL, 5
    seen = server.read()
    assert seen is not None
    assert (seen.running, seen.waiting) == (3, 1)
    server.text = REAL.replace(" 2080.0", " 3080.0").replace(" 1536.0", " 1836.0")
    again = server.read(1)
    assert again is not None
    assert (again.prompt_tokens, again.cache_hits) == (1000, 300)


def test_figures_are_asked_for_without_a_key(server: Server) -> None:
    server.read()
    assert len(server.asked) == 2
    assert all("Authorization" not in headers for headers in server.asked)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, "not here"),
        (401, "no"),
        (405, "no"),
        (200, "<html>Welcome</html>"),
        (200, "up 1\n"),
        (200, f"{PROMPT} many\n"),
        (200, "x" * (5 * 2**20)),
    ],
)
def test_a_server_without_such_figures_is_asked_once(server: Server, status: int, text: str) -> None:
    server.status, server.text = status, text
    assert server.read(3) is None
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [500, 503, 307])
def test_a_server_that_cannot_answer_now_is_asked_again(server: Server, status: int) -> None:
    server.status = status
    assert server.read(2) is None
    server.status = 200
    assert server.read(2) is not None


def test_a_server_that_stops_answering_keeps_what_it_did_and_does_nothing_now(server: Server) -> None:
    seen = server.read()
    assert seen is not None
    server.close()
    assert server.read() == replace(seen, running=0, waiting=0, pace=0.0)


def test_one_that_once_had_figures_is_asked_on(server: Server) -> None:
    server.read()
    server.status = 404
    server.read(1)
    server.status = 200
    server.read(1)
    assert len(server.asked) == 4


def test_a_server_that_is_not_there_is_no_fault() -> None:
    meter = MetricsReader("http://127.0.0.1:9/v1")
    asyncio.run(meter.read())
    assert meter.throughput is None
