"""`/v1/session`: a browser gives its token once, and gets a cookie that no script reads and no other site sends."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import Field

from clca.records import Record
from clca.service.access import SESSION_SECONDS, Role
from clca.service.context import service_of
from clca.service.gate import COOKIE, session_of
from clca.service.routes.answers import responses
from clca.service.routes.jobs import Reader

router = APIRouter(tags=["session"])


class Login(Record):
    """What a browser logs in with."""

    token: Annotated[str, Field(max_length=200)]


class Session(Record):
    """Who a browser is logged in as; it sends `form_key` as X-CLCA-Form-Key with each change."""

    name: str
    role: Role
    form_key: str = Field(default="", description="Empty where no cookie is needed.")


@router.post("/v1/session", responses=responses(400, 413, 415))
async def log_in(request: Request, response: Response, login: Login) -> Session:
    """Make a session from a token; it ends after twelve hours, or with the token."""
    tokens = service_of(request).plan.tokens
    token = tokens.holder(login.token)
    if token is None or not token.is_valid(time.time()):
        raise HTTPException(401, "the token is wrong, or has expired", {"WWW-Authenticate": "Bearer"})
    session = tokens.session(token)
    request.scope["state"]["audit"] = {"logged_in": token.name}
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, session, SESSION_SECONDS, httponly=True, samesite="strict", secure=secure)
    return Session(name=token.name, role=token.role, form_key=tokens.form_key(token, session))


@router.get("/v1/session/current", responses=responses())
async def show_session(request: Request, identity: Reader) -> Session:
    """Who asks."""
    tokens = service_of(request).plan.tokens
    session = session_of(request.headers.get("cookie", "")) if identity.by_cookie else ""
    token = tokens.session_holder(session) if session else None
    key = tokens.form_key(token, session) if token is not None else ""
    return Session(name=identity.name, role=identity.role, form_key=key)


@router.post("/v1/session/end", status_code=204, responses=responses(400, 413, 415), response_class=Response)
async def log_out(identity: Reader) -> Response:
    """Have the browser forget its session."""
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
