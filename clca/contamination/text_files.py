"""Files and folders of the user's, read as texts whatever they hold: every text in a row counts."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.content.decoding import decode_text
from clca.errors import ContentError, SettingsError
from clca.safe_open import MIB, bounded_lines, read_bytes, safe_open

LARGEST = 256 * MIB  # bytes of a file that is read as a whole
SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True, slots=True)
class TextFiles:
    """Every text in a file, or in the files of a folder: items are rows."""

    path: Path

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for file in _listed(self.path):
            label = file.name if self.path.is_dir() else ""
            for number, row in enumerate(_rows(file), start=1):
                for text in _strings(row):
                    yield f"{label} {number}".strip(), text


def _listed(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())


def _rows(file: Path) -> Iterator[Any]:
    """The rows of a file. Raises `SettingsError` for one that cannot be read, `ContentError` for a malformed one."""
    kind = file.suffix.lower()
    try:
        if kind == ".parquet":
            from clca.evaluation.mmlu.hub_questions import LONGEST_CELL, MOST_ROWS, MOST_TEXT, MOST_VALUES
            from clca.evaluation.parquet import bounded_batches, open_parquet

            with open_parquet(file, MOST_ROWS, MOST_VALUES, lists=True) as stored:
                for batch in bounded_batches(stored, LONGEST_CELL, MOST_TEXT):
                    yield from batch.to_pylist()
        elif kind == ".jsonl":
            with safe_open(file) as lines:
                yield from (parse_json(line) for line in bounded_lines(lines) if line.strip())
        else:
            text = decode_text(str(file), read_bytes(file, largest=LARGEST))
            if kind == ".json":
                value = parse_json(text)
                yield from value if isinstance(value, list) else [value]
            elif kind in (".csv", ".tsv"):
                yield from csv.reader(io.StringIO(text, newline=""), delimiter="\t" if kind == ".tsv" else ",")
            else:
                yield from text.splitlines()
    except OSError as error:
        raise SettingsError(f"--against {file}: {error.strerror or error}") from None
    except (ValueError, csv.Error) as error:
        raise ContentError(str(file), None, f"is no {kind or 'text'} file: {error}") from None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for own in value.values():
            yield from _strings(own)
    elif isinstance(value, list | tuple):
        for own in value:
            yield from _strings(own)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of the files of a folder. Raises `SettingsError`."""
    if not path.exists():
        raise SettingsError(f"--against {path}: no such file or folder")
    files = _listed(path)
    if not files or any(file.suffix.lower() not in SUFFIXES for file in files):
        raise SettingsError(f"--against {path}: holds no file that is read ({', '.join(SUFFIXES)})")
    digest = hashlib.sha256()
    try:
        for file in files:
            with safe_open(file) as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    except OSError as error:
        raise SettingsError(f"--against {path}: {error.strerror or error}") from None
    return digest.hexdigest()
