"""Pages of the Cultural Atlas, saved as HTML or JSON: a norm for each item of a list, in the situation of its heading.

A page is of the culture that it names (`country`; the title, first heading or address of HTML), else of `--culture`. An
item counts if it is a sentence of `LEAST_WORDS` words or more; running text is no norm and is rejected. Place,
relationship, breach, explain and remedy stay open. The id follows from page, heading and text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clca.generation.importers.atlas_page import Item, read_page
from clca.generation.importers.context import ImportContext
from clca.generation.importers.json_values import json_values
from clca.generation.importers.outcome import Outcome, Rejected, Row, RowFault, Taken, build, outcomes, text_of
from clca.generation.importers.sources import Source
from clca.records import Norm
from clca.records.scenario import GENERAL

LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class _Page:
    """Whose page it is, as it says itself, the axis that it is about, and where it stands."""

    country: str
    axis: str
    address: str


def read(sources: Sequence[Source], context: ImportContext) -> Iterator[Outcome]:
    """A norm for each item of the pages."""
    for source in sources:
        is_html = source.head().lstrip()[:1] == "<"
        for page, row in _html_rows(source, context) if is_html else _json_rows(source):
            if isinstance(row, Rejected):
                yield row
            else:
                yield from outcomes([row], lambda row, page=page: _norm(row, page, context))  # type: ignore[misc]


def _html_rows(source: Source, context: ImportContext) -> Iterator[tuple[_Page, Row | Rejected]]:
    page = read_page(source)
    country = next((name for name in page.names if context.find(name)), "")
    for item in page.items:
        yield _Page(country, page.title[:80], page.address), _row(source, item)


def _json_rows(source: Source) -> Iterator[tuple[_Page, Row | Rejected]]:
    nowhere = _Page("", "", "")
    for value in json_values(source):
        if isinstance(value, Rejected):
            yield nowhere, value
            continue
        place, page = value
        content = page.get("content") if isinstance(page, dict) else None
        if not isinstance(content, dict):
            yield nowhere, Rejected(place, "content", "no object of headings with their lists")
            continue
        about = _Page(*(page[key] if isinstance(page.get(key), str) else "" for key in ("country", "axis", "url")))
        for heading, items in content.items():
            for text in items if isinstance(items, list) else [items]:
                item = Item(place.line, heading, text, is_listed=isinstance(items, list))
                yield about, _row(source, item)


def _row(source: Source, item: Item) -> Row:
    values: dict[str, Any] = {"heading": item.heading, "item": item.text, "listed": item.is_listed}
    return Row(source.place(item.line), values)


def _norm(row: Row, page: _Page, context: ImportContext) -> Taken:
    text, heading = text_of(row.values, "item"), text_of(row.values, "heading", required=False)
    if not row.values["listed"]:
        raise RowFault("item", "running text, no item of a list", text)
    if len(text.split()) < LEAST_WORDS:
        raise RowFault("item", f"fewer than {LEAST_WORDS} words", text)
    derived = []
    if page.country:
        scope: tuple[str, ...] = (context.culture("country", page.country),)
    elif context.scope and context.scope != (GENERAL,):
        scope, derived = context.scope, ["scope: not said by the page, that of --culture taken"]
    else:
        raise RowFault("country", "the page names no known culture: say with --culture")
    digest = hashlib.sha256("\x1f".join((*scope, page.axis, heading, text)).encode()).hexdigest()
    said = ", ".join(filter(None, ("Cultural Atlas", page.country, page.axis, heading, page.address)))
    norm = build(
        Norm,
        {
            "id": f"atlas-{'-'.join(scope)}"[:60].rstrip("-_") + f"-{digest[:12]}",
            "scope": scope,
            "text": text,
            "situation": heading[:400],
            "inspiration": said[:400],
            "license": context.license or "",
        },
        {"text": "item"},
    )
    return Taken(row.place, norm, tuple(derived), name=heading[:80])
