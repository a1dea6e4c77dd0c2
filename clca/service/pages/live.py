"""Parts of pages, sent anew as server-sent events whenever they change: one stream for a page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response, StreamingResponse

from clca.service.access import Identity
from clca.service.context import Service, service_of
from clca.service.jobs.events import BEAT
from clca.service.jobs.job import State
from clca.service.pages.jobs import notes_of, shown_job
from clca.service.pages.runs import job_of, run_funnel
from clca.service.pages.start import under_way
from clca.service.pages.studies import cell_bar, status_of
from clca.service.pages.views import Reader, part
from clca.service.routes.jobs import MOST_STREAMS, JobId
from clca.service.routes.runs import Culture, Name

router = APIRouter(include_in_schema=False, prefix="/live")
EVERY = 1.0  # seconds between two looks
RELOAD = "reload"

Parts = Callable[[], Awaitable[tuple[dict[str, str], bool]]]
"""The HTML of parts of a page by the ids of their elements, and whether the page is another one now."""


@router.get("/jobs")
async def follow_jobs(request: Request, identity: Reader) -> Response:
    """The jobs that are under way; the start page is another one when one of them ends or begins."""
    service = service_of(request)
    known = {shown.job.id for shown in under_way(service)}

    async def parts() -> tuple[dict[str, str], bool]:
        jobs = under_way(service)
        return {"under-way": part("under_way", jobs)}, {shown.job.id for shown in jobs} != known

    return _stream(service, identity, parts)


@router.get("/jobs/{job_id}/{state}")
async def follow_job(request: Request, identity: Reader, job_id: JobId, state: State) -> Response:
    """A job's progress; its page is another one once the job is in another state."""
    service = service_of(request)
    service.jobs.table.get(job_id)

    async def parts() -> tuple[dict[str, str], bool]:
        job = service.jobs.current(service.jobs.table.get(job_id))
        shown = shown_job(job, notes_of(service, job))
        return {"progress": part("progress", shown)}, job.state != state

    return _stream(service, identity, parts)


@router.get("/runs/{culture}/{name}")
async def follow_run(request: Request, identity: Reader, culture: Culture, name: Name) -> Response:
    """The funnel of a run; its page is another one once its job has ended."""
    service = service_of(request)
    service.runs.get(f"{culture}/{name}")

    async def parts() -> tuple[dict[str, str], bool]:
        run = service.runs.get(f"{culture}/{name}")
        job = job_of(service, run)
        return {"funnel": part("funnel", await run_funnel(service, run), "funnel")}, job is None or job.is_ended

    return _stream(service, identity, parts)


@router.get("/studies/{name}")
async def follow_study(request: Request, identity: Reader, name: Name) -> Response:
    """The cells of a study; its page is another one once none of them runs."""
    service = service_of(request)

    async def parts() -> tuple[dict[str, str], bool]:
        status = await service.indices.read(lambda: status_of(service, name))
        return {"cells": part("cells", status.counts, cell_bar(status), "cells")}, not status.counts["running"]

    return _stream(service, identity, parts)


def _stream(service: Service, identity: Identity, parts: Parts) -> Response:
    if service.metrics.followers >= MOST_STREAMS:
        raise HTTPException(503, "too many clients follow: load the page again", {"Retry-After": "30"})
    return StreamingResponse(_changes(service, identity, parts), media_type="text/event-stream")


async def _changes(service: Service, identity: Identity, parts: Parts) -> AsyncIterator[bytes]:
    """The parts that changed since they were last sent, until the page is another one, or the token is taken back."""
    service.metrics.followers += 1
    sent: dict[str, str] = {}
    silent = 0.0
    try:
        while not service.jobs.draining and service.plan.tokens.counts(identity):
            now, is_other = await parts()
            changed = {id: html for id, html in now.items() if sent.get(id) != html}
            for id, html in changed.items():
                yield _event("part", {"id": id, "html": html})
            if is_other:
                yield _event(RELOAD, {})
                return
            silent = 0.0 if changed else silent + EVERY
            if silent >= BEAT:
                yield b": still there\n\n"
                silent = 0.0
            sent |= changed
            await asyncio.sleep(EVERY)
    finally:
        service.metrics.followers -= 1


def _event(kind: str, data: dict[str, str]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
