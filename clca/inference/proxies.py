"""The proxies that the environment names, read alike for every client."""

from __future__ import annotations

from base64 import b64encode
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from clca.errors import SettingsError
from clca.urls import is_loopback, without_credentials


def proxy_url(server: str) -> str | None:
    """The environment's proxy for a server, with its credentials; None where none applies.

    Raises `SettingsError` for a proxy that does not speak HTTP.
    """
    parts = urlsplit(server)
    proxies = getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named or is_loopback(server) or _bypasses_proxy(parts.hostname or "", parts.port):
        return None
    try:
        proxy = urlsplit(named if "://" in named else f"http://{named}")
        usable = proxy.scheme in ("http", "https") and bool(proxy.hostname) and proxy.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            "the proxy that the environment names cannot be used: it must be http://host:port"
            f" (see {parts.scheme}_proxy and all_proxy)"
        )
    return proxy.geturl()


def _bypasses_proxy(host: str, port: int | None) -> bool:
    """Whether `NO_PROXY` names a host: by name, domain, address or network, with or without a port."""
    try:
        address = ip_address(host)
    except ValueError:
        return bool(proxy_bypass(host if port is None else f"{host}:{port}"))
    if any(_is_in(address, entry.strip()) for entry in getproxies().get("no", "").split(",") if "/" in entry):
        return True
    shown = f"[{host}]" if ":" in host else host
    return bool(proxy_bypass(host) or proxy_bypass(shown if port is None else f"{shown}:{port}"))


def _is_in(address: IPv4Address | IPv6Address, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


def proxy_options(server: str) -> dict[str, Any]:
    """aiohttp's arguments `proxy` and `proxy_headers` for a server; empty where no proxy of the environment applies.

    Raises `SettingsError` for a proxy that does not speak HTTP.
    """
    if (url := proxy_url(server)) is None:
        return {}
    proxy = urlsplit(url)
    options: dict[str, Any] = {"proxy": without_credentials(url)}
    if proxy.username:
        credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        options["proxy_headers"] = {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}
    return options
