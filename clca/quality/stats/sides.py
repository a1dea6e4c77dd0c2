"""The sides of a comparison, and the runs on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo

Side = Literal["first", "second"]


@dataclass(frozen=True, slots=True)
class SideRun:
    """A run and the side that it is on."""

    side: Side
    info: RunInfo

    @property
    def file(self) -> Path:
        """Its kept dialogues."""
        return self.info.folder / FILES["kept"]

    @property
    def kept(self) -> int:
        """How many dialogues `run.json` says it kept."""
        return self.info.kept
