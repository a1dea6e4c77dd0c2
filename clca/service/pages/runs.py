"""Runs: all of them, one with its dialogues page by page, and dialogues of all runs."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict, model_validator

from clca.errors import NotFoundError
from clca.report.lineage.values import mapping
from clca.report.sections.values import text
from clca.service.context import Service, service_of
from clca.service.dialogues.index import NotIndexedError, RunIndex
from clca.service.dialogues.search import DialoguePage, Filters, page, page_before
from clca.service.dialogues.search_runs import CURSOR, search_runs
from clca.service.jobs.job import Job
from clca.service.pages.agreement import Agreement, agreement
from clca.service.pages.funnel import Funnel, funnel
from clca.service.pages.views import Reader, show
from clca.service.routes.jobs import LARGEST_NUMBER
from clca.service.routes.runs import Culture, DialogueQuery, Name, list_all_runs
from clca.service.run_list import Run
from clca.storage.run_index import read_run

router = APIRouter(include_in_schema=False)
SIZE = 50  # dialogues or runs of a page
MOST_UNDER_WAY = 20  # jobs that are looked through for the one that makes a run


class FormQuery(DialogueQuery):
    """The filters of a page's address, in which forms leave empty what is not filtered by."""

    model_config = ConfigDict(extra="ignore")  # what else the page takes

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in given.items() if value != ""}


Filtered = Annotated[FormQuery, Query()]


@router.get("/runs")
async def show_runs(
    request: Request, identity: Reader, cursor: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0
) -> Response:
    """The runs, the newest first."""
    shown = await list_all_runs(request, identity, None, cursor, SIZE)
    runs = [(run, funnel(run.counts)) for run in shown.runs]
    return show(
        request,
        "runs.html.j2",
        runs=runs,
        first=cursor,
        cursor=shown.cursor,
        unreadable_runs=shown.unreadable_runs,
        unreadable=shown.unreadable,
    )


@router.get("/search")
async def search(
    request: Request,
    identity: Reader,
    filters: Filtered,
    after: Annotated[str, Query(max_length=250, pattern=CURSOR)] = "",
) -> Response:
    """Dialogues of all runs with these words."""
    service = service_of(request)
    sought = Filters.model_validate(filters.model_dump(include=set(Filters.model_fields)))
    page = await search_runs(service.indices, service.runs, sought, after, SIZE) if filters.q else None
    return show(request, "search.html.j2", filters=filters, page=page, after=after)


@router.get("/runs/{culture}/{name}")
async def show_run(
    request: Request,
    identity: Reader,
    culture: Culture,
    name: Name,
    filters: Filtered,
    before: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
) -> Response:
    """A run: its funnel, its reviewers, and its dialogues that match, from `cursor` on or those `before` a number."""
    service = service_of(request)
    run = service.runs.get(f"{culture}/{name}")
    folder = service.runs.folder_of(run)
    index, behind = await service.indices.current(folder)

    def read(db: sqlite3.Connection) -> tuple[DialoguePage, bool, dict[str, dict[str, int]], int]:
        reviews = service.indices.reviews(folder)
        if before:
            dialogues, has_earlier = page_before(db, filters, reviews, before, SIZE)
        else:
            dialogues, has_earlier = page(db, filters, reviews, filters.cursor, SIZE), filters.cursor > 0
        return dialogues, has_earlier, service.indices.facets(folder, db, filters), RunIndex.unreadable_in(db)

    def about() -> tuple[dict[str, Any], Agreement]:
        return read_run(folder).data, agreement(service.indices.reviews(folder))

    dialogues, has_earlier, counted, unreadable = DialoguePage(dialogues=()), False, dict[str, dict[str, int]](), 0
    with suppress(NotIndexedError):
        dialogues, has_earlier, counted, unreadable = await service.indices.query(index, read)
    data, agreed = await service.indices.read(about)
    job = job_of(service, run)
    return show(
        request,
        "run.html.j2",
        run=run,
        facts=_facts(data),
        funnel=await run_funnel(service, run),
        agreement=agreed,
        reviewers=sorted(
            {*(person.name for person in agreed.reviewers), *([filters.reviewer] if filters.reviewer else [])}
        ),
        dialogues=dialogues.dialogues,
        cursor=dialogues.cursor,
        before=dialogues.dialogues[0].number if has_earlier and dialogues.dialogues else None,
        facets=counted,
        behind=behind,
        unreadable=unreadable,
        filters=filters,
        given=query_of(filters),
        job=job,
        is_live=job is not None and not job.is_ended,
    )


def query_of(filters: DialogueQuery) -> dict[str, Any]:
    """The filters of an address that are given, without the place of the page."""
    return filters.model_dump(include=set(Filters.model_fields), exclude_none=True)


async def run_funnel(service: Service, run: Run) -> Funnel:
    """The funnel of a run as it is now."""
    index, behind = await service.indices.current(service.runs.folder_of(run))
    if run.finished or behind:
        return funnel(run.counts)

    def read(db: sqlite3.Connection) -> dict[str, int]:
        return dict(map(tuple, db.execute("SELECT verdict, COUNT(*) FROM dialogue GROUP BY verdict")))

    return funnel(run.counts, await service.indices.query(index, read))


def job_of(service: Service, run: Run) -> Job | None:
    """The job that makes or has made a run; None where that is not known here."""
    if service.plan.of_runs:
        return None
    folder = service.runs.folder_of(run).relative_to(service.workspace).as_posix()
    under_way, _ = service.jobs.table.page("running", "generate", None, MOST_UNDER_WAY)
    for job in under_way:
        if folder in job.folders:
            return service.jobs.current(job)
    try:
        return service.jobs.table.get(run.fingerprint)
    except NotFoundError:
        return None


def _facts(data: dict[str, Any]) -> list[tuple[str, str]]:
    """What `run.json` says of how a run was made."""
    models = mapping(data.get("models"))
    facts = [(role, text(mapping(models.get(role)).get("name"))) for role in ("teacher", "partner", "judge")]
    settings, usage = mapping(data.get("settings")), mapping(data.get("usage"))
    facts += [(name, text(settings.get(name))) for name in ("seed", "samples", "kept")]
    facts += [(key.replace("_", " "), text(usage.get(key))) for key in ("requests", "completion_tokens")]
    facts.append(("clca", text(mapping(data.get("inputs")).get("clca"))))
    return [(name, value) for name, value in facts if value]
