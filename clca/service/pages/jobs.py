"""Jobs: all of them, and one with its progress, its settings, its files and the end of its log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from clca.report.lineage.values import bounded, mapping
from clca.report.sections.values import count
from clca.service.access import Identity
from clca.service.context import Service, service_of
from clca.service.jobs.bounded_log import tail
from clca.service.jobs.dispatcher import LOG
from clca.service.jobs.events import FILE as EVENTS
from clca.service.jobs.job import STATES, Job, State
from clca.service.pages.funnel import OUTCOMES, Funnel, job_funnel
from clca.service.pages.views import Reader, Runner, show
from clca.service.routes import jobs as api
from clca.service.routes.files import list_job_files
from clca.service.routes.jobs import LARGEST_NUMBER, JobId

router = APIRouter(include_in_schema=False)
SIZE = 50  # jobs of a page
MOST_FILES = 200  # that a page lists
LOG_BYTES, NOTE_BYTES = 16 * 1024, 16 * 1024
MOST_NOTES = 5
DRAWN = frozenset({"done", "total", "unit", *OUTCOMES})  # of the progress, by bars
CUT = "..."  # what stands for values that are too deep to be shown
TITLED_BY = ("culture", "study", "run", "adapter", "model", "student", "recipe")
"""Settings of which a job is known at a glance, the first of them that are set."""


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job with what a page says of it."""

    job: Job
    title: str
    funnel: Funnel | None
    done: int
    total: int
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def shown_job(job: Job, notes: tuple[str, ...] = ()) -> ShownJob:
    """A job as pages show it."""
    named = (values_of(job.config[key]) for key in TITLED_BY if job.config.get(key))
    progress = job.progress
    return ShownJob(
        job,
        " · ".join([job.stage, *list(named)[:2]]),
        job_funnel(progress),
        count(progress.get("done")),
        count(progress.get("total")),
        tuple(lines({key: value for key, value in progress.items() if key not in DRAWN})),
        notes,
    )


@router.get("/jobs")
async def show_jobs(
    request: Request,
    identity: Reader,
    state: State | Literal[""] = "",
    cursor: Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER)] = None,
) -> Response:
    """The jobs, the newest first."""
    chosen: State | None = state or None
    page = await api.list_jobs(request, identity, chosen, None, cursor, SIZE)
    jobs = [shown_job(job) for job in page.jobs]
    return show(
        request, "jobs.html.j2", jobs=jobs, cursor=page.cursor, is_first=cursor is None, state=chosen, states=STATES
    )


@router.get("/jobs/{job_id}")
async def show_job_page(request: Request, identity: Reader, job_id: JobId) -> Response:
    """A job: what it was asked for, how far it is, and what it made."""
    service = service_of(request)
    job = await api.show_job(request, identity, job_id)
    files = (await list_job_files(request, identity, job.id)).files
    root = service.plan.runs.relative_to(service.workspace).as_posix()
    return show(
        request,
        "job.html.j2",
        shown=shown_job(job, notes_of(service, job)),
        settings=list(lines(job.config)),
        estimate=list(lines(job.estimate)),
        result=list(lines(mapping(job.result))),
        runs=[folder.removeprefix(f"{root}/") for folder in job.folders if folder.startswith(f"{root}/")],
        files=files[:MOST_FILES],
        more_files=max(0, len(files) - MOST_FILES),
        can_cancel=not job.is_ended and identity.may("run"),
        can_retry=(job.state in ("failed", "cancelled") or service.jobs.failed_dialogues(job) > 0)
        and identity.may("run"),
        log=_log(service, job, identity),
        is_live=not job.is_ended,
    )


@router.post("/jobs/{job_id}/cancel")
async def cancel(request: Request, identity: Runner, job_id: JobId) -> Response:
    """Cancel a job, and show it."""
    job = await api.cancel_job(request, identity, job_id)
    return RedirectResponse(f"/jobs/{job.id}", 303)


@router.post("/jobs/{job_id}/retry")
async def retry(request: Request, identity: Runner, job_id: JobId) -> Response:
    """Queue a job again, and show it."""
    job = await api.retry_job(request, identity, job_id)
    return RedirectResponse(f"/jobs/{job.id}", 303)


def notes_of(service: Service, job: Job) -> tuple[str, ...]:
    """What a job last noted, the newest last."""
    notes = []
    for line in tail(service.jobs.folder(job.id) / EVENTS, NOTE_BYTES).splitlines():
        with suppress(ValueError, KeyError, TypeError):
            event = json.loads(line)
            if event["kind"] == "note":
                notes.append(service.shown.line(str(event["data"]["text"])))
    return tuple(notes[-MOST_NOTES:])


def lines(values: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """The values of an object, and of those in it, each as its name and a bounded text.

    >>> list(lines({"a": {"b": 1}, "c": [23_600.4, "x"], "d": None}))
    [('a, b', '1'), ('c', '23,600, x')]
    >>> list(lines({"runs": [{"kept": 3}, {"kept": 4}]}))
    [('runs, 1, kept', '3'), ('runs, 2, kept', '4')]
    """
    for key, value in mapping(bounded(values)).items():
        name = f"{before}{key.replace('_', ' ')}"
        if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
            value = {str(number): entry for number, entry in enumerate(value, 1)}
        if isinstance(value, dict):
            yield from lines(value, f"{name}, ")
        elif value not in (None, "", [], CUT):
            yield name, values_of(value)


def values_of(value: Any) -> str:
    """A value in words: a list as its entries, numbers as people write them."""
    if isinstance(value, list | tuple):
        return ", ".join(map(values_of, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 100 else f"{value:.3g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _log(service: Service, job: Job, identity: Identity) -> str | None:
    """The end of what a job's process printed, for those who may see it."""
    if not identity.may("run"):
        return None
    return service.shown.text(tail(service.jobs.folder(job.id) / LOG, LOG_BYTES).decode("utf-8", "replace"))
