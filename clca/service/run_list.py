"""The runs of the workspace as clients see them: each is read once, and again where its `run.json` is another one.

Runs that cannot be read are named beside them, with the reason.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from clca.errors import NotFoundError, StoreError
from clca.printable import one_line
from clca.records import Record
from clca.storage.run_index import INFO, RunInfo, read_run

Stamp = tuple[int, int, int]
CHECKED = 1.0  # seconds for which a run that was looked at is not looked at again: many read the same one


class Run(Record):
    """A run: its name, and what its `run.json` says."""

    name: str = Field(description="<culture>/<run>, by which its dialogues are asked for.")
    culture: str
    finished: bool
    rehearsed: bool = Field(description="Whether the embedded simulator played any of it.")
    counts: dict[str, int]
    reasons: dict[str, int]
    created: str = ""
    fingerprint: str = Field(default="", description="The id of the job that makes it.")


class UnreadableRun(Record):
    """A run whose `run.json` is damaged, or may not be read."""

    name: str = Field(description="<culture>/<run>")
    error: str = Field(description="Why, in one line, and what to do.")


@dataclass(frozen=True, slots=True)
class RunListing:
    """Runs, the newest first, and those that cannot be read, by name."""

    runs: list[Run]
    unreadable: list[UnreadableRun]


class RunList:
    """The runs below a folder. A link is none, wherever it leads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[Path, tuple[Stamp, Run | UnreadableRun]] = {}
        self._asked: dict[str, tuple[float, Run]] = {}

    def newest_first(self, culture: str | None = None) -> RunListing:
        """The runs of one culture, or of all. The culture of a run that cannot be read is the name of its folder."""
        known: dict[Path, tuple[Stamp, Run | UnreadableRun]] = {}
        for folder in self._folders():
            with suppress(NotFoundError):
                known[folder] = self._read(folder)
        self._known = known
        runs, unreadable = list[Run](), list[UnreadableRun]()
        for _, run in known.values():
            if isinstance(run, UnreadableRun):
                if culture in (None, run.name.partition("/")[0]):
                    unreadable.append(run)
            elif culture in (None, run.culture, run.name.partition("/")[0]):
                runs.append(run)
        runs.sort(key=lambda run: (run.created, run.name), reverse=True)
        return RunListing(runs, sorted(unreadable, key=lambda run: run.name))

    def get(self, name: str) -> Run:
        """The run of this name. Raises `NotFoundError`, and `StoreError` for one that cannot be read."""
        now = time.monotonic()
        at, known = self._asked.get(name, (0.0, None))
        if known is not None and now - at < CHECKED:
            return known
        folder = self._folder(name)
        self._known[folder] = _, run = self._read(folder)
        if isinstance(run, UnreadableRun):
            raise StoreError(run.error)
        self._asked = {key: asked for key, asked in self._asked.items() if now - asked[0] < CHECKED}
        self._asked[name] = now, run
        return run

    def folder_of(self, run: Run) -> Path:
        """The folder of a run."""
        return self._folder(run.name)

    def _folders(self) -> Iterable[Path]:
        return (file.parent for file in self.folder.glob(f"*/*/{INFO}"))

    def _folder(self, name: str) -> Path:
        return self.folder / name

    def _read(self, folder: Path) -> tuple[Stamp, Run | UnreadableRun]:
        name = "/".join(folder.parts[-2:])
        try:
            about = os.stat(folder / INFO)
        except OSError:
            about = None
        if about is None or folder.is_symlink() or folder.parent.is_symlink():
            raise NotFoundError(f"no run {name}")
        stamp = (about.st_ctime_ns, about.st_size, about.st_ino)  # of a change of permissions, too
        known = self._known.get(folder)
        if known is not None and known[0] == stamp:
            return known
        try:
            return stamp, _shown(read_run(folder))
        except StoreError as error:
            return stamp, UnreadableRun(name=one_line(name), error=error.message)


class ChosenRuns(RunList):
    """Some runs, wherever their folders are, and no others."""

    def __init__(self, runs: Mapping[str, Path]) -> None:
        super().__init__(Path())
        self._chosen = dict(runs)
        self._names = {folder: name for name, folder in runs.items()}

    def _folders(self) -> Iterable[Path]:
        return self._chosen.values()

    def _folder(self, name: str) -> Path:
        if name not in self._chosen:
            raise NotFoundError(f"no run {name}")
        return self._chosen[name]

    def _read(self, folder: Path) -> tuple[Stamp, Run | UnreadableRun]:
        stamp, run = super()._read(folder)
        return stamp, run.model_copy(update={"name": self._names[folder]})


def _shown(run: RunInfo) -> Run:
    data = run.data
    return Run(
        name=one_line(run.name),
        culture=run.culture,
        finished=run.is_finished,
        rehearsed=run.is_rehearsed,
        counts=data.get("counts", {}),
        reasons=data.get("reasons") or {},
        created=str(data.get("created", "")),
        fingerprint=data.get("fingerprint", ""),
    )
