"""Requests through the `openai` package, under the rules of `HttpClient` and with its errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from clca.inference.http_client import HttpClient, trusted_certificates
from clca.inference.http_errors import HttpError
from clca.inference.proxies import proxy_url
from clca.urls import NO_KEY

if TYPE_CHECKING:
    import openai

T = TypeVar("T")


async def request(
    http: HttpClient, server: str, seconds: float, send: Callable[[openai.AsyncOpenAI], Awaitable[T]]
) -> T:
    """The result of `send`, which sends one request to `server` through the client that it is called with.

    Key, proxy and trusted certificates are those of `http`, and redirects are not followed. Raises `HttpError`.
    """
    import openai

    transport = openai.DefaultAsyncHttpxClient(
        follow_redirects=False, trust_env=False, proxy=proxy_url(server), verify=trusted_certificates()
    )
    connecting = openai.Timeout(None, connect=http.connect_timeout)  # the whole is limited below
    client = openai.AsyncOpenAI(
        base_url=server, api_key=http.key or NO_KEY, timeout=connecting, max_retries=0, http_client=transport
    )
    try:
        async with client, asyncio.timeout(seconds):
            return await send(client)
    except openai.APIStatusError as error:
        response = error.response
        raise http.status_error(server, response.status_code, response.headers, response.content) from None
    except openai.APIConnectionError as error:
        raise _connection_error(http, server, error) from None
    except TimeoutError:
        raise http.timeout_error(server, seconds) from None


def _connection_error(http: HttpClient, server: str, error: Exception) -> HttpError:
    """The typed error for one of the package's, by the names of its causes: releases differ in their HTTP library."""
    causes = list(_causes(error))
    names = {type(cause).__name__ for cause in causes}
    if "ConnectTimeout" in names:
        return http.connection_error(server, None, connected=False)
    texts = [getattr(cause, "strerror", None) for cause in reversed(causes)] + [str(cause) for cause in causes]
    text = next(filter(None, texts), type(error).__name__)
    return http.connection_error(server, text, connected="ConnectError" not in names)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What an error was raised from, and so on."""
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
