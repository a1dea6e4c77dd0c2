"""What every request passes through before it is answered: who sent it, from where, how much, how often.

Written against ASGI itself, so that nothing reaches a route, and no page is built, for a request that is refused here.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import SplitResult, urlsplit

from clca.errors import ClcaError
from clca.service.access import Identity, Token, TokenFile
from clca.service.audit_log import AuditLog
from clca.service.config import ServeConfig
from clca.service.metrics import Metrics

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE, FORM_HEADER = "clca_session", b"x-clca-form-key"
OPEN = frozenset({"/healthz", "/readyz", "/v1/session"})
"""What is answered without a token: whether the service lives, and the door for browsers."""

SAFE = frozenset({"GET", "HEAD"})
BODY_SECONDS = 30.0
MOST_CLIENTS = 10_000  # whose rate is remembered
LOCAL_USER = "local"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """Why a request is not answered: an HTTP status, and one line."""

    status: int
    reason: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Gate:
    """The outermost application of a service."""

    def __init__(self, app: App, config: ServeConfig, tokens: TokenFile, audit: AuditLog, metrics: Metrics) -> None:
        self._app, self._config, self._tokens = app, config, tokens
        self._audit, self._metrics = audit, metrics
        self._rates = _Rates(config.rate)
        self._hosts = {"localhost", "127.0.0.1", "::1", config.host.strip("[]"), *config.host_name}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        began, status = time.perf_counter(), 500

        async def send_on(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(header for header in HEADERS if header[0] not in names)]
                if b"cache-control" not in names:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        scope.setdefault("state", {})
        headers = _Headers(scope)
        reason = ""
        try:
            self._require_known_host(headers)
            scope["state"]["identity"] = identity = self._identify(scope, headers)
            self._require_rate(scope, identity)
            if scope["method"] not in SAFE:
                self._require_own_page(scope, headers, identity)
                receive = await self._read_body(headers, receive)
            await self._app(scope, receive, send_on)
        except Refusal as refusal:
            reason = refusal.reason
            await _answer(send_on, refusal)
        except ClcaError as error:  # of the file of tokens
            reason = error.message
            await _answer(send_on, Refusal(503, "the service cannot read its tokens: its log says why"))
        finally:
            self._metrics.answered(scope, status, time.perf_counter() - began)
            if scope["method"] not in SAFE or status in (401, 403, 429):
                self._audit.write(scope, status, reason)

    def _require_known_host(self, headers: _Headers) -> None:
        """Refuse another site's page whose name has been made to lead here: without tokens nothing else would."""
        if self._config.needs_token:
            return
        host = _split(f"//{headers.text(b'host')}").hostname
        if host not in self._hosts:
            raise Refusal(421, "this name is not the service's: add it by --host-name")

    def _identify(self, scope: Scope, headers: _Headers) -> Identity | None:
        """Who sent the request: by a token, by a browser's session, or from this machine. Raises `Refusal`."""
        word, _, secret = headers.text(b"authorization").partition(" ")
        if word:
            token = self._tokens.holder(secret.strip()) if word.lower() == "bearer" else None
            if token is None or not token.is_valid(time.time()):
                raise _unknown("the token is wrong" if token is None else "the token has expired")
            return Identity(token.name, token.role)
        token = self._session(headers)
        if token is not None:
            return Identity(token.name, token.role, by_cookie=True)
        if not self._config.needs_token:
            if headers.text(b"x-forwarded-for") or headers.text(b"forwarded"):
                raise _unknown("a proxy passes this on: start the service with --require-token")
            return Identity(LOCAL_USER, "run")
        if scope["path"] not in OPEN:
            raise _unknown("a token is needed: Authorization: Bearer TOKEN")
        return None

    def _session(self, headers: _Headers) -> Token | None:
        session = session_of(headers.text(b"cookie"))
        token = self._tokens.session_holder(session) if session else None
        return token if token is not None and token.is_valid(time.time()) else None

    def _require_rate(self, scope: Scope, identity: Identity | None) -> None:
        client = (scope.get("client") or ("",))[0]
        name = identity.name if identity is not None and identity.name != LOCAL_USER else f"address {client}"
        wait = self._rates.wait(name)
        if wait:
            raise Refusal(429, "too many requests: wait a moment", ((b"retry-after", str(wait).encode()),))

    def _require_own_page(self, scope: Scope, headers: _Headers, identity: Identity | None) -> None:
        """Refuse a change that another site's page has a browser ask for."""
        origin = headers.text(b"origin")
        if origin and _split(origin).netloc.lower() != headers.text(b"host").lower():
            raise Refusal(403, "a page of another site asks for this")
        if headers.text(b"sec-fetch-site") in ("cross-site", "same-site"):
            raise Refusal(403, "a page of another site asks for this")
        if identity is not None and identity.by_cookie:
            session = session_of(headers.text(b"cookie"))
            token = self._tokens.session_holder(session)
            given = headers.text(FORM_HEADER)
            if token is None or not _same(given, self._tokens.form_key(token, session)):
                raise Refusal(403, "the page's key is missing or old: load the page again")

    async def _read_body(self, headers: _Headers, receive: Receive) -> Receive:
        """The body, read whole, as a source of messages. Raises `Refusal` where it is too large, slow or no JSON."""
        most = self._config.body
        length = headers.text(b"content-length")
        if length and (not length.isdecimal() or len(length) > 12 or int(length) > most):
            raise Refusal(413, f"the body is larger than {most:,} bytes")
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Refusal(400, "the body was broken off")
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > most:
                        raise Refusal(413, f"the body is larger than {most:,} bytes")
        except TimeoutError:
            raise Refusal(408, "the body did not come in time") from None
        if body and headers.text(b"content-type").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "a body is taken as JSON: Content-Type: application/json")
        messages = iter([{"type": "http.request", "body": bytes(body), "more_body": False}])

        async def again() -> MutableMapping[str, Any]:
            following = next(messages, None)
            return following if following is not None else await receive()

        return again


class _Headers:
    """The headers of a request by their names in small letters; of one that is repeated the last counts."""

    def __init__(self, scope: Scope) -> None:
        self._values: dict[bytes, bytes] = dict(scope["headers"])

    def text(self, name: bytes) -> str:
        return self._values.get(name, b"").decode("latin-1").strip()


class _Rates:
    """So many requests a minute for each client, of which a tenth may come at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> int:
        """Seconds until the client may ask again; 0 if it may now, which is counted."""
        if not self._most:
            return 0
        burst, per_second, now = max(1.0, self._most / 10), self._most / 60, time.monotonic()
        left, at = self._clients.pop(client, (burst, now))
        left = min(burst, left + (now - at) * per_second)
        self._clients[client] = (left - 1 if left >= 1 else left), now
        while len(self._clients) > MOST_CLIENTS:
            self._clients.popitem(last=False)
        return 0 if left >= 1 else max(1, round((1 - left) / per_second))


def session_of(cookies: str) -> str:
    """The session in a browser's cookies, or an empty text."""
    try:
        morsel = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise Refusal(400, "the name of a host is none") from None


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _unknown(reason: str) -> Refusal:
    return Refusal(401, reason, ((b"www-authenticate", b"Bearer"),))


async def _answer(send: Send, refusal: Refusal) -> None:
    body = json.dumps({"error": refusal.reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *refusal.headers]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
