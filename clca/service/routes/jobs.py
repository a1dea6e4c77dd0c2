"""`/v1/jobs`: what has become of what was submitted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from clca.content.parsing import suggestion
from clca.service.access import Identity
from clca.service.context import Service, needs, service_of
from clca.service.jobs.bounded_log import tail
from clca.service.jobs.dispatcher import LOG
from clca.service.jobs.job import Job, JobPage, State
from clca.service.routes.answers import responses
from clca.stages import STAGES

MOST_STREAMS = 500
LOG_BYTES = 256 * 1024
LARGEST_NUMBER = 2**62
COMMAND: dict[str, Any] = {"enum": list(STAGES)}
router = APIRouter(tags=["jobs"])
JobId = Annotated[str, Path(min_length=6, max_length=64, pattern="^[0-9a-f]+$", description="Id, or its beginning.")]
Reader = Annotated[Identity, needs("read")]
Runner = Annotated[Identity, needs("run")]


@router.get("/v1/jobs", responses=responses())
async def list_jobs(
    request: Request,
    identity: Reader,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    stage: Annotated[str | None, Query(json_schema_extra=COMMAND, description="Only those of this command.")] = None,
    cursor: Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER, description="That of the page before.")] = None,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JobPage:
    """The jobs, the newest first."""
    if stage is not None and stage not in STAGES:
        raise HTTPException(422, f"stage: no such command{suggestion(stage[:40], STAGES)}")
    service = service_of(request)
    jobs, following = service.jobs.table.page(state, stage, cursor, size)
    return JobPage(jobs=tuple(service.jobs.current(job) for job in jobs), cursor=following)


@router.get("/v1/jobs/{job_id}", responses=responses(404))
async def show_job(request: Request, identity: Reader, job_id: JobId) -> Job:
    """A job, with its result once it is completed."""
    service = service_of(request)
    return service.jobs.current(service.jobs.table.get(job_id), result=True)


@router.post("/v1/jobs/{job_id}/cancel", responses=responses(404, 409, 413, 415))
async def cancel_job(request: Request, identity: Runner, job_id: JobId) -> Job:
    """Cancel a job: what it has finished stays, and `retry` goes on with it."""
    service = service_of(request)
    job = service.jobs.table.get(job_id)
    request.scope["state"]["audit"] = {"job": job.id}
    if job.is_ended and job.state != "cancelled":
        raise HTTPException(409, f"the job is {job.state}")
    return service.jobs.cancel(job)


@router.post("/v1/jobs/{job_id}/retry", responses=responses(404, 409, 413, 415, 507))
async def retry_job(request: Request, identity: Runner, job_id: JobId) -> Job:
    """Queue a job again that failed or was cancelled; of a completed one, try the dialogues again that failed."""
    service = service_of(request)
    job = service.jobs.table.get(job_id)
    request.scope["state"]["audit"] = {"job": job.id}
    if job.state not in ("failed", "cancelled") and not service.jobs.failed_dialogues(job):
        raise HTTPException(409, f"the job is {job.state}, and nothing of it failed")
    if obstacle := service.obstacle():
        raise HTTPException(507 if "disk" in obstacle else 503, obstacle)
    return service.jobs.retry(job)


@router.get(
    "/v1/jobs/{job_id}/events",
    responses={200: {"content": {"text/event-stream": {}}}, 204: {"description": "Nothing follows"}, **responses(404)},
    response_class=StreamingResponse,
)
async def follow_job(
    request: Request,
    identity: Reader,
    job_id: JobId,
    last_event_id: Annotated[str, Header(max_length=20, description="The last event that was seen.")] = "",
) -> Response:
    """What happens to a job as server-sent events: state, progress, note. They end with the job."""
    service = service_of(request)
    job = service.jobs.table.get(job_id)
    after = int(last_event_id) if last_event_id.isascii() and last_event_id.isdecimal() else 0
    events = service.jobs.events(job.id)
    if job.is_ended and after and not events.read(after, 1):
        return Response(status_code=204)  # by which a browser knows that it need not ask again
    if service.metrics.followers >= MOST_STREAMS:
        raise HTTPException(503, "too many clients follow jobs: ask for the job itself", {"Retry-After": "30"})
    return StreamingResponse(_followed(service, identity, job.id, after), media_type="text/event-stream")


async def _followed(service: Service, identity: Identity, job: str, after: int) -> AsyncIterator[bytes]:
    """The events of a job, for as long as the follower's token counts."""
    service.metrics.followers += 1
    try:
        events = service.jobs.events(job)
        async for data in events.follow(after, lambda: service.jobs.draining or service.jobs.table.get(job).is_ended):
            if not service.plan.tokens.counts(identity):
                return
            yield data
    finally:
        service.metrics.followers -= 1


@router.get("/v1/jobs/{job_id}/log", responses=responses(404), response_class=PlainTextResponse)
async def show_log(request: Request, identity: Runner, job_id: JobId) -> PlainTextResponse:
    """The end of what the job's process printed."""
    service = service_of(request)
    job = service.jobs.table.get(job_id)
    text = tail(service.jobs.folder(job.id) / LOG, LOG_BYTES).decode("utf-8", "replace")
    return PlainTextResponse(service.shown.text(text))


@router.get("/v1", responses=responses())
async def show_service(request: Request, identity: Reader) -> dict[str, object]:
    """What the service does, and who asks."""
    import clca

    service = service_of(request)
    return {
        "clca": clca.__version__,
        "name": identity.name,
        "role": identity.role,
        "stages": list(STAGES),
        "jobs": {f"{state} {queue}": count for (state, queue), count in service.jobs.table.counts().items()},
        "obstacle": service.obstacle(),
    }
