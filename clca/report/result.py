"""The result of `clca report`: what `--json` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from clca.records import Record


class ReportResult(Record):
    """A report that was written: of what, and what is not in it."""

    file: Path = Field(description="The HTML file.")
    bytes: int = Field(description="Its size.")
    title: str
    sections: tuple[str, ...] = Field(description="Titles of its sections.")
    sources: dict[str, str] = Field(description="Code of each result that it is of, and its folder.")
    tables: int
    figures: int
    figures_folder: Path | None = Field(default=None, description="Folder of the figures as files.")
    figures_written: int = Field(default=0, description="Figures there, those of the papers' numbers among them.")
    numbers: int = Field(description="Numbers of the tables, which the next report is compared with.")
    dialogues: int = Field(description="Sample dialogues.")
    unfinished: tuple[str, ...] = Field(description="Results that are not finished, and left out.")
    unreadable: dict[str, str] = Field(description="Results that cannot be read, with the reason, and left out.")
    against: Path | None = Field(description="The former report that it is compared with.")
    changed: int = Field(description="Numbers that differ from those of the former report.")
    marks: tuple[str, ...] = Field(description="Why numbers of some results mean nothing: REHEARSAL and others.")
    caveats: tuple[str, ...]

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json")
