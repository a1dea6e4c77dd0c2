"""Where things are looked for while a graph is read, and the digests of files as they are now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.report.lineage.graph import GraphBuilder
from clca.storage.fingerprint import file_sha256

MOST_LEVELS = 5  # folders above an evaluation or adapter in which relative paths of its record are looked up


def shown_path(path: Path, base: Path) -> str:
    """A path as it is shown: from `base` where it is below it, else the real one."""
    real, root = Path(os.path.realpath(path)), Path(os.path.realpath(base))
    return str(real.relative_to(root)) if real.is_relative_to(root) else str(real)


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders below which a workspace keeps its results; paths are shown from `base`."""

    base: Path = field(default_factory=Path.cwd)
    generated: Path = Path("generated")
    adapters: Path = Path("adapters")
    evaluations: Path = Path("evaluations")
    audits: Path = Path("audits")
    studies: Path = Path("studies")
    maps: Path = Path("maps")

    def shown(self, path: Path) -> str:
        """A path as it is shown and as it names a node: from the base where it is below it, else as it is."""
        return shown_path(path, self.base)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders below which recorded paths are followed."""
        return (self.base, self.generated, self.adapters, self.evaluations, self.audits, self.studies, self.maps)


@dataclass(slots=True)
class Lineage:
    """A graph that is read from folders, and what was looked up on the way.

    With `check`, files are compared with the digests that were recorded of them, which reads them; without, links are
    followed by path alone. `named` are the folders that somebody named: what lies beside them is followed, too.
    """

    folders: Folders = field(default_factory=Folders)
    workspace: Path | None = None
    check: bool = True
    graph: GraphBuilder = field(default_factory=GraphBuilder)
    named: list[Path] = field(default_factory=list)
    _digests: dict[tuple[str, int, int], str] = field(default_factory=dict)
    _content: dict[str, str] = field(default_factory=dict)

    def name(self, folder: Path) -> Path:
        """Note that somebody named a folder; returns it."""
        if folder not in self.named:
            self.named.append(folder)
        return folder

    def digest(self, file: Path) -> str:
        """SHA-256 of a file, computed once for each state of it; "" where it cannot be read."""
        try:
            status = os.stat(file)
            key = (os.path.realpath(file), status.st_size, status.st_mtime_ns)
            if key not in self._digests:
                self._digests[key] = file_sha256(file)
            return self._digests[key]
        except (OSError, ClcaError):
            return ""

    def content_digest(self, path: str) -> str:
        """SHA-256 of a content file as the workspace or the package has it now; "" where there is none."""
        if path not in self._content:
            content = Content(self.workspace)
            try:
                content.text(path)
            except ClcaError:
                self._content[path] = ""
            else:
                self._content[path] = content.used[path].digest
        return self._content[path]

    def places(self, recorded: str, beside: Path) -> Iterator[Path]:
        """Where a recorded path may lead: from the base, and from the folders above the record `beside` it.

        Only what lies below the base, a folder of results, or near one that was named is looked at: a record may be
        anybody's.
        """
        if not recorded or "\0" in recorded:
            return
        path = Path(recorded)
        tried = [path] if path.is_absolute() else [self.folders.base / path]
        if not path.is_absolute():
            tried += [above / path for above in list(Path(os.path.realpath(beside)).parents)[:MOST_LEVELS]]
        seen = set[str]()
        for place in tried:
            real = os.path.realpath(place)
            if real not in seen and self._is_ours(Path(real)):
                seen.add(real)
                yield place

    def _is_ours(self, real: Path) -> bool:
        roots = [Path(os.path.realpath(root)) for root in (*self.folders.roots, *self.named)]
        above = [parent for root in map(os.path.realpath, self.named) for parent in list(Path(root).parents)[:3]]
        own = [parent for parent in above if len(parent.parts) > 2]  # not all of a disk
        return any(real.is_relative_to(root) for root in (*roots, *own))
