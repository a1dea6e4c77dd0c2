"""API keys: which server gets which, and what is said of it before the first request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from clca.errors import SettingsError
from clca.urls import NO_KEY, is_loopback, without_credentials

API_KEY, OPENAI_KEY, OPENAI_URL = "CLCA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"
OPENAI = "https://api.openai.com/v1"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Key:
    """The key that servers get, from the environment variable `name`; `NO_KEY` from none."""

    value: str = field(default=NO_KEY, repr=False)
    name: str = ""


def key_for(urls: Sequence[str], environment: Mapping[str, str], names: Sequence[str] = (API_KEY,)) -> Key:
    """The key for the servers of a role: the first of these variables that holds one, else OpenAI's own.

    `OPENAI_API_KEY` is for api.openai.com, or the host that `OPENAI_BASE_URL` names; no other gets it. Raises
    `SettingsError` for a key that no HTTP header can carry.
    """
    for name in (*names, OPENAI_KEY):
        value = environment.get(name, "").strip()
        if not value or (name == OPENAI_KEY and not _are_openai(urls, environment)):
            continue
        if not (value.isascii() and value.isprintable()):
            raise SettingsError(f"{name}: the key holds characters that an HTTP header cannot carry")
        return Key(value, name)
    return Key()


def without_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that needs no key of a server, and none of clca's variables."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("CLCA_", "OPENAI_")) and name != "VLLM_API_KEY"
    }


def key_notices(urls: Sequence[str], key: Key, environment: Mapping[str, str], variable: str = API_KEY) -> list[str]:
    """What the user is told before the first request to these servers: where a key goes, and where one does not.

    `variable` is the one that a key for them is set in.
    """
    servers = ", ".join(dict.fromkeys(map(_server, urls)))
    if not key.name:
        has_openai_key = bool(environment.get(OPENAI_KEY, "").strip())
        return [f"{OPENAI_KEY} is not sent to {servers}: set {variable} to send a key"] if has_openai_key else []
    notices = [f"The key in {key.name} goes to {servers}"]
    if bare := [url for url in urls if urlsplit(url).scheme == "http" and not is_loopback(url)]:
        notices.append(f"Warning: {', '.join(map(_server, bare))} gets it unencrypted, for all on the way to read")
    return notices


def _are_openai(urls: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether all of the servers are the one that OpenAI's key is for."""
    own = _origin(environment.get(OPENAI_URL, "").strip() or OPENAI)
    return own is not None and bool(urls) and all(_origin(url) == own for url in urls)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _server(url: str) -> str:
    parts = urlsplit(without_credentials(url))
    return f"{parts.scheme}://{parts.netloc}"
