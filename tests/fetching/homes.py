"""Servers of this machine that speak the protocols of MediaWiki's API, of GitHub and of the Hugging Face hub."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

import clca

COMMIT, NEWER = "1" * 40, "2" * 40
SOURCES = Path(clca.__file__).parents[1] / "eval/sources.yaml"


def blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def lfs(data: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}


@dataclass
class Homes:
    """What the servers have, what they were asked, and how they fail.

    `files` are those of each repository; `refusals` are answers (status, headers, body) that come before the right
    ones; a file of `broken` breaks off after so many bytes, once.
    """

    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    commit: str = COMMIT
    refusals: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)
    truncated: bool = False  # whether GitHub leaves files out of its list
    changed: dict[str, bytes] = field(default_factory=dict)  # what comes in the place of a file
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    url: str = ""

    def paths(self, beginning: str) -> list[str]:
        return [path for method, path, _ in self.asked if method == "GET" and path.startswith(beginning)]

    def answer(
        self, method: str, path: str, query: dict[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        self.asked.append((method, path, headers))
        if self.refusals:
            status, told, text = self.refusals.pop(0)
            return status, told, text.encode()
        parts = unquote(path).strip("/").split("/")
        if path == "/w/api.php":
            return 200, {}, json.dumps(self._wiki(query)).encode()
        if parts[:1] == ["repos"]:
            return 200, {}, json.dumps(self._github("/".join(parts[1:3]), parts[3:])).encode()
        if parts[:1] == ["api"]:
            return 200, {}, json.dumps(self._hub("/".join(parts[2:4]))).encode()
        if parts[:1] == ["datasets"]:
            return self._file("/".join(parts[1:3]), "/".join(parts[5:]), headers)
        return self._file("/".join(parts[:2]), "/".join(parts[3:]), headers)

    def _wiki(self, query: dict[str, str]) -> object:
        assert query["action"] == "query"
        assert query["maxlag"]
        title = query["titles"]
        if title not in self.pages:
            return {"query": {"pages": [{"title": title, "missing": True}]}}
        url = f"https://wiki.example/wiki/{title.replace(' ', '_')}"
        revision = {"revid": 1000 + len(title), "timestamp": "2026-01-02T03:04:05Z"}
        page = {"title": title, "extract": self.pages[title], "revisions": [revision], "canonicalurl": url}
        return {"batchcomplete": True, "query": {"pages": [page]}}

    def _github(self, repository: str, parts: list[str]) -> object:
        if parts == ["commits", "HEAD"]:
            return {"sha": self.commit, "author": {"login": "somebody"}}
        assert parts[:2] == ["git", "trees"]
        blobs = [
            {"path": path, "mode": "100644", "type": "blob", "sha": blob_id(data), "size": len(data)}
            for path, data in self.files[repository].items()
        ]
        return {
            "sha": parts[2],
            "truncated": self.truncated,
            "tree": [{"path": "data", "type": "tree", "sha": "3" * 40}, *blobs],
        }

    def _hub(self, repository: str) -> object:
        siblings = [
            {
                "rfilename": path,
                "size": len(data),
                "lfs": lfs(data),
            }
            for path, data in self.files[repository].items()
        ]
        return {"id": repository, "sha": self.commit, "siblings": siblings, "tags": [], "private": False}

    def _file(self, repository: str, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        whole = self.files[repository][path]
        data = self.changed.get(path, whole)
        told = {
            "ETag": f'"{hashlib.sha256(whole).hexdigest()}"',
            "X-Repo-Commit": self.commit,
            "Accept-Ranges": "bytes",
        }
        if wanted := headers.get("Range"):
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            told["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return 206, told, data[start:]
        return 200, told, data


@contextmanager
def served(homes: Homes) -> Iterator[Homes]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(with_body=True)

        def do_HEAD(self) -> None:
            self._send(with_body=False)

        def _send(self, *, with_body: bool) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            status, told, body = homes.answer(self.command, parts.path, query, self.headers)
            self.send_response(status)
            for key, value in {**told, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            name = unquote(parts.path).rpartition("/")[2]
            if with_body and status == 200 and name in homes.broken:
                self.wfile.write(body[: homes.broken.pop(name)])
                self.close_connection = True
            elif with_body:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    homes.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield homes
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def workspace(folder: Path, homes: Homes) -> Path:
    """A workspace in which the sources have these servers as their homes."""
    sources = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))
    for source in sources.values():
        if source["kind"] != "by-hand":
            source["home"] = homes.url + ("/w/api.php" if source["kind"] == "mediawiki" else "")
        if "raw" in source:
            source["raw"] = homes.url
    (folder / "eval").mkdir(parents=True)
    (folder / "eval/sources.yaml").write_text(yaml.safe_dump(sources, allow_unicode=True), encoding="utf-8")
    (folder / "clca.toml").touch()
    return folder
