"""What a service of somebody else's may answer to `clca.Client`."""

from __future__ import annotations

import gzip
import json
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import clca
from clca.client import JobFailed
from clca.client.connection import ServiceError
from clca.errors import ClcaError, StoreError

ID = "ab" * 32
TAG = '"1-1-1"'
JOB = {"id": ID, "stage": "trace", "resource": "cpu", "state": "completed", "submitted_by": "eve", "created": 0.0}
MAP = {"embedder": "", "cultures": {}, "sources": [], "points": "", "rehearsal": True, "sample": 1, "seed": 1,
       "versions": {}, "caveats": []}  # fmt: skip
Answer = tuple[int, dict[str, str], bytes | Iterator[bytes]]
Serve = Callable[[dict[str, Answer]], clca.Client]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    servers: list[ThreadingHTTPServer] = []

    def start(answers: dict[str, Answer]) -> clca.Client:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                status, headers, body = answers[self.path]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):
                    for block in (body,) if isinstance(body, bytes) else body:
                        self.wfile.write(block)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        url = f"http://127.0.0.1:{servers[-1].server_address[1]}"
        return clca.Client(url, token="clca_secret", folder=tmp_path, patience=0)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def ok(value: Any) -> Answer:
    return 200, {}, json.dumps(value).encode()


def endless() -> Iterator[bytes]:
    while True:
        yield b" " * 2**18


@pytest.mark.parametrize(
    "answer",
    [
        ok([]),
        ok({}),
        ok({**JOB, "id": "../../x"}),
        ok({**JOB, "state": "\x1b[2J"}),
        (200, {}, b"[" * 100_000),
        (200, {}, b"[" + b"1," * 3_000_000 + b"1]"),
        (200, {}, b"\xff"),
        (200, {}, b'{"id": ' + b"9" * 5000 + b"}"),
        (200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 2**20)),
        (302, {"Location": "http://127.0.0.1:9/"}, b""),
        (500, {}, b"\xff\x1b[2J"),
        (418, {}, json.dumps({"error": "\x1b[2J" + "x" * 2**20}).encode()),
    ],
)
def test_what_no_service_answers_is_one_line(serve: Serve, answer: Answer) -> None:
    with serve({f"/v1/jobs/{ID}": answer}) as client, pytest.raises(ServiceError) as error:
        client.job(ID)
    assert len(error.value.message) < 2100
    assert error.value.message.isprintable()


def test_an_answer_without_end_is_not_held(serve: Serve) -> None:
    tracemalloc.start()
    try:
        with serve({f"/v1/jobs/{ID}": (200, {}, endless())}) as client, pytest.raises(ServiceError, match="64 MiB"):
            client.job(ID)
        assert tracemalloc.get_traced_memory()[1] < 200 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("entries", [{"jobs": [JOB]}, {"jobs": 1, "cursor": None}, {"jobs": [1], "cursor": None}])
def test_pages_that_are_none_are_one_line(serve: Serve, entries: dict[str, Any]) -> None:
    with serve({"/v1/jobs": ok(entries)}) as client, pytest.raises(ServiceError):
        list(client.jobs())


def test_events_that_are_none_are_left_out(serve: Serve) -> None:
    lines = [
        "data: " + "[" * 5000,
        "data: [1]",
        "data: {}\nid: " + "9" * 5000,
        "id: -1\ndata: {}",
        "x: " + "y" * 2**21,
        'data: {"text": "\\u001b[2J"}\nevent: note',
        'data: {"done": "x", "total": 1}\nevent: progress',
    ]
    events = "".join(f"id: 1\nevent: state\n{line}\n\n" for line in lines).encode()
    answers = {
        f"/v1/jobs/{ID}/events": (200, {}, events),
        f"/v1/jobs/{ID}": ok({**JOB, "error": "", "state": "failed"}),
    }
    seen: list[Any] = []
    with serve(answers) as client, pytest.raises(JobFailed):
        client.wait(ID, seen.append)
    assert [note.text for note in seen] == ["\\x1b[2J"]


