"""The hub, proxies and certificates, and the workspace with its settings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from clca.content.lookup import Content, find_workspace
from clca.content.trust import CONFIG
from clca.doctor.finding import Finding
from clca.errors import ClcaError, SettingsError
from clca.inference.proxies import proxy_url
from clca.models.hub import cache_folder, endpoint_of, has_token, offline
from clca.models.tiny import cache_folder as own_cache
from clca.urls import without_credentials

CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


def hub(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether there is a token, which is never shown, and what is cached."""
    token = has_token(environment)
    yield Finding(
        topic="Hub",
        name="login",
        state="ok" if token else "absent",
        value="a token is set" if token else "no token: models that are open are reached, gated ones are not",
        fix="" if token else "`hf auth login`, or set HF_TOKEN",
    )
    if endpoint := environment.get("HF_ENDPOINT"):
        yield _address(endpoint)
    if offline(environment):
        fix = "unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE to download"
        yield Finding(topic="Hub", name="offline", state="absent", value="requests are forbidden", fix=fix)
    folder = cache_folder(environment)
    kinds = {"models--": "models", "datasets--": "data sets"}
    counts = [f"{len(list(folder.glob(f'{prefix}*')))} {kind}" for prefix, kind in kinds.items()]
    yield Finding(topic="Hub", name="cache", value=f"{folder} ({', '.join(counts)})")
    yield Finding(topic="Hub", name="clca's cache", value=str(own_cache(environment)))


def _address(endpoint: str) -> Finding:
    """The server in the place of the hub, without credentials, which what is no URL may hold, too."""
    with suppress(ValueError):
        if (shown := without_credentials(endpoint)).startswith(("http://", "https://")):
            return Finding(topic="Hub", name="address", value=shown)
    fix = "HF_ENDPOINT is http://host or https://host: mend or unset it"
    return Finding(topic="Hub", name="address", state="fault", value="no URL of a server", fix=fix)


def network(environment: Mapping[str, str]) -> Iterator[Finding]:
    """The proxy that the environment names, without its credentials, and the files of certificates."""
    try:
        proxy = proxy_url(endpoint_of(environment))
    except ValueError:
        pass  # HF_ENDPOINT is no URL, as is said of the hub
    except SettingsError as error:
        what, _, fix = error.message.partition(": ")
        yield Finding(topic="Network", name="proxy", state="fault", value=what, fix=fix)
    else:
        yield Finding(topic="Network", name="proxy", value=without_credentials(proxy) if proxy else "none")
    for name in CERTIFICATES:
        if path := environment.get(name):
            there = Path(path).exists()
            fix = "" if there else f"there is no such file: mend or unset {name}"
            yield Finding(topic="Network", name=name, state="ok" if there else "fault", value=path, fix=fix)


def workspace() -> tuple[Path | None, list[Finding]]:
    """The workspace of the working directory, if it may be used, and what is found about it."""
    try:
        folder = find_workspace()
    except ClcaError as error:
        what, _, fix = error.message.partition(": ")
        return None, [Finding(topic="Workspace", name=CONFIG, state="fault", value=what, fix=fix or "mend it")]
    if folder is None:
        fix = "none is needed; `clca init DIR` makes one for content and settings of your own"
        return None, [Finding(topic="Workspace", name="folder", state="absent", value=f"no {CONFIG} here", fix=fix)]
    own = Content(folder)
    replaced = sum(own.origin(path) == "workspace" for path in own.files())
    value = f"{os.fspath(folder)} ({replaced} content files of its own)"
    return folder, [Finding(topic="Workspace", name="folder", value=value)]
