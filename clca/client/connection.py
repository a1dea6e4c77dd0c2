"""Requests to a service: errors in one line, patience while it is restarted, events that go on after a break."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.urls import check_url

if TYPE_CHECKING:
    import httpx2

SECONDS = 330.0  # for an answer: a plan may take long
PAUSE = 0.5  # seconds before a service that did not answer is asked again
SILENCE = 60.0  # seconds without a sign of life after which events are asked for again
BUSY = frozenset({429, 502, 503, 504})


class ServiceError(ClcaError):
    """The service cannot be reached, or does not do what was asked."""

    exit_code = 1


class Connection:
    """A service at `url`, asked with a token, if there is one, and asked again for `patience` seconds."""

    def __init__(self, url: str, token: str | None, patience: float) -> None:
        import httpx2

        try:
            check_url(url)
        except ValueError as error:
            raise SettingsError(str(error)) from None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url, self._patience = url.rstrip("/"), patience
        self._client = httpx2.Client(base_url=self._url, headers=headers, timeout=httpx2.Timeout(SECONDS, connect=10))

    def get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """The JSON at a path. Raises a `ClcaError`."""
        return self.request("GET", path, params=query or {}).json()

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON answer to a body. Whatever is posted may be posted twice: a job is known by what it does."""
        return self.request("POST", path, json=body).json() if body is not None else self.request("POST", path).json()

    def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """The answer to a request. Raises `NotFoundError`, `SettingsError` for what is wrong, `ServiceError`."""
        import httpx2

        until = time.monotonic() + self._patience
        while True:
            try:
                response = self._client.request(method, path, **options)
            except httpx2.TransportError as error:
                if time.monotonic() > until:
                    raise ServiceError(f"{self._url} does not answer: {error or type(error).__name__}") from None
            else:
                if response.status_code not in BUSY or time.monotonic() > until:
                    return self._checked(response)
            time.sleep(PAUSE)

    def pages(self, path: str, key: str, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The entries of all pages of a list."""
        cursor: int | None = None
        while True:
            page = self.get(path, {**filters, **({} if cursor is None else {"cursor": cursor})})
            yield from page[key]
            cursor = page["cursor"]
            if cursor is None:
                return

    def events(self, path: str, after: int, is_ended: Callable[[], bool]) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """(number, kind, data) of server-sent events; after a break they go on where they were broken off.

        Raises `ServiceError` where no event comes for `patience` seconds.
        """
        import httpx2

        until = time.monotonic() + self._patience
        while True:
            headers = {"Last-Event-ID": str(after)} if after else {}
            with suppress(httpx2.TransportError):
                timeout = httpx2.Timeout(SILENCE, connect=10)
                with self._client.stream("GET", path, headers=headers, timeout=timeout) as response:
                    if response.status_code not in BUSY:
                        if response.status_code >= 400:
                            response.read()
                        self._checked(response)
                        for number, kind, data in _parsed(response.iter_lines()):
                            until = time.monotonic() + self._patience
                            after = number
                            yield number, kind, data
            if is_ended():
                return
            if time.monotonic() > until:
                raise ServiceError(f"{self._url} does not send events any more")
            time.sleep(PAUSE)

    def download(self, path: str, start: int, etag: str) -> Any:
        """A response that streams a file, from byte `start` on if it is still the one of this `etag`."""
        headers = {"Range": f"bytes={start}-", "If-Range": etag} if start else {}
        return self._client.stream("GET", path, headers=headers)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _checked(self, response: httpx2.Response) -> httpx2.Response:
        if response.status_code < 400:
            return response
        try:
            reason = str(response.json()["error"])
        except (ValueError, KeyError, TypeError):
            reason = f"{self._url} answers {response.status_code}, and not as clca serve does"
        kinds = {404: NotFoundError, 422: SettingsError, 400: SettingsError}
        raise kinds.get(response.status_code, ServiceError)(reason)


def _parsed(lines: Iterator[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The events that lines are made of; what is broken off within an event is left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif {"id", "event", "data"} <= fields.keys():
            with suppress(ValueError):
                yield int(fields["id"]), fields["event"], dict(json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}
