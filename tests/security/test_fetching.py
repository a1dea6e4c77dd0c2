"""A stranger's list of sources of data, and the homes that it names."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from clca.content.lookup import Content
from clca.errors import ClcaError, ContentError, SettingsError, StoreError
from clca.fetching import http
from clca.fetching.fetch import fetch
from clca.fetching.http import FetchError, Home
from clca.fetching.hub import HUB, endpoint_of, fetch_dataset
from clca.fetching.mediawiki import fetch_pages, plain_text
from clca.fetching.sources import Source
from clca.fetching.store import SourceFolder
from clca.progress import ignore

SOURCE = {
    "kind": "hub",
    "title": "x",
    "home": "https://evil.example",
    "repository": "a/b",
    "files": ["*"],
    "size": "1",
    "licence": "x",
    "citation": "x",
    "folder": "data/x",
    "next": "x",
}


@pytest.mark.parametrize(
    "home", ["https://evil.example", "https://huggingface.co.evil.example", "http://huggingface.co"]
)
def test_the_library_of_the_hub_asks_no_server_of_a_list(home: str) -> None:
    """It writes where the answers of a server say, also outside of its cache, and sends the login."""
    source = Source.model_validate({**SOURCE, "home": home})
    with pytest.raises(SettingsError, match=rf"^{home} is not the hub .* set HF_ENDPOINT"):
        endpoint_of(source, {})
    assert endpoint_of(source, {"HF_ENDPOINT": "https://mirror.example/"}) == "https://mirror.example"
    assert endpoint_of(Source.model_validate({**SOURCE, "home": "https://huggingface.co/"}), {}) == HUB


def test_a_commit_is_no_path(tmp_path: Path) -> None:
    with answering(json.dumps({"id": "a/b", "sha": "../../x", "siblings": []}).encode()) as url:
        folder = SourceFolder(tmp_path, "x", Source.model_validate(SOURCE), new=False)
        environment = {"HF_ENDPOINT": url, "HF_HUB_CACHE": str(tmp_path / "cache")}
        with pytest.raises(FetchError, match="has no commit"):
            fetch_dataset(folder, Source.model_validate(SOURCE), environment, ignore)


@pytest.mark.parametrize(
    "home", ["http://[x", "http://x:99999", "http://a b", "http://x?y", "http://u:p@x", "file:///x"]
)
def test_a_home_is_a_server(home: str) -> None:
    with pytest.raises(ValidationError, match="home"):
        Source.model_validate({**SOURCE, "home": home})


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Retry-After": "Mon, 01 Jan 2024 00:00:00 +99999999999999999999"},
        {"Retry-After": "Mon, 01 Jan 0001 00:00:00 -0000"},
        {"Retry-After": "nan"},
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_one_line(headers: dict[str, str]) -> None:
    status = 429 if "Retry-After" in headers else 200
    with (
        answering(b"no gzip", headers, status) as url,
        Home(url, pause=0, sleep=lambda _: None) as home,
        pytest.raises(FetchError) as error,
    ):
        home.json("/x", {})
    assert error.value.message.isprintable()


def test_an_answer_has_values_that_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_VALUES", 10)
    with (
        answering(b"[" + b"[]," * 10 + b"[]]") as url,
        Home(url, pause=0) as home,
        pytest.raises(FetchError, match="answers with more than 10 values"),
    ):
        home.json("/x", {})


def test_a_home_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    times = itertools.count(step=100.0)
    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=lambda: next(times), time=time.time))
    with answering(b"x" * 10, drips=True) as url, Home(url, pause=0) as home:
        with pytest.raises(FetchError, match="has not answered whole in 600 seconds"):
            home.json("/x", {})
        with pytest.raises(FetchError, match="sends less than 1,000 bytes a second"):
            list(home.blocks("/x", 0))


@pytest.mark.parametrize("folder", ["../x", "/tmp/x", "data/../../x", "."])
def test_a_source_goes_to_no_folder_outside(tmp_path: Path, folder: str) -> None:
    with pytest.raises(ContentError, match="below the workspace"):
        fetch("x", content(tmp_path, folder=folder))


def test_nor_to_one_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    sources = content(tmp_path / "workspace")
    (tmp_path / "workspace" / "data").symlink_to(tmp_path / "mine")
    with pytest.raises(StoreError, match="behind one"):
        fetch("x", sources)
    assert not list((tmp_path / "mine").iterdir())


@pytest.mark.parametrize("listed", ["[]", "files: x", "files: [x]", "files: [{}]"])
def test_a_mapping_that_is_none_is_one_line(tmp_path: Path, listed: str) -> None:
    sources = content(tmp_path, kind="github", raw="http://127.0.0.1:9", files=[], listed_in="eval/offense/x.yaml")
    (tmp_path / "eval" / "offense").mkdir()
    (tmp_path / "eval" / "offense" / "x.yaml").write_text(listed)
    with pytest.raises(ClcaError):
        fetch("x", sources, pause=0)


@pytest.mark.parametrize(
    "answer",
    [[], 5, {"query": []}, {"query": {"pages": {}}}, {"query": {"pages": [5]}}, {"error": []}, {"error": {"info": []}},
     {"error": {"info": "\x1b[2J" + "x" * 9999}}, {"query": {"pages": [{"title": "x", "revisions": [{}]}]}}],
)  # fmt: skip
def test_what_no_wiki_answers_is_one_line(tmp_path: Path, answer: Any) -> None:
    class Wiki:
        def json(self, path: str, query: object, is_busy: Callable[[Any], str]) -> Any:
            assert is_busy(answer) == ""
            return answer

    folder = SourceFolder(tmp_path, "x", Source.model_validate(SOURCE), new=False)
    with pytest.raises(FetchError, match="no page") as error:
        fetch_pages(Wiki(), folder, {"japan": "Japan"}, ignore)  # type: ignore[arg-type]
    assert error.value.message.isprintable()
    assert len(error.value.message) < 400


def test_a_line_of_marks_alone_is_read_once() -> None:
    line = "=" * 100_000 + "x"
    assert plain_text(line) == line


def test_no_more_of_a_file_is_kept_than_its_size(tmp_path: Path) -> None:
    folder = SourceFolder(tmp_path, "x", Source.model_validate(SOURCE), new=False)
    kept: list[int] = []

    def check(file: Path) -> str:
        kept.append(file.stat().st_size)
        return "not it"

    with pytest.raises(FetchError, match="not it"):
        folder.download("x.json", "http://x", 3, lambda _: iter([b"abcdef"] * 1000), check)
    assert kept == [6]


@contextmanager
def answering(
    body: bytes, headers: Mapping[str, str] | None = None, status: int = 200, *, drips: bool = False
) -> Iterator[str]:
    """A server that answers every request with the same, by its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                for part in (body[place : place + 1] for place in range(len(body))) if drips else (body,):
                    self.wfile.write(part)
                    time.sleep(0.002 if drips else 0)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def content(workspace: Path, **changes: Any) -> Content:
    (workspace / "eval").mkdir(parents=True)
    (workspace / "clca.toml").touch()
    (workspace / "eval" / "sources.yaml").write_text(json.dumps({"x": {**SOURCE, **changes}}))
    return Content(workspace)
