"""The page to log in at: a token, or the address that is good once, becomes a browser's session."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from clca.service.context import service_of
from clca.service.pages.views import Reader, show
from clca.service.routes.sessions import begin, end, holder

router = APIRouter(include_in_schema=False)
LONGEST = 2000  # characters of an address


@router.get("/login")
async def show_login(
    request: Request,
    next: Annotated[str, Query(max_length=LONGEST)] = "/",
    code: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The form for a token; whoever has a session, or the code that is good once, goes on at once."""
    once = service_of(request).plan.once
    if code and once is not None and (token := once.use(code)) is not None:
        response = RedirectResponse(_own(next), 303)
        begin(request, response, token)
        return response
    if request.scope["state"].get("identity") is not None:
        return RedirectResponse(_own(next), 303)
    return show(request, "login.html.j2", next=next, is_once=once is not None, wrong=bool(code))


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Begin a session, and go on to the page that was asked for."""
    form = request.scope["state"].get("form", {})
    next = form.get("next", "/")[:LONGEST]
    try:
        token = holder(request, form.get("token", "").strip()[:200])
    except HTTPException:
        return show(request, "login.html.j2", 401, next=next, is_once=service_of(request).plan.of_runs, wrong=True)
    response = RedirectResponse(_own(next), 303)
    begin(request, response, token)
    return response


@router.post("/logout")
async def log_out(request: Request, identity: Reader) -> Response:
    """End the session."""
    return end(request, RedirectResponse("/login", 303))


def _own(address: str) -> str:
    """An address if it is one of this service, else the start page.

    >>> [_own(text) for text in ("/runs?q=a", "//evil.example", "https://evil.example", "/\\\\evil.example", "/a\\tb")]
    ['/runs?q=a', '/', '/', '/', '/']
    """
    is_own = address.startswith("/") and not address.startswith(("//", "/login")) and address.isprintable()
    return address if is_own and "\\" not in address else "/"
