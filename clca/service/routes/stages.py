"""`POST /v1/<stage>`: a stage's configuration becomes a job, or with `?plan=true` its plan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse

from clca.bounded_json import has_too_many_values, parse_json
from clca.errors import SettingsError
from clca.service.access import Identity
from clca.service.context import Service, needs, service_of
from clca.service.jobs.job import Job
from clca.service.jobs.process import make_plan
from clca.service.routes.answers import responses
from clca.stages import STAGES, Stage

PLANNERS = 2  # processes that plan at a time
WAITING_PLANS = 20  # requests that wait for one
_DESCRIPTION = (
    "The id of the job is the digest of what decides its result, so that the same request twice is one job: it is"
    " answered with 200 where the job is there already, and with 202 where it was queued. What is not given comes from"
    " the server's clca.toml and environment, and from the defaults."
)


def install(app: FastAPI, service: Service) -> None:
    """Add a route for each stage."""
    router = APIRouter(tags=["stages"])
    planners = asyncio.Semaphore(PLANNERS)
    for name, stage in STAGES.items():
        schema = service.plan.rules.schema(stage.config_type)
        body = {"required": False, "content": {"application/json": {"schema": schema}}}
        document = str(stage.config_type.__doc__ or "").strip().partition("\n")[0]
        router.add_api_route(
            f"/v1/{name}",
            _endpoint(name, stage, planners),
            methods=["POST"],
            status_code=202,
            operation_id=f"submit_{name.replace('-', '_')}",
            summary=f"Submit clca {name}",
            description=f"{document}\n\n{_DESCRIPTION}",
            responses={
                200: {"description": "The job is there already; with plan=true the plan"},
                202: {"model": Job, "description": "The job was queued; Location is its address"},
                **responses(400, 413, 415, 507),
            },
            openapi_extra={"requestBody": body},
            response_model=None,
        )
    app.include_router(router)


def _endpoint(name: str, stage: Stage, planners: asyncio.Semaphore) -> Callable[..., Any]:
    waiting = 0

    async def submit(
        request: Request,
        identity: Annotated[Identity, needs("run")],
        plan: Annotated[bool, Query(description="Answer what it would do and take, and do nothing.")] = False,
    ) -> Response:
        nonlocal waiting
        service = service_of(request)
        fields = _fields(await request.body())
        config = service.plan.rules.resolve(stage.config_type, fields)
        if not plan and (obstacle := service.obstacle()):
            raise HTTPException(507 if "disk" in obstacle else 503, obstacle, {"Retry-After": "30"})
        if waiting >= WAITING_PLANS:
            raise HTTPException(429, "too many requests are being planned: wait a moment", {"Retry-After": "5"})
        waiting += 1
        try:
            async with planners:
                settings = config.model_dump(mode="json", exclude_unset=True)
                planned = await _planned(service, name, settings)
        finally:
            waiting -= 1
        if plan:
            return JSONResponse(service.shown.value({key: planned[key] for key in ("id", "resource", "plan")}))
        return _queue(request, service, name, settings, planned, identity)

    return submit


def _queue(
    request: Request, service: Service, name: str, settings: dict[str, Any], planned: dict[str, Any], who: Identity
) -> Response:
    waiting = sum(count for (state, _), count in service.jobs.table.counts().items() if state == "queued")
    if waiting >= service.plan.config.queue:
        raise HTTPException(429, f"{waiting} jobs wait already: wait until some are done", {"Retry-After": "60"})
    shown = service.shown.value
    job = Job(
        id=planned["id"],
        stage=name,
        resource=planned["resource"],
        state="queued",
        submitted_by=who.name,
        created=round(time.time(), 3),
        config=shown(settings),
        estimate=shown(planned["plan"]),
        folders=tuple(shown(planned["folders"])),
    )
    job, queued = service.jobs.submit(job, settings)
    request.scope["state"]["audit"] = {"job": job.id, "queued": queued}
    current = service.jobs.current(job, result=True)
    location = {"Location": f"/v1/jobs/{job.id}"}
    return JSONResponse(current.model_dump(mode="json"), 202 if queued else 200, location)


def _fields(body: bytes) -> dict[str, Any]:
    if has_too_many_values(body):
        raise HTTPException(400, "the body holds too many values")
    try:
        fields = parse_json(body or b"{}")
    except ValueError as error:
        raise HTTPException(400, f"the body is no JSON: {error}") from None
    if not isinstance(fields, dict):
        raise HTTPException(400, 'the body is an object of settings, as in {"culture": ["japan"]}')
    return fields


async def _planned(service: Service, name: str, settings: dict[str, Any]) -> dict[str, Any]:
    try:
        planned = await make_plan(name, settings, service.workspace)
    except TimeoutError:
        raise HTTPException(503, "the plan took too long: try again") from None
    except RuntimeError as error:
        service.log(f"planning {name} broke off: {error}")
        raise HTTPException(503, "the plan broke off: the service's log says why") from None
    if "error" in planned:
        raise SettingsError(planned["error"])
    return planned
