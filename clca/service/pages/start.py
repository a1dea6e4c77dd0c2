"""The start page: what is under way, the newest runs, and studies."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from clca.report.config import REPORT
from clca.service.context import Service, service_of
from clca.service.pages.funnel import funnel
from clca.service.pages.jobs import ShownJob, shown_job
from clca.service.pages.studies import studies_of
from clca.service.pages.views import Reader, show
from clca.service.routes.runs import MOST_NAMED, list_all_runs

router = APIRouter(include_in_schema=False)
RUNS = 12  # that are shown
MOST_UNDER_WAY = 12  # jobs


@router.get("/")
async def show_start(request: Request, identity: Reader) -> Response:
    """What is under way, and what there is."""
    service = service_of(request)
    page = await list_all_runs(request, identity, None, 0, RUNS)
    jobs = under_way(service)
    return show(
        request,
        "start.html.j2",
        jobs=jobs,
        runs=[(run, funnel(run.counts)) for run in page.runs],
        has_more=page.cursor is not None,
        unreadable_runs=page.unreadable_runs,
        listing=await service.indices.read(lambda: studies_of(service)),
        most_named=MOST_NAMED,
        has_report=not service.plan.of_runs and (service.workspace / REPORT).is_file(),
        obstacle=service.obstacle(),
        is_live=bool(jobs),
    )


def under_way(service: Service) -> list[ShownJob]:
    """The jobs that run or wait, those that run first."""
    if service.plan.of_runs:
        return []
    jobs = []
    for state in ("running", "cancelling", "queued"):
        in_state, _ = service.jobs.table.page(state, None, None, MOST_UNDER_WAY)
        jobs += [shown_job(service.jobs.current(job)) for job in in_state]
    return jobs[:MOST_UNDER_WAY]
