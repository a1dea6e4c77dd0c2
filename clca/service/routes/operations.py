"""`/healthz`, `/readyz`, `/metrics` and the OpenAPI document: what looks after a service reads."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from clca.service.context import service_of
from clca.service.metrics import CONTENT_TYPE
from clca.service.routes.answers import responses
from clca.service.routes.jobs import Reader

router = APIRouter(tags=["operations"])


@router.get("/healthz", response_class=PlainTextResponse)
async def is_alive() -> PlainTextResponse:
    """Whether the service answers."""
    return PlainTextResponse("alive\n")


@router.get("/readyz", response_class=PlainTextResponse, responses={503: responses()[503]})
async def is_ready(request: Request) -> Response:
    """Whether it takes jobs now."""
    obstacle = service_of(request).obstacle()
    return JSONResponse({"error": obstacle}, 503) if obstacle else PlainTextResponse("ready\n")


@router.get("/metrics", responses=responses(), response_class=PlainTextResponse)
async def show_metrics(request: Request, identity: Reader) -> Response:
    """The service's figures, as Prometheus reads them."""
    service = service_of(request)
    jobs = {(str(state), str(queue)): count for (state, queue), count in service.jobs.table.counts().items()}
    text = service.metrics.text(jobs, service.free_bytes(), service.audit.lost)
    return Response(text, media_type=CONTENT_TYPE)


@router.get("/v1/openapi.json", responses=responses())
async def show_openapi(request: Request, identity: Reader) -> dict[str, Any]:
    """This API as an OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document
