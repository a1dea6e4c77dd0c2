"""`/v1/runs`: the runs of the workspace, their dialogues, and what people say of these."""

from __future__ import annotations

import sqlite3
from threading import Lock
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import Field
from starlette.convertors import Convertor, register_url_convertor

from clca.records import Record
from clca.service.access import Identity
from clca.service.context import needs, service_of
from clca.service.dialogues.entry import LONGEST_ID
from clca.service.dialogues.index import NotIndexedError, RunIndex
from clca.service.dialogues.search import (
    LARGEST_PAGE,
    DialoguePage,
    Filters,
    StoredDialogue,
    dialogue,
    page,
)
from clca.service.dialogues.search_runs import CURSOR, SearchPage, search_runs
from clca.service.routes.answers import responses
from clca.service.routes.jobs import LARGEST_NUMBER, Reader
from clca.service.run_list import Run, UnreadableRun
from clca.storage.provenance import now
from clca.storage.reviews import LONGEST_COMMENT, Opinion, Review, ReviewFile

router = APIRouter(tags=["runs"])
_WRITING = Lock()  # of a reviews.jsonl, by the threads of this process
Culture = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9][a-z0-9_+-]*$")]
Name = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
DialogueId = Annotated[str, Path(min_length=1, max_length=LONGEST_ID)]
MOST_NAMED = 20  # runs that cannot be read


class _AnyText(Convertor[str]):
    """A part of an address that may hold anything, also slashes and ends of lines: clients send them as %2F and %0A."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("text", _AnyText())


class RunPage(Record):
    """Runs, the newest first; `cursor` is the number of those before."""

    runs: tuple[Run, ...]
    cursor: int | None = None
    unreadable_runs: int = Field(default=0, description="Runs whose run.json cannot be read, which are in no page.")
    unreadable: tuple[UnreadableRun, ...] = Field(default=(), description=f"The first {MOST_NAMED} of them by name.")


class DialogueQuery(Filters):
    """Which dialogues, and which page of them."""

    cursor: int = Field(default=0, ge=0, le=LARGEST_NUMBER, description="That of the page before.")
    size: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    facets: bool = Field(default=False, description="Count what the dialogues could be narrowed down to.")


class SearchQuery(Filters):
    """Which dialogues of all runs, and which page of them."""

    cursor: str = Field(default="", max_length=250, pattern=CURSOR, description="That of the page before.")
    size: int = Field(default=50, ge=1, le=LARGEST_PAGE)


class NewReview(Record):
    """What a person says of a dialogue: a verdict, a comment, or both."""

    verdict: Opinion = ""
    comment: Annotated[str, Field(max_length=LONGEST_COMMENT)] = ""


@router.get("/v1/runs", responses=responses())
async def list_all_runs(
    request: Request,
    identity: Reader,
    culture: Annotated[str | None, Query(max_length=100, pattern=r"^[a-z0-9][a-z0-9_+-]*$")] = None,
    cursor: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
    size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> RunPage:
    """The runs of the workspace, the newest first."""
    service = service_of(request)
    listed = await service.indices.read(lambda: service.runs.newest_first(culture))
    runs, unreadable = listed.runs, listed.unreadable
    return RunPage(
        runs=tuple(runs[cursor : cursor + size]),
        cursor=cursor + size if len(runs) > cursor + size else None,
        unreadable_runs=len(unreadable),
        unreadable=tuple(
            run.model_copy(update={"error": service.shown.line(run.error)}) for run in unreadable[:MOST_NAMED]
        ),
    )


@router.get("/v1/dialogues", responses=responses(404))
async def search_dialogues(request: Request, identity: Reader, filters: Annotated[SearchQuery, Query()]) -> SearchPage:
    """The dialogues of all runs, those of the newest run first: filtered, and searched for words."""
    service = service_of(request)
    return await search_runs(service.indices, service.runs, filters, filters.cursor, filters.size)


@router.get("/v1/runs/{culture}/{name}", responses=responses(404))
async def show_run(request: Request, identity: Reader, culture: Culture, name: Name) -> Run:
    """A run."""
    return service_of(request).runs.get(f"{culture}/{name}")


@router.get("/v1/runs/{culture}/{name}/dialogues", responses=responses(404), response_model=DialoguePage)
async def list_dialogues(
    request: Request,
    identity: Reader,
    culture: Culture,
    name: Name,
    filters: Annotated[DialogueQuery, Query()],
) -> Response:
    """The dialogues of a run, page by page: filtered, and searched for words."""
    service = service_of(request)
    folder = service.runs.folder_of(service.runs.get(f"{culture}/{name}"))
    index, behind = await service.indices.current(folder)

    def read(db: sqlite3.Connection) -> bytes:
        reviews = service.indices.reviews(folder)
        dialogues = page(db, filters, reviews, filters.cursor, filters.size)
        updates: dict[str, Any] = {"behind": behind, "unreadable": RunIndex.unreadable_in(db)}
        if filters.facets:
            updates["facets"] = service.indices.facets(folder, db, filters)
        return dialogues.model_copy(update=updates).model_dump_json().encode()

    try:
        shown = await service.indices.query(index, read)
    except NotIndexedError:
        shown = DialoguePage(dialogues=(), behind=behind).model_dump_json().encode()
    return Response(shown, media_type="application/json")


# Before the dialogue itself, whose id may end so: a method that is not allowed here is answered for this address.
@router.post(
    "/v1/runs/{culture}/{name}/dialogues/{dialogue_id:text}/reviews",
    status_code=201,
    responses=responses(400, 404, 413, 415),
)
async def review_dialogue(
    request: Request,
    identity: Annotated[Identity, needs("review")],
    culture: Culture,
    name: Name,
    dialogue_id: DialogueId,
    review: NewReview,
) -> StoredDialogue:
    """Accept or reject a dialogue, or comment on it, under the name of who asks."""
    service = service_of(request)
    if not (review.verdict or review.comment):
        raise HTTPException(422, "verdict: give a verdict or a comment")
    stored = await show_dialogue(request, identity, culture, name, dialogue_id, Filters())
    folder = service.runs.folder_of(service.runs.get(f"{culture}/{name}"))
    line = Review(id=stored.record["id"], reviewer=identity.name, time=now(), **review.model_dump())
    request.scope["state"]["audit"] = {"dialogue": line.id, "verdict": line.verdict}

    def add() -> None:
        with _WRITING:
            file = ReviewFile(folder)
            try:
                file.add(line)
            finally:
                file.close()

    await service.indices.read(add)
    reviewed: StoredDialogue = await show_dialogue(request, identity, culture, name, dialogue_id, Filters())
    return reviewed


@router.get("/v1/runs/{culture}/{name}/dialogues/{dialogue_id:text}", responses=responses(404))
async def show_dialogue(
    request: Request,
    identity: Reader,
    culture: Culture,
    name: Name,
    dialogue_id: DialogueId,
    filters: Annotated[Filters, Query()],
) -> StoredDialogue:
    """A dialogue as it stands in its file, with its reviews, and those before and after it that match."""
    service = service_of(request)
    folder = service.runs.folder_of(service.runs.get(f"{culture}/{name}"))
    index, _ = await service.indices.current(folder)

    def read(db: sqlite3.Connection) -> StoredDialogue:
        return dialogue(index, db, dialogue_id, service.indices.reviews(folder), filters)

    return await service.indices.query(index, read)
