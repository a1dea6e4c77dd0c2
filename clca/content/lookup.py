"""Content look-up: the workspace's files first, then the package's, file by file.

A workspace is the nearest folder at or above the working directory that holds a `clca.toml`, which must be the user's.
A workspace file overrides the packaged file of the same path as a whole.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import clca
from clca.content.decoding import decode_text
from clca.content.parsing import suggestion
from clca.content.steady import kept
from clca.content.trust import CONFIG, read_config
from clca.errors import ContentError, NotFoundError, StoreError
from clca.safe_open import read_bytes, walk
from clca.storage.atomic import atomic_write, write_errors

FOLDERS = ("prompts", "scenarios", "personas", "trainers", "eval")

Origin = Literal["workspace", "package"]


@dataclass(frozen=True, slots=True)
class UsedFile:
    """A content file that was read, as a run records it; `digest` is the SHA-256 of its bytes."""

    origin: Origin
    digest: str


_NOTED: ContextVar[dict[str, UsedFile] | None] = ContextVar("noted", default=None)


@contextmanager
def noted_content() -> Iterator[dict[str, UsedFile]]:
    """What content files are read in the block, by whatever part of the program, by their paths."""
    noted: dict[str, UsedFile] = {}
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)


def find_workspace(start: Path | None = None) -> Path | None:
    """The folder of the nearest `clca.toml` at or above `start`, by default the working directory, or None.

    Raises `SettingsError` if that file is another user's, or can be written by one.
    """
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:
        raise StoreError("the working directory does not exist any more: cd to another") from None
    for folder in (here, *here.parents):
        if _is_file(folder / CONFIG):
            read_config(folder)
            return folder
    return None


def package_content() -> Path:
    """The folder of the packaged content: inside the wheel, or beside `clca/` in a checkout."""
    package = Path(clca.__file__).parent
    inside = package / "packaged"
    return inside if inside.is_dir() else package.parent


class Content:
    """The content files of the workspace and the package; `used` holds those that were read, by path."""

    def __init__(self, workspace: Path | None = None) -> None:
        self.workspace = workspace
        self.package = package_content()
        if workspace is not None and workspace.resolve() == self.package.resolve():
            self.workspace = None  # the repository is its own package content
        self.used: dict[str, UsedFile] = {}

    def files(self, pattern: str = "*") -> list[str]:
        """The sorted paths of all content files that match, such as `files("personas/cultures/*.yaml")`.

        A `*` matches within one folder; the pattern `*` alone matches every file. Raises `ContentError` for a folder of
        the workspace that is a link out of it, or cannot be looked through.
        """
        return list(kept(("files", self.package, self.workspace, pattern), lambda: self._matching(pattern)))

    def _matching(self, pattern: str) -> list[str]:
        first = pattern.partition("/")[0]
        folders = (first,) if first in FOLDERS else FOLDERS
        paths = set(_walk(self.package, folders))
        if self.workspace is not None:
            _require_own_folders(self.workspace)
            try:
                paths.update(_walk(self.workspace, folders))
            except OSError as error:
                raise ContentError(str(self.workspace), None, f"cannot be read: {error.strerror}") from None
        return sorted(path for path in paths if pattern == "*" or _matches(path.split("/"), pattern.split("/")))

    def origin(self, path: str) -> Origin:
        """Whether the file is read from the workspace or from the package."""
        if self.workspace is not None and _is_file(self.workspace / path):
            return "workspace"
        return "package"

    def locate(self, path: str) -> Path:
        """The file of a content path. Raises `NotFoundError` if there is none."""
        root = self.workspace if self.origin(path) == "workspace" else self.package
        file = (root or self.package) / path
        if path.partition("/")[0] not in FOLDERS or ".." in path.split("/") or not file.is_file():
            raise NotFoundError(
                f"no content file {path!r}{suggestion(path, self.files())} (clca content list shows all)"
            )
        return file

    def shown(self, path: str) -> str:
        """The file's name in messages: a path that the user can open, or the content path of a packaged file."""
        return str(self.locate(path)) if self.origin(path) == "workspace" else path

    def text(self, path: str, *, note: bool = True) -> str:
        """The file's text; its digest and origin are recorded in `used` unless `note` is False.

        Raises `NotFoundError` if there is no such file, `ContentError` if it cannot be read, is a link out of the
        workspace, is larger than `clca.safe_open.LARGEST` or is not UTF-8.
        """
        used, text = kept(("text", self.package, self.workspace, path), lambda: self._read(path))
        if note:
            self.used[path] = used
            if (noted := _NOTED.get()) is not None:
                noted[path] = used
        return text

    def _read(self, path: str) -> tuple[UsedFile, str]:
        file, origin = self.locate(path), self.origin(path)
        try:
            data = read_bytes(file, within=self.workspace if origin == "workspace" else None)
        except OSError as error:
            raise ContentError(self.shown(path), None, f"cannot be read: {error.strerror}") from None
        return UsedFile(origin, hashlib.sha256(data).hexdigest()), decode_text(self.shown(path), data)

    def copy(self, path: str, *, force: bool = False) -> Path:
        """Copy a packaged file into the workspace, to be edited there; returns the copy's path.

        Raises `StoreError` without a workspace or, unless `force` is set, if the file exists there.
        """
        if self.workspace is None:
            raise StoreError(f"no workspace here to copy into: make one with `clca init DIR` (looked for {CONFIG})")
        self.locate(path)
        target = self.workspace / path
        if os.path.lexists(target) and not force:
            raise StoreError(f"{target} exists already; --force replaces it with the packaged file")
        source = self.package / path
        if not source.is_file():
            raise NotFoundError(f"{path} exists in the workspace only: there is no packaged file to copy")
        if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(self.workspace)):
            raise StoreError(f"{target.parent} is a link out of the workspace: put a folder there")
        with write_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, source.read_bytes(), new=not force)
        return target


def _is_file(path: Path) -> bool:
    """Whether the file exists. Raises `ContentError` for a folder or a dangling link of that name."""
    if not os.path.lexists(path):
        return False
    if not path.is_file():
        raise ContentError(str(path), None, "is not a file")
    return True


def _matches(path: list[str], pattern: list[str]) -> bool:
    return len(path) == len(pattern) and all(map(fnmatch.fnmatchcase, path, pattern))


def _require_own_folders(workspace: Path) -> None:
    for folder in FOLDERS:
        if not Path(os.path.realpath(workspace / folder)).is_relative_to(os.path.realpath(workspace)):
            raise ContentError(str(workspace / folder), None, "is a link that leads out of the workspace")


def _walk(root: Path, folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        for file in walk(root / folder):
            relative = file.relative_to(root)
            if file.is_file() and not any(part.startswith((".", "__")) for part in relative.parts):
                yield relative.as_posix()
