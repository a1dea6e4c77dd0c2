"""What every request passes through before it is answered: who sent it, from where, how much, how often.

Written against ASGI itself, so that nothing reaches a route, and no page is built, for a request that is refused here.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from clca.errors import ClcaError
from clca.service.access import Identity, Token, TokenFile
from clca.service.audit_log import AuditLog
from clca.service.config import ServeConfig
from clca.service.metrics import Metrics
from clca.service.request_headers import Headers, is_page, login_address, wants_page

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

FORM_HEADER, FORM_FIELD = b"x-clca-form-key", "form_key"
FORM_TYPE, JSON_TYPE = "application/x-www-form-urlencoded", "application/json"
MOST_FIELDS = 100  # of a form
OPEN = frozenset(
    {"/healthz", "/readyz", "/v1/session", "/login", "/static/style.css", "/static/pages.js", "/static/icon.svg"}
)
"""What is answered without a token: whether the service lives, and the door for browsers."""

PROXIED = frozenset({b"forwarded", b"via", b"x-real-ip"})
"""Headers that proxies add, beside those that begin with `x-forwarded-`."""

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
    (b"referrer-policy", b"same-origin"),  # with no-referrer browsers would not say where a form comes from
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

    def __init__(
        self,
        app: App,
        config: ServeConfig,
        tokens: TokenFile,
        audit: AuditLog,
        metrics: Metrics,
        refusal_page: Callable[[int, str], bytes],
    ) -> None:
        self._app, self._config, self._tokens = app, config, tokens
        self._audit, self._metrics = audit, metrics
        self._refusal_page = refusal_page
        self._local_key = secrets.token_hex(32)  # of the forms of pages that are shown without a token
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
        headers = Headers(scope)
        reason = ""
        try:
            self._require_known_host(headers)
            scope["state"]["identity"] = identity = self._limited_identity(scope, headers)
            self._require_rate(scope, identity)
            scope["state"]["form_key"] = self._form_key(headers, identity)
            if scope["method"] not in SAFE:
                self._require_own_site(headers)
                receive = await self._read_body(scope, headers, receive)
                self._require_own_page(scope, headers, identity)
            await self._app(scope, receive, send_on)
        except Refusal as refusal:
            reason = refusal.reason
            await self._refuse(scope, send_on, refusal)
        except ClcaError as error:  # of the file of tokens
            reason = error.message
            unreadable = Refusal(503, "the service cannot read its tokens: refused.jsonl in its folder says why")
            await self._refuse(scope, send_on, unreadable)
        finally:
            self._metrics.answered(scope, status, time.perf_counter() - began)
            if scope["method"] not in SAFE or status in (401, 403, 429) or (status == 503 and reason):
                self._audit.write(scope, status, reason)

    def _require_known_host(self, headers: Headers) -> None:
        """Refuse another site's page whose name has been made to lead here: without tokens nothing else would."""
        if self._config.needs_token:
            return
        host = _split(f"//{headers.text(b'host')}").hostname
        if host not in self._hosts:
            raise Refusal(421, "this name is not the service's: add it by --host-name")

    def _limited_identity(self, scope: Scope, headers: Headers) -> Identity | None:
        """Who sent the request; failed attempts count against the rate of their address. Raises `Refusal`."""
        try:
            return self._identify(scope, headers)
        except Refusal:
            self._require_rate(scope, None)
            raise

    def _identify(self, scope: Scope, headers: Headers) -> Identity | None:
        """Who sent the request: by a token, by a browser's session, or from this machine. Raises `Refusal`."""
        word, _, secret = headers.text(b"authorization").partition(" ")
        if word:
            token = self._tokens.holder(secret.strip()) if word.lower() == "bearer" else None
            if token is None or not token.is_valid(time.time()):
                raise _unknown("the token is wrong" if token is None else "the token has expired")
            return Identity(token.name, token.role, token=token)
        token = self._session(headers)
        if token is not None:
            return Identity(token.name, token.role, by_cookie=True, token=token)
        if not self._config.needs_token:
            if headers.names & PROXIED or any(name.startswith(b"x-forwarded-") for name in headers.names):
                raise _unknown("a proxy passes this on: start the service with --require-token")
            return Identity(LOCAL_USER, "run")
        if scope["path"] not in OPEN:
            raise _unknown("a token is needed: Authorization: Bearer TOKEN")
        return None

    def _session(self, headers: Headers) -> Token | None:
        token = self._tokens.session_holder(headers.session) if headers.session else None
        return token if token is not None and token.is_valid(time.time()) else None

    def _form_key(self, headers: Headers, identity: Identity | None) -> str:
        """What the forms of this visitor's pages carry; a program that sends its token with each request has none."""
        if identity is not None and identity.by_cookie and (token := self._session(headers)) is not None:
            return self._tokens.form_key(token, headers.session)
        return self._local_key if identity is not None and identity.name == LOCAL_USER else ""

    def _require_rate(self, scope: Scope, identity: Identity | None) -> None:
        client = (scope.get("client") or ("",))[0]
        name = identity.name if identity is not None and identity.name != LOCAL_USER else f"address {client}"
        wait = self._rates.wait(name)
        if wait:
            raise Refusal(429, "too many requests: wait a moment", ((b"retry-after", str(wait).encode()),))

    def _require_own_site(self, headers: Headers) -> None:
        """Refuse a change that another site's page has a browser ask for."""
        origin = headers.text(b"origin")
        if origin and _split(origin).netloc.lower() != headers.text(b"host").lower():
            raise Refusal(403, "a page of another site asks for this: do it on a page of the service")
        if headers.text(b"sec-fetch-site") in ("cross-site", "same-site"):
            raise Refusal(403, "a page of another site asks for this: do it on a page of the service")

    def _require_own_page(self, scope: Scope, headers: Headers, identity: Identity | None) -> None:
        """Refuse a change without the key of this visitor's pages, where it is a form, or a browser sent the cookie."""
        form, key = scope["state"].get("form"), scope["state"]["form_key"]
        if identity is None or not key or (form is None and not identity.by_cookie):
            return
        given = headers.text(FORM_HEADER) if form is None else form.get(FORM_FIELD, "")
        if not hmac.compare_digest(given.encode(), key.encode()):
            raise Refusal(403, "the page's key is missing or old: load the page again")

    async def _read_body(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        """The body, read whole, as a source of messages; of a page's form its fields are `form` of the state.

        Raises `Refusal` where it is too large, slow, or neither JSON nor a page's form.
        """
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
        kind = headers.text(b"content-type").partition(";")[0].strip().lower()
        if kind == FORM_TYPE and is_page(scope["path"]):
            scope["state"]["form"] = _fields(bytes(body))
        elif body and kind != JSON_TYPE:
            raise Refusal(415, "a body is taken as JSON: Content-Type: application/json")
        messages = iter([{"type": "http.request", "body": bytes(body), "more_body": False}])

        async def again() -> MutableMapping[str, Any]:
            following = next(messages, None)
            return following if following is not None else await receive()

        return again

    async def _refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        """Say why a request is not answered: to browsers as a page, or by the page to log in at."""
        status, headers = refusal.status, [*refusal.headers]
        if not wants_page(scope):
            kind, body = b"application/json", json.dumps({"error": refusal.reason}).encode()
        elif status == 401 and scope["method"] in SAFE:
            kind, body, status, headers = b"text/plain", b"", 303, [(b"location", login_address(scope).encode())]
        else:
            kind, body = b"text/html; charset=utf-8", self._refusal_page(status, refusal.reason)
        headers += [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


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


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form; of one that is repeated the last counts. Raises `Refusal`."""
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Refusal(400, "the form has too many fields, or is none") from None


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise Refusal(400, "the header Host or Origin is no address") from None


def _unknown(reason: str) -> Refusal:
    return Refusal(401, reason, ((b"www-authenticate", b"Bearer"),))
