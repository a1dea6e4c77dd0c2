"""The mapping file: which file below a folder is which test set, and how its labels are spelt."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.errors import ContentError, SettingsError
from clca.evaluation.offense.suite import FOLDER, OffenseSuite, Words
from clca.records import Record

PUBLIC = f"{FOLDER}/public.yaml"

Format = Literal["jsonl", "json", "csv", "tsv"]
SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".txt": "tsv",
}  # fmt: skip


class FileEntry(Record):
    """One file. `path` is relative to the imported folder and may be a glob that fits one file.

    `labels` say how the file spells the labels of the task type; `corrected` puts golds right for corrected scoring
    alone. `quotes` is for CSV and TSV: whether cells are quoted (default: in CSV).
    """

    path: Words
    culture: str
    task: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)]
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
    def _quoted(cls, spelt: Any) -> Any:
        for word in (*spelt, *spelt.values()) if isinstance(spelt, dict) else ():
            if isinstance(word, bool | int | float):
                raise ValueError(f'{str(word).lower()} is no text to YAML: put labels such as "OFF" and "1" in quotes')
        return spelt

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        try:
            found = codecs.lookup(encoding)
        except LookupError:
            raise ValueError(f"no encoding {encoding!r} (utf-8, utf-16, cp1254, iso-8859-9...)") from None
        if not getattr(found, "_is_text_encoding", True):
            raise ValueError(f"{encoding!r} is no encoding of text")
        return encoding

    @property
    def name(self) -> str:
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
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} has to be below the folder that is imported")
    return path


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """The entries of a mapping file. Paths are relative to the folder `within` the imported one, if that is there."""

    shown: str
    digest: str
    within: str | None
    files: tuple[FileEntry, ...]


def load_mapping(content: Content, file: Path | None, tasks: OffenseSuite, cultures: Iterable[str]) -> ImportMapping:
    """The user's mapping file, or the shipped one of the public test sets."""
    if file is None:
        shown, text = content.shown(PUBLIC), content.text(PUBLIC)
    else:
        shown, text = str(file), _text(file)
    return read_mapping(shown, text, tasks, cultures)


def read_mapping(shown: str, text: str, tasks: OffenseSuite, cultures: Iterable[str]) -> ImportMapping:
    document = read_yaml(shown, text, _Document)
    known, seen = set(cultures), set[str]()
    for number, one in enumerate(document.files):

        def refuse(key: str, what: str, number: int = number) -> ContentError:
            return ContentError(shown, yaml_line(text, ("files", number, key)), f"files.{number}.{key}: {what}")

        if one.culture not in known:
            raise refuse("culture", f"no culture {one.culture!r}{_hint(one.culture, known, 'clca cultures list')}")
        if one.type not in tasks.types:
            raise refuse("type", f"no task type {one.type!r}{_hint(one.type, tasks.types, 'eval/offense/tasks.yaml')}")
        if one.name in seen:
            raise refuse("task", f"{one.name} stands twice: each file of a culture needs a task name of its own")
        seen.add(one.name)
        for key, scoring in (("labels", "paper"), ("corrected", "corrected")):
            allowed = tasks.types[one.type].labels_under("paper" if scoring == "paper" else "corrected")
            for label in getattr(one, key).values():
                if label not in allowed:
                    raise refuse(key, f"{label!r} is no label of {one.type}: {', '.join(allowed)}")
    return ImportMapping(shown, hashlib.sha256(text.encode()).hexdigest(), document.within, document.files)


def _hint(given: str, known: Iterable[str], where: str) -> str:
    return suggestion(given, known) or f" ({where} has all)"


def _text(file: Path) -> str:
    if file.is_dir():
        raise SettingsError(f"--mapping {file} is a folder: give a YAML file")
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ContentError(str(file), None, "is not UTF-8 text: save the mapping as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"--mapping {file} cannot be read: {error.strerror}") from None
