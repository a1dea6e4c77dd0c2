"""URLs of servers: checked, and without credentials where they are shown or stored."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

NO_KEY = "EMPTY"
"""Stands for the key of a server that needs none, by vLLM's convention."""


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine, which needs no proxy."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name, which may begin with 127.
        return False


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


def check_url(url: str) -> None:
    """Raises `ValueError`, with a message that holds no secret, for what is not the base URL of a server."""
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("not a URL: its host or port is invalid (expected http://host:port/v1)") from None
    if "@" in parts.netloc:
        raise ValueError("a URL must not hold a user or password: set CLCA_API_KEY in the environment instead")
    if parts.query or parts.fragment:
        raise ValueError("a URL must end with its path, as in http://host:port/v1, without '?' or '#'")
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:%-]+", host, re.ASCII) or not port_is_valid:
        raise ValueError(f"not a URL: {url!a} (expected http://host:port/v1)")
