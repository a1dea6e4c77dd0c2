"""Files and folders of the user's, read as texts whatever they hold: every text in a row counts."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.bounded_json import has_too_many_values, parse_json
from clca.content.decoding import decode_text
from clca.errors import ContentError, SettingsError
from clca.safe_open import MIB, UnsafeFile, bounded_lines, read_bytes, safe_open, walk

LARGEST = 64 * MIB  # bytes of a file that is read as a whole
MOST_IN_FILE = 2_000_000  # values of a JSON file
SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True, slots=True)
class TextFiles:
    """Every text in a file, or in the files of a folder: items are rows.

    Files of a folder are read through no link that leads out of it, or out of `within`.
    """

    path: Path
    within: Path | None = None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for file in _listed(self.path):
            label = file.name if self.path.is_dir() else ""
            for number, row in enumerate(_rows(file, (self.within or self.path) if label else None), start=1):
                for text in _strings(row):
                    yield f"{label} {number}".strip(), text


def _listed(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    try:
        return sorted(file for file in walk(path) if file.suffix.lower() in SUFFIXES and file.is_file())
    except OSError as error:
        raise SettingsError(f"--against {error.strerror or error}") from None


def _rows(file: Path, within: Path | None) -> Iterator[Any]:
    """The rows of a file. Raises `SettingsError` for one that cannot be read, `ContentError` for a malformed one."""
    kind = file.suffix.lower()
    try:
        if kind == ".parquet":
            from clca.evaluation.mmlu.hub_questions import LONGEST_CELL, MOST_ROWS, MOST_TEXT, MOST_VALUES
            from clca.evaluation.parquet import bounded_batches, open_parquet

            with open_parquet(file, MOST_ROWS, MOST_VALUES, lists=True, within=within) as stored:
                for batch in bounded_batches(stored, LONGEST_CELL, MOST_TEXT):
                    yield from batch.to_pylist()
        elif kind == ".jsonl":
            with safe_open(file, within) as lines:
                yield from (parse_json(line) for line in bounded_lines(lines) if line.strip())
        else:
            data = read_bytes(file, within, largest=LARGEST)
            if kind == ".json" and has_too_many_values(data, MOST_IN_FILE):
                raise UnsafeFile(f"it has more than {MOST_IN_FILE:,} values: save it as JSONL")
            text = decode_text(str(file), data)
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
            with safe_open(file, path if path.is_dir() else None) as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    except OSError as error:
        raise SettingsError(f"--against {path}: {error.strerror or error}") from None
    return digest.hexdigest()
