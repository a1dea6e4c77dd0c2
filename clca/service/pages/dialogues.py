"""A dialogue: what was said and thought, what the judge and people say of it, and what the models were asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from clca.service.context import service_of
from clca.service.dialogues.kept import kept
from clca.service.dialogues.search import Filters
from clca.service.pages.dialogue_view import view_of
from clca.service.pages.runs import Filtered, query_of
from clca.service.pages.views import Reader, Reviewer, query, show
from clca.service.routes.runs import Culture, DialogueId, Name, NewReview, review_dialogue, show_dialogue
from clca.storage.reviews import LONGEST_COMMENT, status_of

router = APIRouter(include_in_schema=False)
DIALOGUE = "/runs/{culture}/{name}/dialogues/{dialogue_id:text}"


@router.get(DIALOGUE)
async def show_dialogue_page(
    request: Request,
    identity: Reader,
    culture: Culture,
    name: Name,
    dialogue_id: DialogueId,
    filters: Filtered,
    said: Literal["accepted", "rejected", "commented"] | None = None,
    of: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """A dialogue between those that match; `said` tells what this person has just said `of` one."""
    given = query_of(filters)
    stored = await show_dialogue(request, identity, culture, name, dialogue_id, Filters(**given))
    own = next((review for review in stored.reviews if review.reviewer == identity.name), None)
    return show(
        request,
        "dialogue.html.j2",
        run=f"{culture}/{name}",
        stored=stored,
        view=view_of(stored.record),
        status=status_of(stored.reviews),
        own=own,
        given=given,
        said=said,
        of=of,
        longest_comment=LONGEST_COMMENT,
    )


@router.get("/runs/{culture}/{name}/requests/{dialogue_id:text}")
async def show_requests(
    request: Request, identity: Reader, culture: Culture, name: Name, dialogue_id: DialogueId, filters: Filtered
) -> Response:
    """What the models were asked for a dialogue, and their raw replies, where these were kept."""
    service = service_of(request)
    await show_dialogue(request, identity, culture, name, dialogue_id, Filters())
    index, _ = await service.indices.current(service.runs.folder_of(service.runs.get(f"{culture}/{name}")))
    requests, more = await service.indices.query(index, lambda db: kept(index, db, dialogue_id))
    values: dict[str, Any] = {"run": f"{culture}/{name}", "id": dialogue_id, "given": query_of(filters)}
    return show(request, "requests.html.j2", requests=requests, more=more, **values)


@router.post(DIALOGUE + "/reviews")
async def review(
    request: Request, identity: Reviewer, culture: Culture, name: Name, dialogue_id: DialogueId, filters: Filtered
) -> Response:
    """Record what a person says: after a verdict goes on to the next dialogue, after a comment back to this one."""
    form = request.scope["state"].get("form", {})
    try:
        new = NewReview(verdict=form.get("verdict", ""), comment=form.get("comment", "").strip())
    except ValidationError as error:
        raise RequestValidationError([{**fault, "loc": ("form", *fault["loc"])} for fault in error.errors()]) from None
    given = query_of(filters)
    before = await show_dialogue(request, identity, culture, name, dialogue_id, Filters(**given))
    await review_dialogue(request, identity, culture, name, dialogue_id, new)
    going_on = bool(new.verdict and before.next)
    shown = quote(before.next if going_on and before.next else dialogue_id, safe="")
    told = {"said": new.verdict or "commented", "of": dialogue_id if going_on else ""}
    return RedirectResponse(f"/runs/{culture}/{name}/dialogues/{shown}{query(given, **told)}", 303)
