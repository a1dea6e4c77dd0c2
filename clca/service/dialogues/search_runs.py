"""Dialogues of all runs: looked for in one run after the other, each by its own index, and page by page by key."""

from __future__ import annotations

import sqlite3
import time

from pydantic import Field

from clca.errors import NotFoundError
from clca.records import Record
from clca.service.dialogues.index import NotIndexedError
from clca.service.dialogues.indices import DialogueIndices
from clca.service.dialogues.search import DialoguePage, Filters, Summary, page
from clca.service.run_list import Run, RunList

MOST_RUNS = 200  # that are looked through for a page
SECONDS = 0.3  # after which a page ends with the run that is being looked through, however little it holds
CURSOR = r"^([a-z0-9][a-z0-9_+-]*/[A-Za-z0-9][A-Za-z0-9._-]*:\d{1,18})?$"


class FoundDialogue(Summary):
    """A dialogue in a list of several runs."""

    run: str = Field(description="<culture>/<run>, by which it is asked for.")


class FoundPage(Record):
    """Dialogues that match, those of the newest run first; a page may hold fewer than were asked for, or none.

    There are more as long as there is a `cursor`. A run that came after the first page is not in the others.
    """

    dialogues: tuple[FoundDialogue, ...]
    cursor: str | None = None
    runs: int = Field(default=0, description="Runs that were looked through for this page.")
    behind: int = Field(default=0, description="Bytes of their files that are not indexed yet, and not searched.")


async def search_runs(
    indices: DialogueIndices, run_list: RunList, filters: Filters, cursor: str, size: int
) -> FoundPage:
    """The page that begins after a cursor; '' for the first. Raises `NotFoundError` where its run is gone."""
    until = time.monotonic() + SECONDS
    runs = await indices.read(lambda: run_list.newest_first(filters.culture))
    name, _, number = cursor.partition(":")
    first = next((index for index, run in enumerate(runs) if run.name == name), None) if cursor else 0
    if first is None:
        raise NotFoundError(f"cursor: the run {name} is gone: begin with the first page")
    dialogues: list[FoundDialogue] = []
    behind, after = 0, int(number or 0)
    for index, run in enumerate(runs[first:]):
        if index == MOST_RUNS or (index and time.monotonic() > until) or len(dialogues) == size:
            return FoundPage(dialogues=tuple(dialogues), cursor=f"{run.name}:0", runs=index, behind=behind)
        part, late = await _search(indices, run_list, run, filters, after, size - len(dialogues))
        behind += late
        dialogues += [FoundDialogue(run=run.name, **summary.model_dump()) for summary in part.dialogues]
        if part.cursor is not None:
            following = f"{run.name}:{part.cursor}"
            return FoundPage(dialogues=tuple(dialogues), cursor=following, runs=index + 1, behind=behind)
        after = 0
    return FoundPage(dialogues=tuple(dialogues), runs=len(runs) - first, behind=behind)


async def _search(
    indices: DialogueIndices, run_list: RunList, run: Run, filters: Filters, after: int, size: int
) -> tuple[DialoguePage, int]:
    """What a run has of a page, and how many bytes its index is behind."""
    folder = run_list.folder_of(run)
    index, behind = await indices.current(folder)

    def read(db: sqlite3.Connection) -> DialoguePage:
        return page(db, filters, indices.reviews(folder), after, size)

    try:
        return await indices.query(index, read), behind
    except NotIndexedError:
        return DialoguePage(dialogues=()), behind
