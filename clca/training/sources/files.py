"""The user's files, and data sets of the hub: records with the place they come from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from clca.content.decoding import decode_text
from clca.content.parsing import parse_records, validation_message
from clca.errors import ContentError, SettingsError
from clca.models.lookup import require_no_folder
from clca.safe_open import MIB, bounded_lines, read_bytes, safe_open
from clca.training.training_sources import CultureRef, TrainingSources

M = TypeVar("M", bound=BaseModel)

HUB = "hub:"
LARGEST_TEXT = 256 * MIB  # bytes of a file of text that is read as a whole
ABSENT = {"culturellm": "; `clca data import-culturellm` writes one for each of S2N's ten cultures"}
"""What writes the file of a key, where a command does."""
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that the recipe names; `culture` is the one it is of, None if it is of all."""

    key: str
    name: str
    culture: CultureRef | None

    @property
    def on_hub(self) -> bool:
        """Whether the file is on the Hugging Face hub."""
        return self.name.startswith(HUB)

    @property
    def path(self) -> Path:
        """The local path."""
        return Path(os.path.expanduser(self.name))

    def files(self, *suffixes: str) -> list[Path]:
        """The file itself, or the folder's files with one of the suffixes."""
        if not self.path.is_dir():
            if not self.path.exists():
                raise self.fault("no such file or folder" + ABSENT.get(self.key, ""))
            if self.path.suffix in PACKED:
                raise self.fault("compressed files are not read: unpack it first")
            return [self.path]
        files = sorted(file for file in self.path.iterdir() if file.suffix in suffixes)
        if not files:
            raise self.fault(f"holds no {' or '.join(suffixes)} file")
        return files

    def text(self, path: Path) -> str:
        """The text of a file in UTF-8. Raises `ContentError` for another encoding, `SettingsError` if unreadable."""
        try:
            return decode_text(str(path), read_bytes(path, largest=LARGEST_TEXT))
        except OSError as error:
            raise self.fault(f"cannot be read: {error.strerror}") from None

    def fault(self, what: str) -> SettingsError:
        """The error that says what is wrong with this source, by its recipe key."""
        return SettingsError(f"data.files.{self.key}: {self.name}: {what}")


def source_files(sources: TrainingSources, key: str, example: str) -> list[SourceFile]:
    """The file of a key for each culture, or the one file that serves all; `example` says what it holds."""
    name = getattr(sources.data.files, key)
    if name is None:
        raise SettingsError(
            f"mix {sources.data.mix!r} needs data.files.{key}: give --set data.files.{key}=FILE ({example})"
        )
    if "{culture}" in name:
        return [SourceFile(key, name.replace("{culture}", culture.id), culture) for culture in sources.cultures]
    return [SourceFile(key, name, sources.cultures[0] if len(sources.cultures) == 1 else None)]


def records(source: SourceFile, model: type[M]) -> Iterator[tuple[str, int, M]]:
    """(where, number, record) for each line of JSONL, or each row of `hub:NAME[:CONFIG[:SPLIT]]`; one at the least."""
    empty = True
    for record in _records(source, model):
        empty = False
        yield record
    if empty:
        raise source.fault("is empty")


def _records(source: SourceFile, model: type[M]) -> Iterator[tuple[str, int, M]]:
    if source.on_hub:
        for number, row in enumerate(_hub(source), start=1):
            try:
                yield source.name, number, model.model_validate(row)
            except ValidationError as error:
                raise ContentError(source.name, number, validation_message(error, model)) from None
        return
    for path in source.files(".jsonl"):
        try:
            with safe_open(path) as file:
                for number, record in parse_records(bounded_lines(file), str(path), model):
                    yield str(path), number, record
        except OSError as error:
            raise source.fault(f"cannot be read: {error.strerror}") from None


def _hub(source: SourceFile) -> Iterator[Mapping[str, Any]]:
    name, config, split, *more = (*source.name.removeprefix(HUB).split(":"), "", "")
    if any(more) or not name:
        raise source.fault("expected hub:NAME[:CONFIG[:SPLIT]], as in hub:openai/gsm8k:main:train")
    require_no_folder(name)
    try:
        from datasets import load_dataset
    except ImportError:
        raise source.fault("the hub needs `pip install datasets`") from None
    try:
        rows = load_dataset(name, config or None, split=split or "train", streaming=True)
        # Pictures and sounds are not decoded: a cell of them may name any file of this machine.
        yield from rows.decode(False) if rows.features else rows
    except Exception as error:  # the library has no one kind of error for what is not there or cannot be reached
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise source.fault(f"cannot be loaded: {reason}") from None
