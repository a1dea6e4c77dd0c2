"""Addresses of servers, as they may be shown and stored."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

NO_KEY = "EMPTY"
"""What a server without keys is given in place of one, by vLLM's convention."""


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
