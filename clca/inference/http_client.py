"""The one HTTP client for model servers: sends a request once, and types what goes wrong."""

from __future__ import annotations

import asyncio
import ctypes
import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from clca.errors import FailureKind, InvalidReply
from clca.inference.api_response import Completion, read_completion
from clca.inference.error_response import ErrorResponse
from clca.inference.http_body import ENCODINGS, BadBody, read_body
from clca.inference.http_errors import HttpError, error_under_200, one_line, status_error
from clca.inference.open_files import possible_connections
from clca.inference.proxies import proxy_options
from clca.urls import NO_KEY, without_credentials

CONNECT_TIMEOUT = 10.0  # seconds
SESSION = "X-Session-ID"
KEEP_ALIVE = 2.0  # seconds that an unused connection stays open: what a server sends on it meanwhile is held
LEAST_SECRET = 16  # characters of a key that is no word of a reply
MAX_BODY = 8 * 2**20  # bytes, decompressed; a hundred times what the largest answer takes


class HttpClient:
    """Sends requests to model servers, at most `concurrency` at a time, with `key` as bearer token unless it is "".

    A request may take `timeout` seconds, unless its method says otherwise. Redirects are not followed: they would
    carry the key to another server. The environment's proxies are used, but not for servers on this machine. With
    `unix_socket` all requests go to the server that listens there, whatever their URLs.
    """

    def __init__(self, *, key: str, concurrency: int, timeout: float, unix_socket: Path | None = None) -> None:
        self.timeout, self.connect_timeout = timeout, min(timeout, CONNECT_TIMEOUT)
        self.key, self._concurrency = key, possible_connections(concurrency)
        self._unix_socket = unix_socket
        self._session: aiohttp.ClientSession | None = None
        self._proxy_options: dict[str, dict[str, Any]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections. The client may be used again, also in another event loop."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, server: str, path: str, seconds: float | None = None) -> bytes:
        """The body of the response to a GET of `server` + `path`. Raises `HttpError`."""
        return await self.send("GET", server, path, None, seconds)

    async def post(
        self, server: str, path: str, body: bytes, seconds: float | None = None, *, session: str = ""
    ) -> bytes:
        """The body of the response to a POST of a JSON text; `session` is whom it is for. Raises `HttpError`."""
        return await self.send("POST", server, path, body, seconds, session_header(session))

    async def complete(
        self, server: str, path: str, body: bytes, seconds: float | None = None, *, session: str = ""
    ) -> Completion:
        """The completion with which a server responds to a POST.

        Raises `HttpError`, also for an error under status 200, and `InvalidReply` for what is no completion.
        """
        return self.completion(server, await self.post(server, path, body, seconds, session=session))

    def completion(self, server: str, body: bytes) -> Completion:
        """The completion in the body of a server's response. Raises as `complete` does."""
        try:
            completion = read_completion(body, "" if self.key == NO_KEY else self.key)
        except ErrorResponse as error:
            raise error_under_200(error, body, url=without_credentials(server), key=self.key) from None
        if len(self.key) >= LEAST_SECRET and self.key in completion.text:
            raise InvalidReply(FailureKind.MALFORMED_RESPONSE, "a reply that holds the key")
        return completion

    def redact(self, text: str) -> str:
        """A server's words in one short line without the key."""
        return one_line(text, self.key)

    async def send(
        self,
        method: str,
        server: str,
        path: str,
        body: bytes | None,
        seconds: float | None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """The body of the response to a request by that method. Raises `HttpError`."""
        options = self._options(server)
        if seconds is not None:
            options = {**options, "timeout": aiohttp.ClientTimeout(seconds, sock_connect=self.connect_timeout)}
        session = self._open()
        async with self._slots:
            try:
                request = session.request(
                    method, server + path, data=body, headers=headers, allow_redirects=False, **options
                )
                async with request as response:
                    status, told = response.status, response.headers
                    content = await read_body(response, MAX_BODY)
            except BadBody as error:
                if status == 200:
                    raise self.malformed(server, str(error)) from None
                content = str(error).encode()
            except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
                raise self._failure(error, server, seconds or self.timeout) from None
        if status != 200:
            raise self.status_error(server, status, told, content)
        return content

    def status_error(self, server: str, status: int, headers: Mapping[str, str], body: bytes) -> HttpError:
        """The error for a response with a status other than 200."""
        return status_error(status, headers, body, url=without_credentials(server), key=self.key)

    def malformed(self, server: str, fault: str) -> HttpError:
        """The error for a response that cannot be read."""
        return HttpError(FailureKind.MALFORMED_RESPONSE, without_credentials(server), fault)

    def timeout_error(self, server: str, seconds: float) -> HttpError:
        """The error for a request that took more than `seconds`."""
        return HttpError(FailureKind.TIMEOUT, without_credentials(server), f"no answer within {seconds:g} s")

    def connection_error(self, server: str, cause: str | None, *, connected: bool) -> HttpError:
        """The error for a connection that failed, or broke once `connected`; without a cause, it took too long."""
        shown = without_credentials(server)
        message = f"{shown} broke the connection" if connected else f"cannot connect to {shown}"
        message += f" within {self.connect_timeout:g} s" if cause is None else f": {self.redact(cause)}"
        if self._options(server):
            message += ", through the proxy that the environment names"
        return HttpError(FailureKind.CONNECTION_LOST if connected else FailureKind.CONNECTION, shown, message)

    def _failure(self, error: Exception, server: str, seconds: float) -> HttpError:
        """The typed error for one of aiohttp's."""
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return self.connection_error(server, None, connected=False)
        if isinstance(error, TimeoutError):
            return self.timeout_error(server, seconds)
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return self.connection_error(server, cause, connected=not isinstance(error, aiohttp.ClientConnectorError))

    def _options(self, server: str) -> dict[str, Any]:
        """aiohttp's arguments for the server's proxy. Looking it up takes longer than a request: it is kept."""
        if server not in self._proxy_options:
            self._proxy_options[server] = proxy_options(server) if self._unix_socket is None else {}
        return self._proxy_options[server]

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            _keep_buffers_off_the_heap()
            # A request that waited for a connection of aiohttp's pool would spend its time-out there.
            self._slots = asyncio.Semaphore(self._concurrency)
            headers = {"Content-Type": "application/json", "Accept-Encoding": ENCODINGS}
            if self.key:
                headers["Authorization"] = f"Bearer {self.key}"
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),  # they would pile up, and go to other servers of the domain
                auto_decompress=False,  # without a bound
                timeout=aiohttp.ClientTimeout(self.timeout, sock_connect=self.connect_timeout),
                headers=headers,
            )
        return self._session

    def _connector(self) -> aiohttp.BaseConnector:
        if self._unix_socket is not None:
            return aiohttp.UnixConnector(str(self._unix_socket), limit=self._concurrency, keepalive_timeout=KEEP_ALIVE)
        return aiohttp.TCPConnector(
            limit=self._concurrency, keepalive_timeout=KEEP_ALIVE, ttl_dns_cache=300, ssl=trusted_certificates()
        )


def session_header(session: str) -> dict[str, str] | None:
    """The header by which a router in front of replicas keeps the requests of a dialogue at one of them."""
    return {SESSION: quote(session, safe=" !#$&'()*+,/:;=?@[]~")} if session else None


def trusted_certificates() -> ssl.SSLContext:
    """The certificates that servers are checked by: the system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`."""
    return _context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)
def _context(file: str | None, folder: str | None) -> ssl.SSLContext:
    """A context for these variables, which OpenSSL reads itself; loading the certificates takes 20 ms."""
    return ssl.create_default_context()


def _keep_buffers_off_the_heap() -> None:
    """Fix glibc's threshold for separately mapped blocks at its initial 128 KiB.

    asyncio receives into blocks of 256 KiB. By default glibc raises the threshold when the first of them is freed
    and takes the next ones from the heap, whose free space then fragments: it grew by 1 MiB every thousand
    dialogues. Other C libraries have no such threshold.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(-3, 128 * 1024)  # M_MMAP_THRESHOLD
