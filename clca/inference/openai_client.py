"""Requests through the `openai` package, sent by `HttpClient` under its rules and with its errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from clca.inference.http_body import MAX_NESTING, is_too_deep
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import HttpError
from clca.urls import NO_KEY

if TYPE_CHECKING:
    import openai

T = TypeVar("T")


async def request(
    http: HttpClient, server: str, seconds: float, send: Callable[[openai.AsyncOpenAI], Awaitable[T]]
) -> T:
    """The result of `send`, which sends one request to `server` through the client that it is called with.

    The package makes the request and reads the response; key, proxy, bounds and the rest are those of `http`. Raises
    `HttpError`.
    """
    import openai

    transport: Any = _Transport(http, server, seconds)
    client = openai.AsyncOpenAI(
        base_url=server,
        api_key=http.key or NO_KEY,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(transport=transport, trust_env=False),
    )
    try:
        async with client:
            return await send(client)
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, HttpError):
            raise error.__cause__ from None
        raise


class _Transport:
    """Sends what the package's HTTP library would, whose name differs between releases."""

    def __init__(self, http: HttpClient, server: str, seconds: float) -> None:
        self._http, self._server, self._seconds = http, server, seconds

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def aclose(self) -> None: ...

    async def handle_async_request(self, request: Any) -> Any:
        """The response, in the library's own type. Raises `HttpError`."""
        path = urlsplit(str(request.url)).path.removeprefix(urlsplit(self._server).path)
        body = await request.aread() or None
        agent = {"User-Agent": str(request.headers.get("User-Agent", ""))}
        content = await self._http.send(request.method, self._server, path, body, self._seconds, agent)
        if is_too_deep(content):
            raise self._http.malformed(self._server, f"JSON that is nested more than {MAX_NESTING} deep")
        library: Any = import_module(type(request).__module__.partition(".")[0])
        return library.Response(200, headers={"Content-Type": "application/json"}, content=content)
