"""The result of `clca export`: what `--json` prints, and `export.json` holds but for where it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from clca.quality.export.config import Format, TaskChoice
from clca.records import Record
from clca.storage.selection import Selection

FILE = "export.json"


class FileSummary(Record):
    """A file of an export."""

    sha256: str
    bytes: int
    rows: int | None = Field(description="Null for a file that is no table.")


class ExportResult(Record):
    """What was exported: dialogues read = exported + those left out."""

    format: Format
    task: TaskChoice | None = Field(description="What messages teach; null for records alone.")
    runs: tuple[str, ...] = Field(description="<culture>/<run> of each.")
    read: int = Field(description="Kept dialogues that were read.")
    dialogues: int = Field(description="Of these, exported.")
    left_out: dict[str, int] = Field(description="Dialogues, and examples of them, that are not there, by reason.")
    files: dict[str, FileSummary]
    lost: str = Field(description="What of the records the form cannot hold; empty where nothing is lost.")
    audits: tuple[str, ...] = Field(
        default=(), description="Audits of the judge whose figures are on the card, by the names of their folders."
    )
    rehearsal: bool = Field(description="Whether any of it was played by the embedded simulator.")
    caveats: tuple[str, ...]
    folder: Path | None = Field(default=None, description="Where it was written.")
    url: str | None = Field(default=None, description="Where it was uploaded to.")
    selection: tuple[Selection, ...] = Field(default=(), description="Which runs were meant by the names given.")

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json")

    def public_object(self) -> dict[str, Any]:
        """The same without paths of this machine, which nobody else need know."""
        return self.model_dump(mode="json", exclude={"folder", "url", "selection"})
