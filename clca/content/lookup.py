"""Content look-up: the workspace's files first, then the package's, file by file.

A workspace is the nearest folder at or above the working directory that holds a `clca.toml`.
A workspace file takes the place of the packaged file of the same path, whole.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import clca
from clca.content.parsing import suggestion
from clca.errors import ContentError, NotFoundError, StoreError

FOLDERS = ("prompts", "scenarios", "personas", "trainers", "eval")
CONFIG = "clca.toml"

Origin = Literal["workspace", "package"]


@dataclass(frozen=True, slots=True)
class Used:
    """A content file that was read: what a run records about it."""

    origin: Origin
    digest: str


def find_workspace(start: Path | None = None) -> Path | None:
    """The folder of the nearest `clca.toml` at or above `start`, or None."""
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:
        raise StoreError("the folder you are in does not exist any more: cd to another") from None
    for folder in (here, *here.parents):
        if _is_file(folder / CONFIG):
            return folder
    return None


def package_content() -> Path:
    """Where the packaged content lies: inside the wheel, or beside `clca/` in a checkout."""
    package = Path(clca.__file__).parent
    inside = package / "packaged"
    return inside if inside.is_dir() else package.parent


class Content:
    """The content files in force, and a note of each that was read."""

    def __init__(self, workspace: Path | None = None) -> None:
        self.workspace = workspace
        self.package = package_content()
        if workspace is not None and workspace.resolve() == self.package.resolve():
            self.workspace = None  # the repository is its own package content
        self.used: dict[str, Used] = {}

    def files(self, pattern: str = "*") -> list[str]:
        """Paths of all content files that match, sorted: `files("personas/cultures/*.yaml")`.

        A `*` stays within its folder; alone it stands for every file.
        """
        found = set(_walk(self.package))
        if self.workspace is not None:
            found.update(_walk(self.workspace))
        return sorted(path for path in found if pattern == "*" or _matches(path.split("/"), pattern.split("/")))

    def origin(self, path: str) -> Origin:
        if self.workspace is not None and _is_file(self.workspace / path):
            return "workspace"
        return "package"

    def locate(self, path: str) -> Path:
        """The file behind a content path."""
        root = self.workspace if self.origin(path) == "workspace" else self.package
        file = (root or self.package) / path
        if path.partition("/")[0] not in FOLDERS or ".." in path.split("/") or not file.is_file():
            raise NotFoundError(
                f"no content file {path!r}{suggestion(path, self.files())} (clca content list shows all)"
            )
        return file

    def shown(self, path: str) -> str:
        """How errors name the file: as a path that the user can open."""
        return str(self.locate(path)) if self.origin(path) == "workspace" else path

    def text(self, path: str, *, note: bool = True) -> str:
        """The file's text; its digest and origin are noted in `used` unless it is only looked at."""
        try:
            data = self.locate(path).read_bytes()
        except OSError as error:
            raise ContentError(self.shown(path), None, f"cannot be read: {error.strerror}") from None
        if note:
            self.used[path] = Used(self.origin(path), hashlib.sha256(data).hexdigest())
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ContentError(self.shown(path), line, "not UTF-8") from None

    def copy(self, path: str, *, force: bool = False) -> Path:
        """Copy a packaged file into the workspace, to be edited there."""
        if self.workspace is None:
            raise StoreError(f"no workspace here to copy into: make one with `clca init DIR` (looked for {CONFIG})")
        self.locate(path)
        target = self.workspace / path
        if target.exists() and not force:
            raise StoreError(f"{target} is there already; --force replaces it with the packaged file")
        source = self.package / path
        if not source.is_file():
            raise NotFoundError(f"{path} is the workspace's own: there is no packaged file to copy")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        except OSError as error:
            raise StoreError(f"cannot write {target}: {error.strerror}") from None
        return target


def _is_file(path: Path) -> bool:
    """Whether a file is there; a folder or a dangling link in its place is not passed over in silence."""
    if not os.path.lexists(path):
        return False
    if not path.is_file():
        raise ContentError(str(path), None, "is no file")
    return True


def _matches(path: list[str], pattern: list[str]) -> bool:
    return len(path) == len(pattern) and all(map(fnmatch.fnmatchcase, path, pattern))


def _walk(root: Path) -> Iterator[str]:
    for folder in FOLDERS:
        for file in (root / folder).rglob("*"):
            relative = file.relative_to(root)
            if file.is_file() and not any(part.startswith((".", "__")) for part in relative.parts):
                yield relative.as_posix()
