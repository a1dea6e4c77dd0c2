"""Addresses of servers, as they may be shown and stored."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

NO_KEY = "EMPTY"
"""What a server without keys is given in place of one, by vLLM's convention."""


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine itself, to which no proxy is needed."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def without_credentials(url: str) -> str:
    """The URL without user, password, query and fragment."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))
