"""Errors as clients get them: one line, with a status that says whose fault it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from pydantic_core import PydanticSerializationError
from starlette.exceptions import HTTPException

from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError, StoreError
from clca.records import Record
from clca.service.shown import Shown

STATUSES: dict[type[ClcaError], int] = {NotFoundError: 404, SettingsError: 422, ContentError: 422, StoreError: 503}


class Error(Record):
    """Why a request was not answered."""

    error: str = Field(description="What is wrong, where, and what to do, in one line.")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors that a route may answer, for the OpenAPI document; each may refuse who asks, and how often."""
    texts = {
        400: "Not a request",
        401: "No token, a wrong one, or one that has expired",
        403: "The token's role does not cover this",
        404: "There is no such thing",
        409: "Not in this state",
        413: "The body is too large",
        415: "The body is not declared as JSON",
        416: "No such part of the file",
        422: "A setting is wrong",
        429: "Too many requests, or jobs",
        503: "Not now",
        507: "The disk is full",
    }
    every = sorted({401, 403, 422, 429, 503, *statuses})
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{Error.__name__}"}}}
    return {status: {"description": texts[status], "content": content} for status in every}


def install(app: FastAPI, shown: Shown, page: Callable[[Request, int, str], Response | None]) -> None:
    """Have an application answer all its errors so, or by the `page` for a browser that asks for one."""

    def answer(request: Request, status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
        line = shown.line(text)
        response = page(request, status, line)
        return response if response is not None else JSONResponse({"error": line}, status, headers)

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, ClcaError)
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 422)
        return answer(request, status, error.message)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, error.status_code, str(error.detail), error.headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"][1:]) or "request"
        return answer(request, 422, f"{name}: {fault['msg']}")

    async def half(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "the answer would hold half a character: a file that was read is no text"}, 503)

    app.add_exception_handler(ClcaError, known)
    app.add_exception_handler(PydanticSerializationError, half)
    app.add_exception_handler(UnicodeEncodeError, half)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)
