"""What the routes of a service share, and how a route says who may use it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Depends, HTTPException, Request

from clca.service.access import Identity, Role
from clca.service.audit_log import AuditLog
from clca.service.dialogues.indices import DialogueIndices
from clca.service.jobs.dispatcher import Dispatcher
from clca.service.known_query import require_known_query
from clca.service.metrics import Metrics
from clca.service.plan import ServePlan
from clca.service.run_list import RunList
from clca.service.shown import Shown

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of a running service."""

    plan: ServePlan
    jobs: Dispatcher
    runs: RunList
    indices: DialogueIndices
    shown: Shown
    metrics: Metrics
    audit: AuditLog
    log: Callable[[str], None]

    @property
    def workspace(self) -> Path:
        """The folder that all jobs work in."""
        return self.plan.workspace

    def free_bytes(self) -> int:
        """Free bytes of the disk of the workspace."""
        return shutil.disk_usage(self.workspace).free

    def obstacle(self) -> str:
        """Why no job can be taken or begun now, a fault of the queue included; "" if nothing prevents it."""
        return self.shortage() or self.jobs.fault

    def shortage(self) -> str:
        """Why no job can begin: the service is being stopped, its disk is full or its folder read-only; "" if none."""
        least = self.plan.config.free
        if self.jobs.draining:
            return "the service is being stopped: ask again in a moment"
        if self.free_bytes() < least * GIB:
            return f"the disk has less than {least:g} GiB free"
        if not os.access(self.plan.folder, os.W_OK):
            return "the service's folder cannot be written"
        return ""


def service_of(request: Request) -> Service:
    """The service that a request was sent to."""
    service: Service = request.app.state.service
    return service


def needs(role: Role) -> Any:
    """A dependency that refuses senders without the role and unknown query names; its value is the sender."""

    async def allowed(request: Request) -> Identity:
        identity: Identity | None = request.scope["state"].get("identity")
        if identity is None:
            raise HTTPException(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        if not identity.may(role):
            raise HTTPException(403, f"this needs the role {role}, and {identity.name} has {identity.role}")
        require_known_query(request)
        return identity

    return Depends(allowed)
