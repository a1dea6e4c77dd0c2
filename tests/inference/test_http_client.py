"""What needs no server; whole servers, sound and faulty, are in `tests/test_faults.py`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from clca.errors import RunStopped, SettingsError
from clca.inference.failover import FailoverClient
from clca.inference.http_client import HttpClient, session_header
from clca.inference.http_errors import HttpError
from clca.inference.load_balancer import LoadBalancer
from clca.inference.openai_client import request
from clca.inference.proxies import proxy_options
from tests.inference.threaded import served


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


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(
    ("excepted", "server"),
    [
        ("far", "http://far:8000/v1"),
        ("far:8000", "http://far:8000/v1"),
        (".corp.example", "http://gpu1.corp.example:8000/v1"),
        ("10.1.2.3", "http://10.1.2.3:8000/v1"),
        ("near, 10.0.0.0/8", "http://10.1.2.3:8000/v1"),
        ("fd00::/8", "http://[fd00::1]:8000/v1"),
        ("*", "http://far/v1"),
    ],
)
def test_no_proxy_is_read_by_name_domain_address_network_and_port(
    monkeypatch: pytest.MonkeyPatch, excepted: str, server: str
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "other:9,11.0.0.0/8,not-a/network")
    assert proxy_options(server)
    monkeypatch.setenv("NO_PROXY", excepted)
    assert proxy_options(server) == {}


# ---------------------------------------------------------------- what both clients take from the environment

TLS = Path(__file__).with_name("tls.pem")  # the certificate of 127.0.0.1 and its key, for tests


@contextmanager
def answering(handle: Callable[[web.Request], Awaitable[web.Response]], *, tls: bool = False) -> Iterator[int]:
    """The port of a server for all paths."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS)
    with served(app, context if tls else None) as port:
        yield port


async def by_both(url: str) -> list[str]:
    """What a GET of /models comes to, by the client of requests and by that of probes: "ok", or the error."""
    outcomes = []
    async with HttpClient(key="k", concurrency=1, timeout=5.0) as http:
        for get in (http.get(url, "/models"), request(http, url, 5.0, lambda client: client.models.list())):
            try:
                await get
                outcomes.append("ok")
            except HttpError as error:
                outcomes.append(error.message)
    return outcomes


@pytest.mark.usefixtures("no_proxies")
def test_both_clients_trust_the_certificates_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": []})

    with answering(models, tls=True) as port:
        url = f"https://127.0.0.1:{port}/v1"
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        for message in asyncio.run(by_both(url)):
            assert message.startswith(f"cannot connect to {url}: ")
            assert "certificate" in message.lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(TLS))
        assert asyncio.run(by_both(url)) == ["ok", "ok"]


@pytest.mark.usefixtures("no_proxies")
def test_both_clients_go_through_the_proxy_but_for_its_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        seen.append(str(request.url))
        return web.json_response({"object": "list", "data": []})

    with answering(proxy) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        assert asyncio.run(by_both("http://teacher.invalid:8000/v1")) == ["ok", "ok"]
        assert seen == 2 * ["http://teacher.invalid:8000/v1/models"]
        monkeypatch.setenv("no_proxy", "teacher.invalid:8000")
        for message in asyncio.run(by_both("http://teacher.invalid:8000/v1")):
            assert message.startswith("cannot connect to http://teacher.invalid:8000/v1: ")
        assert len(seen) == 2


@pytest.mark.parametrize(
    ("session", "header"),
    [
        ("", None),
        ("japan-en_001-2", {"X-Session-ID": "japan-en_001-2"}),
        ("scenario:my scene/1", {"X-Session-ID": "scenario:my scene/1"}),
        ("東京\r\nX: y%", {"X-Session-ID": "%E6%9D%B1%E4%BA%AC%0D%0AX: y%25"}),
    ],
)
def test_a_session_is_told_in_a_header_that_any_name_fits_in(session: str, header: dict[str, str] | None) -> None:
    assert session_header(session) == header
