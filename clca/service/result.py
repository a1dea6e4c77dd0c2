"""The result of `clca serve`: what it did until it was stopped."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from clca.records import Record


class ServeResult(Record):
    """What became of the jobs, and what is left for the next start."""

    folder: Path = Field(description="Folder of the service.")
    jobs: dict[str, int] = Field(description="All jobs of the folder by their state.")
    requests: int = Field(description="Requests that were answered.")
    seconds: float = Field(description="How long the service ran.")
