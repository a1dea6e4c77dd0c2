"""Pages of a MediaWiki as plain text, through its API, each with the revision that it is of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from clca.fetching.http import FetchError, Home
from clca.fetching.store import FetchedFile, SourceFolder
from clca.printable import one_line
from clca.progress import Progress, ProgressCallback

MAXLAG = "5"  # seconds that the wiki's copies may lag behind before it asks for patience
NOT_TEXT = frozenset(
    {"bibliography", "citations", "external links", "further reading", "footnotes", "gallery", "notes", "references"}
    | {"see also", "sources", "works cited"}
)
"""Sections of links and references, which hold no text about a culture."""
LONGEST_HEADING = 300  # characters, as of a title
_HEADING = re.compile(r"^(=+)\s*(.+?)\s*\1\s*$")


class _Revision(BaseModel):
    model_config = ConfigDict(extra="ignore")

    revid: int
    timestamp: str


class _Page(BaseModel):
    """A page as `action=query` gives it."""

    model_config = ConfigDict(extra="ignore")

    title: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    extract: Annotated[str, StringConstraints(min_length=1)]
    revisions: Annotated[list[_Revision], Field(min_length=1)]
    canonicalurl: str


def fetch_pages(home: Home, folder: SourceFolder, titles: Mapping[str, str], progress: ProgressCallback) -> int:
    """Fetch the page of each culture, unless it is here; returns how many were fetched. Raises `FetchError`."""
    fetched = 0
    for number, (culture, title) in enumerate(titles.items()):
        progress(Progress(number, len(titles), "pages"))
        name = f"{culture}.jsonl"
        if folder.has(name):
            continue
        page = _page(home, title)
        line = {"title": page.title, "text": plain_text(page.extract), "culture": culture}
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        revision = page.revisions[0]
        origin = f"{page.canonicalurl}?oldid={revision.revid}"
        record = FetchedFile(
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            origin=origin,
            revision=revision.revid,
            written=revision.timestamp,
        )
        folder.write(name, data, record)
        fetched += 1
    progress(Progress(len(titles), len(titles), "pages"))
    return fetched


def plain_text(extract: str) -> str:
    """The paragraphs of a page, apart by an empty line, without headings and without sections of references.

    >>> plain_text("First.\\\nSecond.\\\n\\\n\\\n== Food ==\\\nRice.\\\n\\\n\\\n== See also ==\\\nOther pages")
    'First.\\\n\\\nSecond.\\\n\\\nRice.'
    """
    paragraphs, left_out = [], 0
    for line in filter(None, map(str.strip, extract.splitlines())):
        if heading := _HEADING.match(line) if len(line) <= LONGEST_HEADING else None:
            level = len(heading[1])
            if not left_out or level <= left_out:
                left_out = level if heading[2].casefold() in NOT_TEXT else 0
        elif not left_out:
            paragraphs.append(line)
    return "\n\n".join(paragraphs)


def _page(home: Home, title: str) -> _Page:
    query = {
        "action": "query",
        "prop": "extracts|revisions|info",
        "explaintext": "1",
        "exsectionformat": "wiki",
        "rvprop": "ids|timestamp",
        "inprop": "url",
        "redirects": "1",
        "titles": title,
        "format": "json",
        "formatversion": "2",
        "maxlag": MAXLAG,
    }
    answer = home.json("", query, _lag)
    try:
        return _Page.model_validate(answer["query"]["pages"][0])
    except (LookupError, TypeError, ValidationError):
        reason = one_line(_error(answer, "info"))[:300] or "look it up, and mend its title"
        raise FetchError(f"no page {title!r} with text: {reason}") from None


def _lag(answer: Any) -> str:
    """Why the wiki asks for patience, or ""."""
    code = _error(answer, "code")
    return f"asks for patience ({code})" if code in ("maxlag", "ratelimited", "readonly") else ""


def _error(answer: Any, key: str) -> str:
    """What an answer says of an error, or ""."""
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get(key, "")) if isinstance(error, dict) else ""
