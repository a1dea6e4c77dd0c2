"""Requests to the homes of data: one at a time, not too often, again when a server asks for patience, in bounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from clca import __version__
from clca.bounded_json import has_too_many_values, parse_json
from clca.errors import ClcaError
from clca.inference.http_client import trusted_certificates
from clca.inference.proxies import proxy_url
from clca.printable import one_line

if TYPE_CHECKING:
    import httpx2

PAUSE = 1.0  # seconds between requests to a server
ATTEMPTS = 6
LONGEST_WAIT = 120.0  # seconds, whatever a server asks for
LARGEST_ANSWER = 64 * 2**20  # bytes of an answer that is read as a whole
LONGEST_ANSWER = 600.0  # seconds
MOST_VALUES = 2_000_000  # of an answer; GitHub lists 100,000 files at most
LARGEST_FILE = 2 * 2**30  # bytes
SLOWEST = 1000  # bytes a second of a file, after two minutes
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
ADVICE = {
    403: "; if it was asked too often, or wants to know by whom: repeat the command in an hour, with --contact",
    404: "; check eval/sources.yaml",
}
"""What to do about the status of an answer."""


class FetchError(ClcaError):
    """A home of data cannot be reached, or does not have what it should; the command can be repeated."""

    exit_code = 1


class _Busy(Exception):
    """A server that is to be asked again after `seconds`."""

    def __init__(self, reason: str, seconds: float | None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Home:
    """A server that is asked politely. `contact` says whom its owners may write to about these requests."""

    def __init__(
        self, address: str, contact: str = "", pause: float = PAUSE, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        import httpx2

        self._address, self._pause, self._sleep = address, pause, sleep
        agent = f"clca/{__version__} ({contact or 'research software; no contact given'}) httpx2/{httpx2.__version__}"
        self._client = httpx2.Client(
            headers={"User-Agent": agent, "Accept-Encoding": "gzip"},
            timeout=httpx2.Timeout(60.0, connect=15.0),
            proxy=proxy_url(address),
            verify=trusted_certificates(),
            trust_env=False,  # which would read passwords of ~/.netrc, too
        )
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def json(self, path: str, query: Mapping[str, str], is_busy: Callable[[Any], str] = lambda _: "") -> Any:
        """The JSON at a path. `is_busy` gives the reason why an answer is none yet, or "". Raises `FetchError`."""

        def ask() -> Any:
            with self._response(path, query, {}) as response:
                answer = self._parsed(response)
            if reason := is_busy(answer):
                raise _Busy(reason, _retry_after(response.headers))
            return answer

        return self._patiently(ask)

    def blocks(self, path: str, start: int) -> Iterator[bytes]:
        """The bytes of a file from `start` on; from its beginning, after b"", where the server cannot go on."""

        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}

        def begin() -> Any:
            opened = self._response(path, {}, headers)
            return opened, opened.__enter__()

        import httpx2

        opened, response = self._patiently(begin)
        try:
            if start and response.status_code != 206:
                yield b""
            read, began = 0, time.monotonic()
            for block in response.iter_raw():
                read += len(block)
                seconds = time.monotonic() - began
                if seconds > LONGEST_WAIT and read < SLOWEST * seconds:
                    raise self._failure(path, f"sends less than {SLOWEST:,} bytes a second: repeat the command later")
                if read > LARGEST_FILE:
                    raise FetchError(f"{self._address}{path}: larger than {LARGEST_FILE // 2**30} GiB")
                yield block
        except httpx2.TransportError as error:
            raise self._failure(path, str(error) or type(error).__name__) from None
        finally:
            opened.__exit__(None, None, None)

    def _patiently(self, ask: Callable[[], Any]) -> Any:
        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.seconds if isinstance(error, _Busy) else None
            return min(asked if asked is not None else 2.0**state.attempt_number, LONGEST_WAIT)

        again = Retrying(
            retry=retry_if_exception_type(_Busy), stop=stop_after_attempt(ATTEMPTS), wait=wait, sleep=self._sleep
        )
        try:
            return again(ask)
        except Exception as error:
            cause = getattr(error, "last_attempt", None)
            if cause is None:
                raise
            raise FetchError(
                f"{self._address}: {cause.exception()}, {ATTEMPTS} times; repeat the command later: it goes on"
            ) from None

    @contextmanager
    def _response(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
        import httpx2

        since = time.monotonic() - self._last
        if since < self._pause:
            self._sleep(self._pause - since)
        self._last = time.monotonic()
        try:
            with self._client.stream(
                "GET", self._address + path, params=dict(query) or None, headers=dict(headers)
            ) as response:
                if response.status_code in BUSY:
                    raise _Busy(f"answers {response.status_code}", _retry_after(response.headers))
                if response.status_code not in (200, 206):
                    advice = ADVICE.get(response.status_code, "")
                    raise self._failure(path, f"answers {response.status_code}{advice}")
                yield response
        except httpx2.ConnectError as error:
            raise self._failure(path, f"cannot be reached: {error}; repeat the command once it can") from None
        except httpx2.TransportError as error:
            raise _Busy(str(error) or type(error).__name__, None) from None
        except (httpx2.RequestError, httpx2.InvalidURL) as error:  # an answer that cannot be unpacked
            raise self._failure(path, str(error) or type(error).__name__) from None

    def _parsed(self, response: httpx2.Response) -> Any:
        data = bytearray()
        until = time.monotonic() + LONGEST_ANSWER
        for block in response.iter_bytes():
            data += block
            if len(data) > LARGEST_ANSWER:
                raise self._failure("", f"answers with more than {LARGEST_ANSWER // 2**20} MiB")
            if time.monotonic() > until:
                raise self._failure("", f"has not answered whole in {LONGEST_ANSWER:g} seconds")
        if has_too_many_values(bytes(data), MOST_VALUES):
            raise self._failure("", f"answers with more than {MOST_VALUES:,} values")
        try:
            return parse_json(bytes(data))
        except ValueError:
            raise self._failure("", "answers with no JSON") from None

    def _failure(self, path: str, reason: str) -> FetchError:
        return FetchError(f"{self._address}{path}: {one_line(reason)[:300]}")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait: `Retry-After` as a number or a date."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
