"""Attacks by requests to a service: through proxies, and by tokens that are taken back meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from clca.service.access import Identity
from clca.service.jobs.job import Job
from clca.service.pages import live
from clca.service.routes import jobs
from tests.service.desk import JOB, Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    async with desk.http:
        yield desk
    desk.service.jobs.table.close()


def reader(desk: Desk) -> Identity:
    token = desk.service.plan.tokens.holder(desk.secrets["read"])
    return Identity("read", "read", token=token)


async def test_parts_of_a_page_are_sent_no_longer_than_the_token_counts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "EVERY", 0.0)
    numbers = count()

    async def parts() -> tuple[dict[str, str], bool]:
        return {"part": str(next(numbers))}, False

    stream = live._changes(desk.service, reader(desk), parts)
    assert b'"html": "0"' in await anext(stream)
    assert b'"html": "1"' in await anext(stream)
    desk.service.plan.tokens.remove("read")
    assert [data async for data in stream] == []
    assert desk.service.metrics.followers == 0


async def test_nor_are_events_of_a_job(desk: Desk) -> None:
    fields = {"submitted_by": "run", "created": 0.0, "config": {}, "estimate": {}, "folders": ()}
    desk.service.jobs.table.add(Job(id=JOB, stage="trace", resource="cpu", state="running", **fields))
    events = desk.service.jobs.events(JOB)
    for number in range(2):
        events.append("note", {"text": str(number)})
    stream = jobs._followed(desk.service, reader(desk), JOB, 0)
    assert b'"text": "0"' in await anext(stream)
    desk.service.plan.tokens.remove("read")
    assert [data async for data in stream] == []


@pytest.mark.parametrize("name", ["Forwarded", "Via", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto"])
async def test_a_service_without_tokens_answers_nobody_through_a_proxy(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path, require_token=False)
    async with desk.http:
        assert (await desk.ask("GET", "/v1")).status_code == 200
        response = await desk.ask("GET", "/v1", headers={name: "x"})
        assert response.status_code == 401
        assert "a proxy passes this on" in response.json()["error"]
    desk.service.jobs.table.close()
