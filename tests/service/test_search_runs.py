from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from clca.errors import NotFoundError
from clca.service.dialogues import search_runs as module
from clca.service.dialogues.index import NotIndexedError
from clca.service.dialogues.indices import DialogueIndices
from clca.service.dialogues.search import Filters
from clca.service.dialogues.search_runs import search_runs
from clca.service.run_list import RunList
from tests.service.test_dialogues import line

pytestmark = pytest.mark.anyio
NEWEST_FIRST = [f"d{number}" for number in (4, 5, 6, 7, 2, 3, 0, 1)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def write_run(runs: Path, name: str, numbers: range, created: str) -> Path:
    folder = runs / name
    folder.mkdir(parents=True)
    culture = name.partition("/")[0]
    (folder / "dialogues.jsonl").write_text("".join(line(number, culture=culture) for number in numbers))
    (folder / "run.json").write_text(json.dumps({"culture": culture, "created": created, "counts": {}}))
    return folder


class Runs:
    """Three runs of two cultures, and what asks for their dialogues."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "generated"
        write_run(self.folder, "japan/a", range(2), "2026-01-01")
        write_run(self.folder, "uk/a", range(2, 4), "2026-01-02")
        write_run(self.folder, "japan/b", range(4, 8), "2026-01-03")
        self.list = RunList(self.folder)
        self.indices = DialogueIndices(folder / "index", folder)

    async def ids(self, size: int = 100, **filters: object) -> list[str]:
        """The dialogues of all pages."""
        found: list[str] = []
        cursor = ""
        while True:
            shown = await search_runs(self.indices, self.list, Filters(**filters), cursor, size)  # type: ignore[arg-type]
            assert len(shown.dialogues) <= size
            found += [dialogue.id for dialogue in shown.dialogues]
            if shown.cursor is None:
                return found
            cursor = shown.cursor


@pytest.fixture
async def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runs]:
    monkeypatch.setattr(module, "SECONDS", 600.0)  # others may be at work on this machine
    made = Runs(tmp_path)
    yield made
    await made.indices.close()


async def test_pages_of_any_size_hold_every_dialogue_once_those_of_the_newest_run_first(runs: Runs) -> None:
    for size in (1, 2, 3, 5, 8, 100):
        assert await runs.ids(size) == NEWEST_FIRST


async def test_filters_and_words_hold_in_all_runs(runs: Runs) -> None:
    assert await runs.ids(1, culture="uk") == ["d2", "d3"]
    assert await runs.ids(2, q="number 5") == ["d5"]
    assert await runs.ids(2, q="nara", relevance="cultural") == ["d5", "d7", "d3", "d1"]
    assert await runs.ids(q="atlantis") == []


async def test_a_dialogue_names_its_run(runs: Runs) -> None:
    shown = await search_runs(runs.indices, runs.list, Filters(q="number 3"), "", 10)
    assert [(dialogue.run, dialogue.id) for dialogue in shown.dialogues] == [("uk/a", "d3")]
    assert (shown.runs, shown.behind, shown.cursor) == (3, 0, None)


async def test_a_page_looks_through_so_many_runs_and_no_more(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    shown = await search_runs(runs.indices, runs.list, Filters(q="number 0"), "", 10)
    assert (shown.dialogues, shown.runs, shown.cursor) == ((), 2, "japan/a:0")
    assert await runs.ids(q="number 0") == ["d0"]
    monkeypatch.setattr(module, "SECONDS", 0.0)
    shown = await search_runs(runs.indices, runs.list, Filters(), "", 10)
    assert (shown.runs, shown.cursor) == (1, "uk/a:0")  # one at least, so that pages come to an end
    assert await runs.ids(3) == NEWEST_FIRST


async def test_a_run_that_comes_between_two_pages_moves_nothing_and_one_that_goes_is_told(runs: Runs) -> None:
    first = await search_runs(runs.indices, runs.list, Filters(), "", 5)
    assert first.cursor is not None
    write_run(runs.folder, "uk/new", range(8, 9), "2026-01-04")
    after = await search_runs(runs.indices, runs.list, Filters(), first.cursor, 5)
    assert [dialogue.id for dialogue in (*first.dialogues, *after.dialogues)] == NEWEST_FIRST
    with pytest.raises(NotFoundError, match="the run uk/gone is gone: begin with the first page"):
        await search_runs(runs.indices, runs.list, Filters(), "uk/gone:3", 5)


async def test_a_link_is_no_run_and_what_cannot_be_read_is_left_out_and_counted(runs: Runs) -> None:
    (runs.folder / "uk" / "link").symlink_to(runs.folder / "uk" / "a")
    damaged = write_run(runs.folder, "uk/damaged", range(9, 10), "2026-01-05")
    (damaged / "run.json").write_text("{")
    file = runs.folder / "japan" / "a" / "dialogues.jsonl"
    file.write_text(f"{file.read_text()}no record\n")
    assert await runs.ids() == NEWEST_FIRST
    counted = {}
    for culture in (None, "uk", "japan"):
        shown = await search_runs(runs.indices, runs.list, Filters(culture=culture), "", 100)
        counted[culture] = (shown.unreadable_runs, shown.unreadable)
    assert counted == {None: (1, 1), "uk": (1, 0), "japan": (0, 1)}
    (unreadable,) = runs.list.newest_first().unreadable
    assert (unreadable.name, "cannot read" in unreadable.error) == ("uk/damaged", True)
    (damaged / "run.json").write_text(json.dumps({"culture": "uk", "created": "2026-01-05", "counts": {}}))
    assert await runs.ids() == ["d9", *NEWEST_FIRST]


async def test_an_index_of_an_earlier_version_is_none_until_it_is_made_anew(runs: Runs) -> None:
    assert await runs.ids(q="number 5") == ["d5"]
    index = runs.indices.index(runs.folder / "japan" / "b")
    await runs.indices.close()
    with closing(sqlite3.connect(index.path)) as db:
        db.execute("PRAGMA user_version=1")
    with pytest.raises(NotIndexedError, match="the run is being indexed: ask again in a moment"):
        index.whole()
    again = DialogueIndices(runs.folder.parent / "index", runs.folder.parent)
    try:
        shown = await search_runs(again, runs.list, Filters(q="number 5"), "", 10)
        assert [dialogue.id for dialogue in shown.dialogues] == ["d5"]
    finally:
        await again.close()
