"""Pages from their templates, in which every text is escaped and inert."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment

import clca
from clca.quality.rate import Rate
from clca.report.environment import make_environment, source
from clca.service.access import Identity
from clca.service.context import needs, service_of
from clca.service.request_headers import wants_page

Reader = Annotated[Identity, needs("read")]
Runner = Annotated[Identity, needs("run")]
Reviewer = Annotated[Identity, needs("review")]
STATIC = Path(__file__).parent / "static"
KINDS = {
    "style.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
router = APIRouter(include_in_schema=False)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of pages, and those parts of a report's that pages share."""
    made = make_environment("clca.service.pages", "clca.report")
    made.filters |= {
        "thousands": "{:,}".format,
        "path": lambda text: quote(text, safe=""),
        "query": query,
        "when": when,
        "duration": duration,
        "percent": percent,
    }
    made.globals |= {"clca_version": clca.__version__, "static": {name: address(name) for name in KINDS}}
    return made


@lru_cache(maxsize=len(KINDS))
def static_file(name: str) -> bytes:
    """A file that pages load; the style sheet begins with that of reports."""
    own = (STATIC / name).read_bytes()
    return source(make_environment("clca.report"), name).encode() + own if name == "style.css" else own


def address(name: str) -> str:
    """Where browsers get a file, and keep it until it is another one."""
    return f"/static/{name}?{hashlib.sha256(static_file(name)).hexdigest()[:12]}"


@router.get("/static/{name}")
async def send_static(name: str) -> Response:
    """A file that pages load."""
    if name not in KINDS:
        return Response(status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(static_file(name), media_type=KINDS[name], headers=headers)


def show(request: Request, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """The response with a page."""
    return HTMLResponse(render(request, template, **values), status_code)


def render(request: Request, template: str, **values: Any) -> str:
    """A template with what all pages know: who looks, what they may do, and the key of their forms."""
    state = request.scope["state"]
    return (
        environment()
        .get_template(template)
        .render(
            identity=state.get("identity"),
            form_key=state.get("form_key", ""),
            has_jobs=not service_of(request).plan.of_runs,
            **values,
        )
    )


def part(name: str, *values: Any) -> str:
    """A part of a page by its macro in `parts.html.j2`, which is also sent alone when it changes."""
    module = environment().get_template("parts.html.j2").module
    return str(getattr(module, name)(*values))


def error_page(request: Request, status: int, text: str) -> Response | None:
    """What a browser that asks for a page is shown instead; None for anybody else."""
    if not wants_page(request.scope):
        return None
    return show(request, "error.html.j2", status, title=HTTPStatus(status).phrase, text=text)


def refusal_page(status: int, text: str) -> bytes:
    """The page for a request that is refused before it is known who sent it."""
    page = environment().get_template("error.html.j2")
    title = HTTPStatus(status).phrase
    return page.render(identity=None, form_key="", has_jobs=False, title=title, text=text).encode()


def query(values: Mapping[str, Any], **changes: Any) -> str:
    """Values as the query of an address, with its question mark, without those that are empty.

    >>> query({"q": "a b", "verdict": None}, cursor=3), query({})
    ('?q=a+b&cursor=3', '')
    """
    given = {key: value for key, value in {**values, **changes}.items() if value not in (None, "", 0)}
    return "?" + urlencode(given) if given else ""


def when(moment: float | str | None) -> str:
    """A time in UTC, to the minute: from seconds since 1970 or ISO 8601; nothing for what is none.

    >>> when(0.0), when("2026-01-31T12:30:59Z"), when(None)
    ('1970-01-01 00:00', '2026-01-31 12:30', '')
    """
    if isinstance(moment, str):
        return moment[:16].replace("T", " ")
    return "" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float | None) -> str:
    """A time span in its two largest units.

    >>> duration(42), duration(125), duration(7322), duration(200_000), duration(None)
    ('42 s', '2 min 5 s', '2 h 2 min', '2 d 7 h', '')
    """
    if seconds is None:
        return ""
    left = int(seconds)
    units = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for (size, name), (smaller, below) in pairwise(units):
        if left >= size:
            rest = left % size // smaller
            return f"{left // size} {name}" + (f" {rest} {below}" if rest else "")
    return f"{left} s"


def percent(rate: Rate) -> str:
    """A share with its interval in words.

    >>> percent(Rate(hits=9, of=10, value=0.9, low=0.596, high=0.982))
    '90 % [60, 98]'
    """
    return "–" if rate.value is None else f"{100 * rate.value:.0f} % [{100 * rate.low:.0f}, {100 * rate.high:.0f}]"
