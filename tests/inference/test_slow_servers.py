"""A time-out does not mean that a server is down: it costs its own request, and the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clca.errors import FailureKind, RequestFailed, TeacherLost
from clca.evaluation.classification.answering import TaskAnswering
from clca.evaluation.classification.prediction_dir import TaskPredictionDir
from clca.evaluation.classification.request_group import System
from clca.inference.api_errors import ServerLost
from clca.inference.api_model import ApiModel
from clca.inference.chat_client import ChatClient
from clca.inference.protocol import Request, Sampling
from tests.evaluation.classification.tasks import Numbered
from tests.inference.dialects import GREETING, GreetingAnswer
from tests.inference.threaded import served

BASE = (System("base", ""),)


class Slow:
    """A server that never answers a prompt with "stuck" in it, and not the first `late` looks at its models."""

    def __init__(self, late: int) -> None:
        self.late, self.looks = late, 0

    async def models(self, request: web.Request) -> web.Response:
        self.looks += 1
        if self.looks <= self.late:
            await asyncio.sleep(60)
        return web.json_response({"object": "list", "data": [{"id": "m", "object": "model"}]})

    async def post(self, request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        if "stuck" in body:
            await asyncio.sleep(60)
        content = GREETING if "Greet" in body else "1"
        return web.json_response({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]})


@contextmanager
def slow(late: int = 0) -> Iterator[tuple[Slow, str]]:
    """Such a server, and its URL."""
    server, app = Slow(late), web.Application()
    app.router.add_get("/v1/models", server.models)
    app.router.add_post("/v1/chat/completions", server.post)
    with served(app) as port:
        yield server, f"http://127.0.0.1:{port}/v1"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.inference.retry.MAX_BACKOFF", 0.0)
    monkeypatch.setattr("clca.inference.retry.random", lambda: 0.0)


def request(text: str) -> Request:
    return Request("intent", ({"role": "user", "content": text},), GreetingAnswer, Sampling(0.0, 1.0, 50, 1), "one")


async def answered(url: str, *texts: str) -> list[Any]:
    """What becomes of some requests that are sent together."""
    client = ChatClient("m", [url], key="k", concurrency=4, timeout=0.4, max_attempts=2)
    try:
        return await asyncio.gather(*(client.answer(request(text)) for text in texts), return_exceptions=True)
    finally:
        await client.close()


@pytest.mark.parametrize("late", [0, 2])
def test_a_request_that_times_out_fails_alone_if_the_server_lives(late: int) -> None:
    with slow(late) as (server, url):
        (failure,) = asyncio.run(answered(url, "stuck"))
    assert isinstance(failure, RequestFailed)
    assert failure.kind is FailureKind.TIMEOUT
    assert server.looks == late + 1


def test_a_server_that_is_late_three_times_is_lost() -> None:
    with slow(late=3) as (server, url):
        (failure,) = asyncio.run(answered(url, "stuck"))
    assert isinstance(failure, TeacherLost)
    assert server.looks == 3


def test_an_evaluation_goes_on_without_a_question_that_times_out(tmp_path: Path) -> None:
    class Stuck(Numbered):
        def examples(self, row: str) -> Iterator[Any]:
            for example in super().examples(row):
                yield example if example.id != "t3" else type(example)(example.id, "stuck", example.gold)

    task = Stuck("japan", 12)
    with slow() as (_, url), TaskPredictionDir(tmp_path, [task], BASE) as folder:
        model = ApiModel(url, base="m", mode="generate", timeout=0.3, concurrency=1, max_attempts=2)
        TaskAnswering(folder, [task], BASE, lambda progress: None).answer_pending(model)
        assert folder.failures == {"time-out": 1}
        assert len(list(folder.predictions())) == 11


def test_an_evaluation_whose_every_question_times_out_is_lost(tmp_path: Path) -> None:
    class Stuck(Numbered):
        def examples(self, row: str) -> Iterator[Any]:
            for example in super().examples(row):
                yield type(example)(example.id, "stuck", example.gold)

    task = Stuck("japan", 3)
    with slow() as (_, url), TaskPredictionDir(tmp_path, [task], BASE) as folder:
        model = ApiModel(url, base="m", mode="generate", timeout=0.2, max_attempts=2)
        work = TaskAnswering(folder, [task], BASE, lambda progress: None)
        with pytest.raises(ServerLost):
            work.answer_pending(model)
