"""Requests to a service: errors in one line, patience while it is restarted, events that go on after a break."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from clca.bounded_json import has_too_many_values, parse_json
from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.printable import one_line
from clca.urls import check_url
from clca.words import beginning

if TYPE_CHECKING:
    import httpx2

SECONDS = 330.0  # until an answer begins: a plan may take long
LONGEST_ANSWER = 600.0  # seconds, once it has begun
PAUSE = 0.5  # seconds before a service that did not answer is asked again
SILENCE = 60.0  # seconds without a sign of life after which events are asked for again
LARGEST = 64 * 2**20  # bytes of an answer, as of a result that the service keeps
MOST_VALUES = 2_000_000  # of an answer
LONGEST_EVENT = 2**20  # bytes of a line of events
LONGEST_REASON = 2000  # characters of the service's words in an error
_FIELDS = frozenset({"id", "event", "data"})
BUSY = frozenset({429, 502, 503, 504})


class ServiceError(ClcaError):
    """The service cannot be reached, or does not do what was asked."""

    exit_code = 1


class Connection:
    """A service at `url`, asked with a token, if there is one, and asked again for `patience` seconds."""

    def __init__(self, url: str, token: str | None, patience: float) -> None:
        import httpx2

        from clca.inference.http_client import trusted_certificates
        from clca.inference.proxies import proxy_url

        try:
            check_url(url)
        except ValueError as error:
            raise SettingsError(str(error)) from None
        # Packed answers are not asked for: a few bytes would unpack to what memory does not hold.
        headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
        self._url, self._patience = url.rstrip("/"), patience
        self._client = httpx2.Client(
            base_url=self._url,
            headers=headers,
            timeout=httpx2.Timeout(SECONDS, connect=10),
            proxy=proxy_url(self._url),
            verify=trusted_certificates(),
            trust_env=False,  # which would send the token of a service on this machine to a proxy, and read ~/.netrc
        )

    def get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """The JSON at a path. Raises a `ClcaError`."""
        return self._asked("GET", path, params=query or {})

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON answer to a body. Whatever is posted may be posted twice: a job is known by what it does."""
        return self._asked("POST", path, **({} if body is None else {"json": body}))

    def _asked(self, method: str, path: str, **options: Any) -> Any:
        """The answer to a request. Raises `NotFoundError`, `SettingsError` for what is wrong, `ServiceError`."""
        import httpx2

        until = time.monotonic() + self._patience
        while True:
            try:
                with self._client.stream(method, path, **options) as response:
                    if response.status_code not in BUSY or time.monotonic() > until:
                        return self._answer(response)
            except httpx2.TransportError as error:
                if time.monotonic() > until:
                    raise ServiceError(f"{self._url} does not answer: {error or type(error).__name__}") from None
            time.sleep(PAUSE)

    @contextmanager
    def as_a_service(self) -> Iterator[None]:
        """Raise what an answer of another program comes to in the block as a `ServiceError`."""
        try:
            yield
        except (ValueError, KeyError, TypeError, AttributeError) as error:  # ValidationError is a ValueError
            words = beginning(one_line(str(error)), LONGEST_REASON)
            raise ServiceError(f"{self._url} answers, but not as clca serve does: {words}") from None

    def pages(self, path: str, key: str, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The entries of all pages of a list."""
        cursor: int | str | None = None
        while True:
            page, before = self.get(path, {**filters, **({} if cursor is None else {"cursor": cursor})}), cursor
            with self.as_a_service():
                entries, cursor = [dict(entry) for entry in page[key]], page["cursor"]
                if cursor is not None and cursor == before:
                    raise ValueError("a page leads to itself")
            yield from entries
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
                        if response.status_code >= 300:
                            self._answer(response)
                        for number, kind, data in _parsed(_lines(response.iter_raw())):
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

    def _answer(self, response: httpx2.Response) -> Any:
        """The JSON of an answer. Raises a `ClcaError` for one that says why there is none, or that is too large."""
        data, until = bytearray(), time.monotonic() + LONGEST_ANSWER
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise ServiceError(f"{self._url} packs its answer, which was not asked for")
        for block in response.iter_raw():
            data += block
            if time.monotonic() > until:
                raise ServiceError(f"{self._url} takes more than {LONGEST_ANSWER:,.0f} s to send its answer")
            if len(data) > LARGEST:
                raise ServiceError(f"{self._url} answers with more than {LARGEST // 2**20} MiB")
        if has_too_many_values(bytes(data), MOST_VALUES):
            raise ServiceError(f"{self._url} answers with more than {MOST_VALUES:,} values")
        status = response.status_code
        try:
            answer = parse_json(bytes(data))
            if status < 300:
                return answer
            reason = beginning(one_line(str(answer["error"])), LONGEST_REASON)
        except (ValueError, KeyError, TypeError):
            reason = f"{self._url} answers {status}, and not as clca serve does"
        kinds = {404: NotFoundError, 422: SettingsError, 400: SettingsError}
        raise kinds.get(status, ServiceError)(reason)


def _lines(blocks: Iterator[bytes]) -> Iterator[str]:
    """The lines that blocks of bytes are made of; of one that is too long, no more is kept than that it is."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line[:LONGEST_EVENT].removesuffix(b"\r").decode("utf-8", "replace")
        rest = rest[: LONGEST_EVENT + 1]


def _parsed(lines: Iterator[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The events that lines are made of; what is broken off within an event, or is no event, is left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            if name in _FIELDS:
                fields[name] = value.removeprefix(" ")
        else:
            with suppress(ValueError, TypeError, KeyError):
                yield _number(fields["id"]), fields["event"], dict(parse_json(fields["data"]))
            fields = {}


def _number(text: str) -> int:
    """Raises `ValueError` for what is no number of an event."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise ValueError
    return int(text)
