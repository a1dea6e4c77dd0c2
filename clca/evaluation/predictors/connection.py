"""The connection to an OpenAI-compatible server: requests, their repetition, and words for what goes wrong."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from email.utils import parsedate_to_datetime
from time import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.request import getproxies

from clca.urls import NO_KEY, is_loopback, without_credentials

if TYPE_CHECKING:
    import aiohttp
    import tenacity

CONNECT_TIMEOUT = 10.0
LONGEST_WAIT = 60.0
LARGEST_RESPONSE = 2**20  # bytes

_BUSY = {408, 409, 425, 429}


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
        said = self.clean(_message(data))
        if response.status in _BUSY or response.status >= 500:
            wait = _seconds(response.headers.get("Retry-After"))
            raise Again(f"{self.shown} answers {response.status}: {said}", wait)
        raise Refused(response.status, said)

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        data = b""
        async for chunk in response.content.iter_any():
            data += chunk
            if len(data) > LARGEST_RESPONSE:
                raise Refused(response.status, f"it answers more than {LARGEST_RESPONSE:,} bytes")
        return data

    def clean(self, text: str) -> str:
        """One short line without the key."""
        text = " ".join(text.split())
        if len(self._key) >= 4 and self._key != NO_KEY:
            text = text.replace(self._key, "[key]")
        text = re.sub(r"\b(sk|hf)[-_][\w*-]{6,}", "[key]", text)
        return text if len(text) <= 300 else text[:297] + "..."


def _message(data: bytes) -> str:
    """The words of an error response, in whichever of the usual places they stand."""
    text = data.decode("utf-8", "replace")
    try:
        error = json.loads(text)
        error = error.get("error", error)
        return str(error.get("message") or error.get("detail") or error) if isinstance(error, dict) else str(error)
    except (ValueError, AttributeError):
        return text or "no message"


def _seconds(header: str | None) -> float | None:
    """Seconds to wait by a `Retry-After` header (a number or a date); None when there is none."""
    if not header:
        return None
    with suppress(ValueError):
        return max(0.0, float(header))
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(header).timestamp() - time())
    return None
