"""The mapping file: which file below a folder is which test set, and how its labels are spelled."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from clca.content.decoding import decode_text
from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.errors import ContentError, SettingsError
from clca.evaluation.labelled.answer_grammar import Words
from clca.evaluation.offense.suite import FOLDER, OffenseSuite
from clca.evaluation.offense.test_sets import TaskName
from clca.records import Record
from clca.safe_open import read_bytes

PUBLIC = f"{FOLDER}/public.yaml"

Format = Literal["jsonl", "json", "csv", "tsv"]
SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".txt": "tsv",
}  # fmt: skip


_NO_FILES = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")  # encodings of names and code


class FileEntry(Record):
    """One file. `path` is relative to the imported folder and may be a glob that matches one file.

    `labels` map the file's spelling of labels to the labels of the task type; `corrected` correct golds for corrected
    scoring only. `quotes` is for CSV and TSV: whether cells are quoted (default: in CSV).
    """

    path: Words
    culture: str
    task: TaskName
    type: str
    text: Words
    label: Words
    labels: Annotated[dict[str, str], Field(default_factory=dict)]
    corrected: Annotated[dict[str, str], Field(default_factory=dict)]
    format: Format | None = None
    encoding: str = "utf-8"
    quotes: bool | None = None
    note: str | None = None

    @field_validator("path")
    @classmethod
    def _below(cls, path: str) -> str:
        return _below(path)

    @field_validator("labels", "corrected", mode="before")
    @classmethod
    def _quoted(cls, labels: Any) -> Any:
        for label in (*labels, *labels.values()) if isinstance(labels, dict) else ():
            if isinstance(label, bool | int | float):
                raise ValueError(
                    f'{str(label).lower()} is not text in YAML: put labels such as "OFF" and "1" in quotes'
                )
        return labels

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        try:
            codec = codecs.lookup(encoding)
        except LookupError:
            raise ValueError(f"no encoding {encoding!r} (utf-8, utf-16, cp1254, iso-8859-9...)") from None
        if not getattr(codec, "_is_text_encoding", True) or codec.name in _NO_FILES:
            raise ValueError(f"{encoding!r} is not a text encoding")
        return encoding

    @property
    def name(self) -> str:
        """`culture/task` of the test set."""
        return f"{self.culture}/{self.task}"


class _Document(Record):
    within: Words | None = None
    files: tuple[FileEntry, ...]

    @field_validator("within")
    @classmethod
    def _below(cls, folder: str | None) -> str | None:
        return None if folder is None else _below(folder)

    @model_validator(mode="after")
    def _some(self) -> _Document:
        if not self.files:
            raise ValueError("files: names no file")
        return self


def _below(path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or ".." in parts:
        raise ValueError(f"{path!r} has to be below the folder that is imported")
    if parts.count("**") > 1:  # each looks through all folders that the one before it finds
        raise ValueError(f"{path[:60]!r} has more than one **")
    return path


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """The entries of a mapping file. Paths are relative to the folder `within` the imported one, if that exists."""

    shown: str
    digest: str
    within: str | None
    files: tuple[FileEntry, ...]


def load_mapping(content: Content, file: Path | None, suite: OffenseSuite, cultures: Iterable[str]) -> ImportMapping:
    """The user's mapping file, or (None) the shipped one of the public test sets. Raises `ContentError`."""
    if file is None:
        shown, text = content.shown(PUBLIC), content.text(PUBLIC)
    else:
        shown, text = str(file), _text(file)
    return read_mapping(shown, text, suite, cultures)


def read_mapping(shown: str, text: str, suite: OffenseSuite, cultures: Iterable[str]) -> ImportMapping:
    """The mapping in a YAML text; raises `ContentError` for unknown cultures, types and labels, and duplicates."""
    document = read_yaml(shown, text, _Document)
    known, seen = set(cultures), set[str]()
    for number, entry in enumerate(document.files):

        def fault(key: str, message: str, number: int = number) -> ContentError:
            return ContentError(shown, yaml_line(text, ("files", number, key)), f"files.{number}.{key}: {message}")

        if entry.culture not in known:
            raise fault("culture", f"no culture {entry.culture!r}{_hint(entry.culture, known, 'clca cultures list')}")
        if entry.type not in suite.types:
            raise fault(
                "type", f"no task type {entry.type!r}{_hint(entry.type, suite.types, 'eval/offense/tasks.yaml')}"
            )
        if entry.name in seen:
            raise fault("task", f"duplicate {entry.name}: each file of a culture needs a task name of its own")
        seen.add(entry.name)
        for key, scoring in (("labels", "paper"), ("corrected", "corrected")):
            allowed = suite.types[entry.type].labels_under("paper" if scoring == "paper" else "corrected")
            for label in getattr(entry, key).values():
                if label not in allowed:
                    raise fault(key, f"{label!r} is no label of {entry.type}; there are {', '.join(allowed)}")
    return ImportMapping(shown, hashlib.sha256(text.encode()).hexdigest(), document.within, document.files)


def _hint(name: str, known: Iterable[str], source: str) -> str:
    return suggestion(name, known) or f" ({source} has all)"


def _text(file: Path) -> str:
    if file.is_dir():
        raise SettingsError(f"--mapping {file} is a folder: give a YAML file")
    try:
        return decode_text(str(file), read_bytes(file))
    except OSError as error:
        raise SettingsError(f"--mapping {file} cannot be read: {error.strerror}") from None
