"""A stranger's list of sources of data, and the homes that it names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.errors import ClcaError, ContentError, StoreError
from clca.fetching.fetch import fetch
from clca.fetching.http import FetchError
from clca.fetching.hub import endpoint_of
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
    ("home", "environment", "login"),
    [
        ("https://evil.example", {}, False),
        ("https://huggingface.co.evil.example", {}, False),
        ("http://huggingface.co", {}, False),
        ("https://huggingface.co", {}, "hf_secret"),
        ("https://huggingface.co/", {}, "hf_secret"),
        ("https://evil.example", {"HF_ENDPOINT": "https://mirror.example"}, "hf_secret"),
    ],
)
def test_the_login_of_the_hub_goes_to_no_server_of_a_list(
    home: str, environment: dict[str, str], login: str | bool
) -> None:
    source = Source.model_validate({**SOURCE, "home": home})
    endpoint, given = endpoint_of(source, {**environment, "HF_TOKEN": "hf_secret"})
    assert given == login
    assert endpoint == environment.get("HF_ENDPOINT", home.rstrip("/"))


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


def content(workspace: Path, **changes: Any) -> Content:
    (workspace / "eval").mkdir(parents=True)
    (workspace / "clca.toml").touch()
    (workspace / "eval" / "sources.yaml").write_text(json.dumps({"x": {**SOURCE, **changes}}))
    return Content(workspace)
