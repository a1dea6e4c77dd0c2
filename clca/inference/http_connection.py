"""The connection to an OpenAI-compatible server: requests, their repetition, and words for what goes wrong."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.request import getproxies

from clca.inference.http import error_message, is_passing, one_line, read_bounded, retry_seconds
from clca.urls import is_loopback, without_credentials

if TYPE_CHECKING:
    import aiohttp
    import tenacity

CONNECT_TIMEOUT = 10.0
LONGEST_WAIT = 60.0
LARGEST_RESPONSE = 2**20  # bytes


class Again(Exception):
    """This try failed and another may not; `wait` is the server's own Retry-After in seconds."""

    def __init__(self, detail: str, wait: float | None = None) -> None:
        super().__init__(detail)
        self.detail, self.wait = detail, wait


class Refused(Exception):
    """The server understood the request and does not want it; `said` are its words, in one line."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


class Connection:
    """Posts JSON below `url`, at most `concurrency` requests at a time. It is used as an async context."""

    def __init__(self, url: str, key: str, concurrency: int, timeout: float) -> None:
        self.shown = without_credentials(url)
        self._url, self._key, self._concurrency, self._timeout = url, key, concurrency, timeout

    async def __aenter__(self) -> Self:
        import aiohttp

        self._slots = asyncio.Semaphore(self._concurrency)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._concurrency),
            timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=min(self._timeout, CONNECT_TIMEOUT)),
            trust_env=bool(getproxies()) and not is_loopback(self._url),
            headers={"Authorization": f"Bearer {self._key}"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, path: str, body: dict[str, Any], tries: int) -> bytes:
        """The body of the answer. Transport faults and busy servers are tried again, with back-off.

        Raises `Again` when the last try failed too, `Refused` when another would be no use.
        """
        import tenacity

        backoff = tenacity.wait_exponential(multiplier=0.5, max=20.0) + tenacity.wait_random(0.0, 1.0)

        def pause(state: tenacity.RetryCallState) -> float:
            fault = state.outcome.exception() if state.outcome else None
            wait = fault.wait if isinstance(fault, Again) else None
            return backoff(state) if wait is None else min(wait, LONGEST_WAIT)

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(Again),
            wait=pause,
            stop=tenacity.stop_after_attempt(tries),
            reraise=True,
        )
        return await retrying(self._post, path, body)

    async def _post(self, path: str, body: dict[str, Any]) -> bytes:
        """One try."""
        import aiohttp

        url = f"{self._url}{path}"
        async with self._slots:
            try:
                # A redirect is not followed: it would carry the key to another server.
                async with self._session.post(url, json=body, allow_redirects=False) as response:
                    data = await self._whole(response)
            except aiohttp.ClientConnectorError as error:
                cause = error.os_error.strerror or str(error.os_error)
                raise Again(f"cannot connect to {self.shown}: {self.clean(cause)}") from None
            except aiohttp.ConnectionTimeoutError:
                raise Again(f"cannot connect to {self.shown} within {CONNECT_TIMEOUT:g} s") from None
            except TimeoutError:
                raise Again(f"no answer from {self.shown} within {self._timeout:g} s") from None
            except (aiohttp.ClientError, OSError) as error:
                cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
                raise Again(f"{self.shown} broke the connection: {self.clean(cause)}") from None
        if response.status == 200:
            return data
        said = self.clean(error_message(data))
        if is_passing(response.status):
            wait = retry_seconds(response.headers.get("Retry-After"))
            raise Again(f"{self.shown} answers {response.status}: {said}", wait)
        raise Refused(response.status, said)

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        data = await read_bounded(response, LARGEST_RESPONSE)
        if data is None:
            raise Refused(response.status, f"it answers more than {LARGEST_RESPONSE:,} bytes")
        return data

    def clean(self, text: str) -> str:
        return one_line(text, self._key)
