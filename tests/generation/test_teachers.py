"""Which model plays a role, where, and with which key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clca.errors import SettingsError
from clca.generation.config import GenerateConfig
from clca.generation.teachers import addresses, unserved, where_keys_go
from clca.inference.keys import Key
from clca.urls import NO_KEY
from tests.cli_process import clca, last_json

SHARED = GenerateConfig(teacher="t", base_url=("http://one/v1",))
APART = GenerateConfig(teacher="t", judge="j", base_url=("http://one/v1",), judge_base_url="http://two/v1")


def keys(settings: GenerateConfig, **environment: str) -> dict[str, str]:
    return {role: address.key.value for role, address in addresses(settings, environment).items()}


def test_partner_and_judge_are_the_teacher_unless_they_are_named() -> None:
    assert {(one.model, one.urls) for one in addresses(SHARED, {}).values()} == {("t", ("http://one/v1",))}
    found = addresses(APART, {})
    assert (found["judge"].model, found["judge"].urls) == ("j", ("http://two/v1",))
    assert found["partner"] == found["localiser"] == found["teacher"]
    apart = addresses(GenerateConfig(teacher="t", localiser="l", localiser_base_url="http://three/v1"), {})
    assert (apart["localiser"].model, apart["localiser"].urls) == ("l", ("http://three/v1",))
    assert apart["judge"].model == "t"


def test_the_rehearsal_has_no_address() -> None:
    judged = GenerateConfig(judge="j", judge_base_url="http://two/v1")
    assert addresses(judged, {"CLCA_API_KEY": "k"})["teacher"].urls == ()
    assert addresses(judged, {"CLCA_API_KEY": "k"})["teacher"].key == Key()


@pytest.mark.parametrize(
    ("flags", "models"),
    [
        ({}, []),
        ({"teacher": "a"}, ["a"]),
        ({"partner": "b"}, ["b"]),
        ({"teacher": "a", "judge": "b", "judge_base_url": "http://h/v1"}, ["a"]),
        ({"teacher": "a", "judge": "b"}, ["a", "b"]),
        ({"teacher": "a", "judge": "b", "base_url": ("http://h/v1",)}, []),
    ],
)
def test_a_model_without_an_address_has_a_server_started(flags: dict[str, Any], models: list[str]) -> None:
    assert unserved(GenerateConfig(**flags)) == models


def test_keys_of_one_server() -> None:
    roles = ("teacher", "partner", "judge", "localiser")
    assert keys(SHARED) == dict.fromkeys(roles, NO_KEY)
    assert keys(SHARED, OPENAI_API_KEY="o", CLCA_API_KEY="c") == dict.fromkeys(roles, "c")
    assert keys(SHARED, CLCA_API_KEY="c", CLCA_JUDGE_API_KEY="j")["judge"] == "j"


def test_the_teachers_key_goes_to_no_other_server() -> None:
    found = keys(APART, OPENAI_API_KEY="o", CLCA_API_KEY="c")
    assert found == {"teacher": "c", "partner": "c", "judge": NO_KEY, "localiser": "c"}
    assert keys(APART, CLCA_API_KEY="c", CLCA_JUDGE_API_KEY="j")["judge"] == "j"


OPENAI = GenerateConfig(teacher="t", base_url=("https://api.openai.com/v1",), judge_base_url="http://two/v1", judge="j")


def test_openais_key_goes_to_openai_only() -> None:
    assert keys(SHARED, OPENAI_API_KEY="o")["teacher"] == NO_KEY
    sent = keys(OPENAI, OPENAI_API_KEY="o")
    assert sent == {"teacher": "o", "partner": "o", "judge": NO_KEY, "localiser": "o"}
    assert keys(SHARED, OPENAI_API_KEY="o", OPENAI_BASE_URL="http://one:80/v2")["teacher"] == "o"
    assert keys(OPENAI, OPENAI_API_KEY="o", OPENAI_BASE_URL="http://one/v1")["teacher"] == NO_KEY


def test_it_is_said_where_each_key_goes_and_where_none_does() -> None:
    environment = {"CLCA_API_KEY": "secret-1", "OPENAI_API_KEY": "secret-2"}
    assert where_keys_go(APART, environment) == [
        "The key in CLCA_API_KEY goes to http://one",
        "Warning: http://one gets it unencrypted, for all on the way to read",
        "OPENAI_API_KEY is not sent to http://two: set CLCA_JUDGE_API_KEY to send a key",
    ]
    assert where_keys_go(APART, {}) == []
    local = GenerateConfig(teacher="t", base_url=("https://one:8/v1", "http://127.0.0.1:9/v1"))
    assert where_keys_go(local, environment) == ["The key in CLCA_API_KEY goes to https://one:8, http://127.0.0.1:9"]


def test_white_space_around_a_key_is_not_part_of_it() -> None:
    assert keys(SHARED, CLCA_API_KEY=" key\r\n")["teacher"] == "key"


@pytest.mark.parametrize("key", ["a\nb", "a\x01b", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(SettingsError, match=r"^CLCA_API_KEY: the key holds characters") as caught:
        keys(SHARED, CLCA_API_KEY=key)
    assert key not in caught.value.message


def test_an_address_shows_no_key() -> None:
    assert "secret" not in repr(addresses(SHARED, {"CLCA_API_KEY": "secret"}))


class Redirecting(BaseHTTPRequestHandler):
    """Lists one model, and sends every question of a run to another server."""

    seen: list[tuple[str, str | None]]
    target: str

    def do_GET(self) -> None:
        self._say(200, json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}))

    def do_POST(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization")))
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if b"probe" in asked:
            self._say(200, json.dumps({"choices": [{"message": {"content": "Good morning."}}]}))
            return
        self._say(307, "", ("Location", f"{self.target}{self.path}"))

    def _say(self, status: int, body: str, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Type", "application/json"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def servers() -> Iterator[tuple[ThreadingHTTPServer, ThreadingHTTPServer]]:
    started = []
    for _ in range(2):
        handler = type("Handler", (Redirecting,), {"seen": [], "target": ""})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
    yield started[0], started[1]
    for server in started:
        server.shutdown()
        server.server_close()


def test_a_redirect_is_not_followed(tmp_path: Path, servers: tuple[ThreadingHTTPServer, ThreadingHTTPServer]) -> None:
    here, there = servers
    here.RequestHandlerClass.target = f"http://127.0.0.1:{there.server_port}"  # type: ignore[attr-defined]
    url = f"http://127.0.0.1:{here.server_port}/v1"
    run = ("--scenarios", "1", "--samples", "1", "--json")
    done = clca(tmp_path, "generate", "--culture", "uk", "--teacher", "m", "--base-url", url, *run, CLCA_API_KEY="k1")
    assert last_json(done.stdout)["failed"] == 1
    # The probe is repeated once, then a dialogue asks.
    assert here.RequestHandlerClass.seen == 3 * [("/v1/chat/completions", "Bearer k1")]  # type: ignore[attr-defined]
    assert there.RequestHandlerClass.seen == []  # type: ignore[attr-defined]
