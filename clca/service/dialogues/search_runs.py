"""Dialogues of all runs: looked for in one run after the other, each by its own index, and page by page by key."""

from __future__ import annotations

import sqlite3
import time

from pydantic import Field

from clca.errors import NotFoundError
from clca.records import Record
from clca.service.dialogues.index import NotIndexedError, RunIndex
from clca.service.dialogues.indices import DialogueIndices
from clca.service.dialogues.search import DialoguePage, Filters, Summary, page
from clca.service.run_list import Run, RunList

MOST_RUNS = 200  # that are looked through for a page
SECONDS = 0.3  # after which a page ends with the run that is being looked through, however little it holds
CURSOR = r"^([a-z0-9][a-z0-9_+-]*/[A-Za-z0-9][A-Za-z0-9._-]*:\d{1,18})?$"


class DialogueMatch(Summary):
    """A dialogue in a list of several runs."""

    run: str = Field(description="<culture>/<run>, by which it is asked for.")


class SearchPage(Record):
    """Dialogues that match, those of the newest run first; a page may hold fewer than were asked for, or none.

    There are more as long as there is a `cursor`. A run that came after the first page is not in the others.
    """

    dialogues: tuple[DialogueMatch, ...]
    cursor: str | None = None
    runs: int = Field(default=0, description="Runs that were looked through for this page.")
    behind: int = Field(default=0, description="Bytes of their files that are not indexed yet, and not searched.")
    unreadable: int = Field(default=0, description="Lines of their files that are no records with an id.")
    unreadable_runs: int = Field(default=0, description="Runs that cannot be read, and are in no page: GET /v1/runs.")


async def search_runs(
    indices: DialogueIndices, run_list: RunList, filters: Filters, cursor: str, size: int
) -> SearchPage:
    """The page that begins after a cursor; '' for the first. Raises `NotFoundError` where its run is gone."""
    until = time.monotonic() + SECONDS
    listed = await indices.read(lambda: run_list.newest_first(filters.culture))
    runs = listed.runs
    name, _, number = cursor.partition(":")
    first = next((index for index, run in enumerate(runs) if run.name == name), None) if cursor else 0
    if first is None:
        raise NotFoundError(f"cursor: the run {name} is gone: begin with the first page")
    dialogues: list[DialogueMatch] = []
    behind, unreadable, searched, after = 0, 0, 0, int(number or 0)
    following: str | None = None
    for run in runs[first:]:
        if searched == MOST_RUNS or (searched and time.monotonic() > until) or len(dialogues) == size:
            following = f"{run.name}:0"
            break
        part = await _search(indices, run_list, run, filters, after, size - len(dialogues))
        searched, behind, unreadable, after = searched + 1, behind + part.behind, unreadable + part.unreadable, 0
        dialogues += [DialogueMatch(run=run.name, **summary.model_dump()) for summary in part.dialogues]
        if part.cursor is not None:
            following = f"{run.name}:{part.cursor}"
            break
    return SearchPage(
        dialogues=tuple(dialogues),
        cursor=following,
        runs=searched,
        behind=behind,
        unreadable=unreadable,
        unreadable_runs=len(listed.unreadable),
    )


async def _search(
    indices: DialogueIndices, run_list: RunList, run: Run, filters: Filters, after: int, size: int
) -> DialoguePage:
    """What a run has of a page."""
    folder = run_list.folder_of(run)
    index, behind = await indices.current(folder)

    def read(db: sqlite3.Connection) -> DialoguePage:
        dialogues = page(db, filters, indices.reviews(folder), after, size)
        return dialogues.model_copy(update={"behind": behind, "unreadable": RunIndex.unreadable_in(db)})

    try:
        return await indices.query(index, read)
    except NotIndexedError:
        return DialoguePage(dialogues=(), behind=behind)
