"""The headers of a request, and what they say of the browser that sent it: its session, and what it wants to see."""

from __future__ import annotations

from collections.abc import MutableMapping, Set
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

API = "/v1/"
MACHINES = frozenset({"/v1", "/healthz", "/readyz", "/metrics"})
"""What programs ask for besides the API; all other paths are pages."""


class Headers:
    """The headers of a request by their names in small letters; of one that is repeated the last counts."""

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self._values: dict[bytes, bytes] = dict(scope["headers"])

    @property
    def names(self) -> Set[bytes]:
        """The names of all headers."""
        return self._values.keys()

    def text(self, name: bytes) -> str:
        """A header, or an empty text."""
        return self._values.get(name, b"").decode("latin-1").strip()

    @property
    def session(self) -> str:
        """The session in a browser's cookies, or an empty text."""
        try:
            morsel = SimpleCookie(self.text(b"cookie")).get(cookie_name(self.text(b"host")))
        except CookieError:
            return ""
        return "" if morsel is None else morsel.value


def cookie_name(host: str) -> str:
    """The name of the session's cookie: browsers tell the services of one machine, each at its port, apart by it.

    >>> cookie_name("127.0.0.1:8321"), cookie_name("clca.example")
    ('clca_session_8321', 'clca_session')
    """
    try:
        port = urlsplit(f"//{host}").port
    except ValueError:
        port = None
    return "clca_session" if port is None else f"clca_session_{port}"


def is_page(path: str) -> bool:
    """Whether a path is that of a page, which people look at and send forms to."""
    return not path.startswith(API) and path not in MACHINES


def wants_page(scope: MutableMapping[str, Any]) -> bool:
    """Whether a browser asks for a page, to show it."""
    return is_page(scope["path"]) and "text/html" in Headers(scope).text(b"accept")


def login_address(scope: MutableMapping[str, Any]) -> str:
    """The page to log in at, from which one goes on to the page that was asked for."""
    query = scope["query_string"].decode("latin-1")
    return "/login?next=" + quote(scope["path"] + (f"?{query}" if query else ""), safe="")
