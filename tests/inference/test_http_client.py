"""What needs no server; whole servers, sound and faulty, are in `tests/test_faults.py`."""

from __future__ import annotations

import asyncio

import pytest

from clca.errors import RunStopped, SettingsError
from clca.inference.failover import FailoverClient
from clca.inference.http_client import HttpClient, proxy_options
from clca.inference.load_balancer import LoadBalancer


def test_error_texts_lose_the_key() -> None:
    text = HttpClient(key="sekrit-key", concurrency=1, timeout=1).redact(
        "Incorrect API key provided:\n sekrit-key, also sk-abcdef123456 and sk-proj-***89ab"
    )
    assert text == "Incorrect API key provided: [key], also [key] and [key]"


def test_stop_ends_the_wait_for_another_try() -> None:
    async def wait() -> None:
        http = HttpClient(key="k", concurrency=1, timeout=1)
        client = FailoverClient(http, LoadBalancer(["http://h/v1"], "m"), max_attempts=1)
        asyncio.get_running_loop().call_later(0.01, client.stop)
        await client.sleep(60)

    with pytest.raises(RunStopped):
        asyncio.run(asyncio.wait_for(wait(), 5))


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("no_proxies")
def test_the_environments_proxy_is_used_for_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy_options("http://far/v1") == {}
    monkeypatch.setenv("http_proxy", "http://user:word@proxy:3128")
    options = proxy_options("http://far/v1")
    assert str(options["proxy"]) == "http://proxy:3128"
    assert options["proxy_headers"] == {"Authorization": "Basic dXNlcjp3b3Jk"}
    assert proxy_options("http://localhost:8000/v1") == {}
    assert proxy_options("https://far/v1") == {}
    monkeypatch.setenv("no_proxy", "far")
    assert proxy_options("http://far/v1") == {}


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("proxy", ["proxy:3128", "http://proxy:3128"])
def test_a_proxy_for_all_protocols_is_used(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    assert str(proxy_options("https://far/v1")["proxy"]) == "http://proxy:3128"


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("proxy", ["socks5://proxy:1080", "http://", "http://proxy:port"])
def test_a_proxy_that_cannot_be_used_is_an_error(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    with pytest.raises(SettingsError, match="cannot be used: it must be http://host:port"):
        proxy_options("http://far/v1")
