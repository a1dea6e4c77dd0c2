"""The folder of a source: its files, and `SOURCE.json` with licence, citation, and each file's origin and SHA-256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field, ValidationError

from clca import __version__
from clca.errors import StoreError
from clca.fetching.http import FetchError
from clca.fetching.sources import Source
from clca.records import Record
from clca.safe_open import is_below, open_own_to_append, read_json
from clca.storage.atomic import atomic_write, made_folder, write_errors
from clca.storage.fingerprint import file_sha256
from clca.storage.json_records import decode_record, encode_record

RECORD = "SOURCE.json"
PART = ".part"
ADVICE = "give another folder with --out"


class FetchedFile(Record):
    """A file that was fetched from `origin`; `commit` is its repository's, `revision` its page's."""

    sha256: str
    bytes: int = Field(ge=0)
    origin: str
    commit: str = ""
    revision: int | None = None
    written: str = Field(default="", description="When the home's own version was made, if it says so.")


class SourceRecord(Record):
    """`SOURCE.json`."""

    source: str
    title: str
    home: str
    commit: str = Field(default="", description="Commit of the repository that is fetched.")
    licence: str
    citation: str
    fetched: str
    clca: str
    files: Mapping[str, FetchedFile] = Field(default_factory=dict)


class SourceFolder:
    """The files of one source. Nothing in the folder is replaced but what an earlier fetch wrote, unchanged since."""

    def __init__(self, folder: Path, name: str, source: Source, *, new: bool) -> None:
        self.folder = folder
        earlier = _read(folder / RECORD)
        if earlier is not None and earlier.source != name:
            raise StoreError(f"{folder} holds {earlier.source}: give another folder with --out")
        self._old = set(earlier.files) if earlier and new else set()
        self.record = SourceRecord(
            source=name,
            title=source.title,
            home=source.home,
            commit=earlier.commit if earlier and not new else "",
            licence=source.licence,
            citation=source.citation,
            fetched=datetime.now(UTC).isoformat(timespec="seconds"),
            clca=__version__,
            files=earlier.files if earlier else {},
        )

    def at(self, commit: str) -> None:
        """Take the files of this commit from now on: those of another are old."""
        if commit != self.record.commit:
            self.record = self.record.model_copy(update={"commit": commit})
            self._save()
        self._old = {name for name, file in self.record.files.items() if file.commit != commit}

    def has(self, name: str) -> bool:
        """Whether a file was fetched, is not old, and is as it was fetched."""
        known, file = self.record.files.get(name), self.folder / name
        return known is not None and name not in self._old and file.is_file() and file_sha256(file) == known.sha256

    def write(self, name: str, data: bytes, fetched: FetchedFile) -> None:
        """Write a file whole, and record it."""
        with self._opened(name) as target:
            atomic_write(target, data)
        self._add(name, fetched)

    def download(
        self, name: str, origin: str, size: int, blocks: Callable[[int], Iterable[bytes]], check: Callable[[Path], str]
    ) -> None:
        """Write a file of `size` bytes as they come, from where an earlier attempt stopped.

        `blocks` gives the bytes from a position on, after an empty block all of them; `check` gives a fault, or "".
        """
        with self._opened(name) as target, write_errors(self.folder / name):
            part = target.with_name(f"{target.name}{PART}")
            with os.fdopen(open_own_to_append(part), "ab") as file:
                for block in blocks(file.tell()) if file.tell() != size else ():
                    if not block:
                        file.truncate(0)
                    file.write(block)
                    if file.tell() > size:
                        break  # which the check tells: no more of it is kept
                file.flush()
                os.fsync(file.fileno())
            if fault := check(part):
                part.unlink()
                raise FetchError(f"{origin}: {fault}; repeat the command")
            fetched = FetchedFile(
                sha256=file_sha256(part), bytes=part.stat().st_size, origin=origin, commit=self.record.commit
            )
            os.replace(part, target)
        self._add(name, fetched)

    def _add(self, name: str, fetched: FetchedFile) -> None:
        self.record = self.record.model_copy(update={"files": {**self.record.files, name: fetched}})
        self._old.discard(name)
        self._save()

    def _save(self) -> None:
        with made_folder(self.folder, Path(), ADVICE) as place:
            atomic_write(place / RECORD, encode_record(self.record, indent=2))

    @contextmanager
    def _opened(self, name: str) -> Iterator[Path]:
        """The path by which a file is written, which is new or as a fetch wrote it. Raises `StoreError`."""
        if not is_below(name):
            raise FetchError(f"{name!r} is no path below a folder: nothing is written")
        with made_folder(self.folder, Path(name).parent, ADVICE) as place:
            target, known = place / Path(name).name, self.record.files.get(name)
            if target.is_symlink():
                raise StoreError(f"{self.folder / name} is a link: move it away, or {ADVICE}")
            if target.exists() and (known is None or file_sha256(target) != known.sha256):
                raise StoreError(f"{self.folder / name} is not as a fetch wrote it: move it away, or {ADVICE}")
            yield target


def git_blob_id(file: Path) -> str:
    """The id that git gives the content of a file.

    >>> git_blob_id(Path("/dev/null"))
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    digest = hashlib.sha1(f"blob {file.stat().st_size}\0".encode(), usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def _read(file: Path) -> SourceRecord | None:
    try:
        return decode_record(SourceRecord, read_json(file, within=file.parent))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, ValidationError):
        raise StoreError(f"{file} is damaged: move the folder away, or give --out another") from None
