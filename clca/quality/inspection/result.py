"""The result of `clca inspect`: what `--json` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from clca.records import Record
from clca.storage.reviews import Review
from clca.storage.selection import Selection


class Inspected(Record):
    """A dialogue that matches."""

    number: int = Field(description="Its place among all that match, from 1.")
    run: Path
    outcome: str
    record: dict[str, Any] = Field(description="As it stands in the file, whatever version wrote it.")
    reviews: tuple[Review, ...]


class InspectResult(Record):
    """A page of the dialogues that match."""

    read: int = Field(description="Dialogues that were looked at.")
    matched: int
    page: int
    pages: int
    dialogues: tuple[Inspected, ...] = Field(description="Those of the page.")
    written: Path | None = Field(default=None, description="File that all that match were written to.")
    selection: tuple[Selection, ...] = Field(default=(), description="Which runs were meant by the names given.")

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json")
