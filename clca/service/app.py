"""The application: routes behind the gate, jobs begun when it starts and given up when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

import clca
from clca.errors import ClcaError
from clca.progress import Note, ProgressCallback
from clca.service.audit_log import AuditLog
from clca.service.context import Service
from clca.service.dialogues.indices import DialogueIndices
from clca.service.gate import OPEN, Gate
from clca.service.jobs.dispatcher import Dispatcher
from clca.service.jobs.table import JobTable
from clca.service.metrics import Metrics
from clca.service.pages import comparison, dialogues, live, login, start, studies, views
from clca.service.pages import jobs as job_pages
from clca.service.pages import runs as run_pages
from clca.service.plan import ServePlan
from clca.service.routes import answers, files, jobs, operations, runs, sessions, stages
from clca.service.run_list import ChosenRuns, RunList
from clca.service.shown import Shown
from clca.stages import stage

PAGES = (views, login, start, run_pages, dialogues, job_pages, studies, comparison, live)
INDEX_EVERY = 5.0  # seconds after which runs that are being made are indexed further


def make_service(plan: ServePlan, progress: ProgressCallback) -> Service:
    """The parts of a service, whose folder is there and locked. Raises `StoreError`."""
    shown = Shown(plan.workspace)
    config = plan.config
    limits: dict[Any, int] = {"gpu": config.gpu_jobs, "cpu": config.cpu_jobs}
    dispatcher = Dispatcher(JobTable(plan.folder), plan.folder, plan.workspace, limits, shown)
    service = Service(
        plan=plan,
        jobs=dispatcher,
        runs=RunList(plan.runs) if plan.chosen is None else ChosenRuns(plan.chosen),
        indices=DialogueIndices(plan.folder / "index", plan.workspace),
        shown=shown,
        metrics=Metrics(),
        audit=AuditLog(plan.folder),
        log=lambda text: progress(Note(text)),
    )
    dispatcher.may_begin = lambda: not service.shortage()
    dispatcher.require_sent = lambda name, settings: plan.rules.require_sent(stage(name).config_type, settings)
    return service


def make_app(service: Service) -> tuple[FastAPI, Gate]:
    """The application, and the gate through which it is asked."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.jobs.begin()
        following = asyncio.create_task(_index_beside(service))
        try:
            yield
        finally:
            following.cancel()
            await service.jobs.drain(0)
            await service.indices.close()
            service.jobs.table.close()

    app = FastAPI(
        title="clca",
        version=clca.__version__,
        description="Submit, watch, read and review: every command of clca over HTTP.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    app.state.service = service
    answers.install(app, service.shown, views.error_page)
    for module in (runs, jobs, files, sessions, operations, *PAGES):
        app.include_router(module.router)  # in the order in which they are looked through
    if not service.plan.of_runs:
        stages.install(app, service)
    _describe(app, service)
    config, tokens = service.plan.config, service.plan.tokens
    return app, Gate(app, config, tokens, service.audit, service.metrics, views.refusal_page)


async def _index_beside(service: Service) -> None:
    """Index the runs that jobs are making, while they make them."""
    while True:
        await asyncio.sleep(INDEX_EVERY)
        running, _ = service.jobs.table.page("running", "generate", None, 20)
        for job in running:
            for folder in job.folders:
                run = service.workspace / folder
                if run.is_dir():
                    try:
                        await service.indices.current(run)
                    except ClcaError as error:
                        service.log(service.shown.line(error.message))


def _describe(app: FastAPI, service: Service) -> None:
    """Let the OpenAPI document hold the definitions of the settings, and how a token is given."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            components = document.setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                    schemas |= body.get("schema", {}).pop("$defs", {})
                    if path in OPEN:
                        operation["security"] = []
            schemas[answers.Error.__name__] = answers.Error.model_json_schema()
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}] if service.plan.config.needs_token else [{"token": []}, {}]
            app.openapi_schema = document
        described: dict[str, Any] = app.openapi_schema
        return described

    app.openapi = openapi