@pytest.mark.parametrize(
    "name",
    ["numpy.py", "numpy/__init__.py", "clca.toml", "runs/clca.toml", "prompts/a.md", "x/sitecustomize.py", "a/x.so",
     "a/x.pth", "../a/x.json", "/etc/x.json", "a/.git/config.json", "a/jobs.sqlite", "x.json", "personas/a.json"],
)  # fmt: skip
def test_nothing_that_is_obeyed_is_fetched(serve: Serve, tmp_path: Path, name: str) -> None:
    files = {"files": [{"path": name, "size": 1, "etag": TAG}]}
    with (
        serve({f"/v1/jobs/{ID}/files": ok(files)}) as client,
        pytest.raises(StoreError, match="outside of its results"),
    ):
        client.fetch(ID)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("change", [{"size": 2**59}, {"size": -1}, {"etag": '"/../../x"'}, {"etag": "\0"}])
def test_a_list_of_files_that_is_none_is_one_line(serve: Serve, tmp_path: Path, change: dict[str, Any]) -> None:
    files = {"files": [{"path": "a/x.json", "size": 1, "etag": TAG, **change}]}
    with serve({f"/v1/jobs/{ID}/files": ok(files)}) as client, pytest.raises(ClcaError):
        client.fetch(ID)
    assert not os.listdir(tmp_path)


def test_a_file_without_end_is_cut_off_where_the_list_says(serve: Serve, tmp_path: Path) -> None:
    files = {"files": [{"path": "a/x.json", "size": 3, "etag": TAG}]}
    answers = {f"/v1/jobs/{ID}/files": ok(files), f"/v1/jobs/{ID}/files/a/x.json": (200, {}, endless())}
    with serve(answers) as client:
        client.fetch(ID)
    assert (tmp_path / "a/x.json").read_bytes() == b"   "


def test_a_draft_of_somebody_else_is_not_written_to(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a").mkdir()
    os.link(tmp_path / "mine", tmp_path / f"a/.x.json.{TAG[1:-1]}.part")
    files = {"files": [{"path": "a/x.json", "size": 3, "etag": TAG}]}
    answers = {f"/v1/jobs/{ID}/files": ok(files), f"/v1/jobs/{ID}/files/a/x.json": (200, {}, b"abc")}
    with (
        serve(answers) as client,
        pytest.raises(StoreError, match=r"another (name|user)"),
    ):
        client.fetch(ID)
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("folders", [[], ["/etc"], ["../../x"]])
@pytest.mark.parametrize("path", ["/etc/passwd", "../../x/y"])
def test_a_result_names_no_path_outside(serve: Serve, folders: list[str], path: str) -> None:
    result = {**MAP, "folder": path}
    job = {**JOB, "stage": "map", "folders": folders, "result": result}
    with serve({f"/v1/jobs/{ID}": ok(job)}) as client, pytest.raises(ServiceError, match="names a path outside"):
        client.result(ID)


def test_a_page_that_leads_to_itself_is_the_last(serve: Serve) -> None:
    answers = {f"/v1/jobs{query}": ok({"jobs": [], "cursor": 3}) for query in ("", "?cursor=3")}
    with serve(answers) as client, pytest.raises(ServiceError, match="a page leads to itself"):
        list(client.jobs())


def test_an_answer_that_drips_is_given_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(1000):
            time.sleep(0.02)
            yield b" "

    monkeypatch.setattr("clca.client.connection.LONGEST_ANSWER", 0.1)
    with (
        serve({f"/v1/jobs/{ID}": (200, {}, drip())}) as client,
        pytest.raises(ServiceError, match="to send its answer"),
    ):
        client.job(ID)


def test_a_token_for_this_machine_goes_to_no_proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serve({f"/v1/jobs/{ID}": ok(JOB)}) as client:
        assert client.job(ID).id == ID


def test_a_token_is_sent_and_no_password_of_netrc(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ana password private\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    sent: list[str] = []
    monkeypatch.setattr(
        BaseHTTPRequestHandler, "log_request", lambda self, *_: sent.append(self.headers["Authorization"])
    )
    with serve({f"/v1/jobs/{ID}": ok(JOB)}) as client:
        client.job(ID)
    assert sent == ["Bearer clca_secret"]
