"""`/v1/session`: a browser gives its token once, and gets a cookie that no script reads and no other site sends."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import Field

from clca.records import Record
from clca.service.access import SESSION_SECONDS, Role, Token, TokenFile
from clca.service.context import service_of
from clca.service.request_headers import cookie_name
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
    token = holder(request, login.token)
    session = begin(request, response, token)
    return Session(name=token.name, role=token.role, form_key=TokenFile.form_key(token, session))


@router.get("/v1/session/current", responses=responses())
async def show_session(request: Request, identity: Reader) -> Session:
    """Who asks."""
    key = request.scope["state"]["form_key"] if identity.by_cookie else ""
    return Session(name=identity.name, role=identity.role, form_key=key)


@router.post("/v1/session/end", status_code=204, responses=responses(400, 413, 415), response_class=Response)
async def log_out(request: Request, identity: Reader) -> Response:
    """Have the browser forget its session."""
    return end(request, Response(status_code=204))


def holder(request: Request, secret: str) -> Token:
    """The token with this text, if it counts."""
    token = service_of(request).plan.tokens.holder(secret)
    if token is None or not token.is_valid(time.time()):
        raise HTTPException(401, "the token is wrong, or has expired", {"WWW-Authenticate": "Bearer"})
    return token


def begin(request: Request, response: Response, token: Token) -> str:
    """Give a browser the cookie of a new session; returns what is in it."""
    session = service_of(request).plan.tokens.session(token)
    request.scope["state"]["audit"] = {"logged_in": token.name}
    name, secure = cookie_name(request.headers.get("host", "")), request.url.scheme == "https"
    response.set_cookie(name, session, SESSION_SECONDS, httponly=True, samesite="strict", secure=secure)
    return session


def end(request: Request, response: Response) -> Response:
    """The response, by which a browser forgets its session."""
    response.delete_cookie(cookie_name(request.headers.get("host", "")), httponly=True, samesite="strict")
    return response
