"""Imported test sets, and the demonstration set for where nothing was imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from clca.content.lookup import Content
from clca.content.parsing import parse_records, suggestion, validation_message
from clca.errors import ContentError, NotFoundError, StoreError
from clca.evaluation.classification.task import Example
from clca.evaluation.offense.suite import FOLDER, TASKS, Scoring, TaskType, load_offense_suite
from clca.records import Record, Slug
from clca.safe_open import bounded_lines, read_json, safe_open
from clca.storage.json_records import decode_record

MANIFEST, AUDIT = "manifest.json", "audit.json"
DEMONSTRATION = f"{FOLDER}/demo/*/*.jsonl"


TaskName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)]
"""The name of a test set within its culture, which is also that of its file."""


LONGEST_ID = 200  # characters


class TextLine(Record):
    """A line of a test set. `source_label` is the label in the source, `label` the corrected one, or None."""

    id: Annotated[str, Field(max_length=LONGEST_ID)]
    text: str
    label: str | None
    source_label: str
    demonstration: bool = False


class SetEntry(Record):
    """A test set in the manifest.

    `labels` map the source's spellings of labels, `corrected` the corrected labels; `gold` counts the corrected golds.
    """

    culture: Slug
    task: TaskName
    type: str
    rows: Annotated[int, Field(ge=0)]
    sha256: str
    source: str
    source_sha256: str
    labels: dict[str, str]
    corrected: dict[str, str]
    gold: dict[str, int]
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The set's file below the folder of the test sets."""
        return f"{self.culture}/{self.task}.jsonl"


class Manifest(Record):
    """The manifest of an import: its test sets, and the digest of the mapping that they were read by."""

    version: str
    mapping: str
    mapping_sha256: str
    sets: tuple[SetEntry, ...]


@dataclass(frozen=True, slots=True)
class TestSet:
    """A labelled data set of a culture. `rows` counts all texts, also those that a scoring leaves out."""

    __test__ = False  # no test for pytest, in spite of its name

    culture: str
    task: str
    task_type: TaskType
    rows: int
    digest: str
    notes: tuple[str, ...]
    demonstration: bool
    path: Path
    folder: Path
    _gold: dict[str, int]
    _labels: dict[str, str]

    @property
    def name(self) -> str:
        """`culture/task` of the test set."""
        return f"{self.culture}/{self.task}"

    @property
    def type(self) -> str:
        """The id of its task type."""
        return self.task_type.id

    def count(self, scoring: Scoring) -> int:
        """Number of examples: corrected scoring leaves out texts without a gold of the label list."""
        return self.rows if scoring == "paper" else sum(self._gold.get(label, 0) for label in self.task_type.labels)

    def examples(self, scoring: Scoring) -> Iterator[Example]:
        """The examples with the texts of the set, not questions about them; read from disk one by one.

        Raises `ContentError` for a malformed line, and `StoreError` where the file cannot be read.
        """
        try:
            with safe_open(self.path, within=self.folder) as file:
                for number, line in parse_records(bounded_lines(file), str(self.path), TextLine):
                    if scoring == "paper":
                        yield Example(line.id, line.text, self._labels.get(line.source_label, line.source_label))
                    elif line.label is not None:
                        if line.label not in self.task_type.labels:
                            fault = f"{unknown_label(line.label, self.task_type)}: import the test sets again"
                            raise ContentError(str(self.path), number, fault)
                        yield Example(line.id, line.text, line.label)
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}") from None


def default_folder(workspace: Path | None) -> Path:
    """The folder of imported test sets: `data/offense` in the workspace, or below the working directory."""
    return (workspace or Path()) / "data" / "offense"


def open_tests(folder: Path | None, content: Content) -> list[TestSet]:
    """The test sets of a folder that `clca data import-offense` wrote, or (None) the demonstration set.

    Raises `NotFoundError` for missing files, and `ContentError` for a damaged manifest.
    """
    return _demonstration(content) if folder is None else _imported(folder, content)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an import. Raises `NotFoundError`, `ContentError` and `StoreError`."""
    file = folder / MANIFEST
    if not file.is_file():
        raise NotFoundError(f"no test sets at {folder} (import them with `clca data import-offense DIR`)")
    try:
        return decode_record(Manifest, read_json(file, within=folder))
    except ValidationError as error:
        fault = f"{validation_message(error, Manifest)}: import the test sets again"
        raise ContentError(str(file), None, fault) from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None


def _imported(folder: Path, content: Content) -> list[TestSet]:
    manifest = read_manifest(folder)
    suite = load_offense_suite(content)
    order = list(suite.cultures)
    tests = []
    for entry in manifest.sets:
        path = folder / entry.path
        if not path.is_file():
            raise NotFoundError(f"{path} of {MANIFEST} is missing: import the test sets again")
        tests.append(
            TestSet(
                culture=entry.culture,
                task=entry.task,
                task_type=suite.type(entry.type),
                rows=entry.rows,
                digest=entry.sha256,
                notes=entry.notes,
                demonstration=False,
                path=path,
                folder=folder,
                _gold=entry.gold,
                _labels=entry.labels,
            )
        )
    return sorted(tests, key=lambda test: order.index(test.culture) if test.culture in order else len(order))


def _demonstration(content: Content) -> list[TestSet]:
    suite = load_offense_suite(content)
    by_name = {tuple(path.split("/")[-2:]): path for path in content.files(DEMONSTRATION)}
    return [
        _demonstration_set(content, path, culture, suite.type(file.removesuffix(".jsonl")))
        for culture in suite.cultures
        for (folder, file), path in sorted(by_name.items())
        if folder == culture
    ]


def _demonstration_set(content: Content, path: str, culture: str, task_type: TaskType) -> TestSet:
    text = content.text(path)
    lines = [line for _, line in parse_records(text.split("\n"), content.shown(path), TextLine)]
    gold = {label: sum(line.label == label for line in lines) for label in task_type.labels}
    digest = hashlib.sha256(text.encode()).hexdigest()
    notes = ("written for demonstration: no measure of anything",)
    path_on_disk = content.locate(path)
    return TestSet(
        culture, task_type.id, task_type, len(lines), digest, notes, True, path_on_disk, path_on_disk.parent, gold, {}
    )


def unknown_label(label: str | None, task_type: TaskType) -> str:
    """The fault of a label that a task type does not have."""
    return f"label: {task_type.id} has no label {label!r}; there are {', '.join(task_type.labels)}"


def check_demonstration(content: Content) -> None:
    """Check every file of the demonstration set, up to the prompts. Raises `ContentError`."""
    suite = load_offense_suite(content)
    for path in content.files(DEMONSTRATION):
        shown = content.shown(path)
        culture, task = path.removesuffix(".jsonl").split("/")[-2:]
        if culture not in suite.cultures:
            raise ContentError(shown, None, f"no culture {culture!r} in {TASKS}{suggestion(culture, suite.cultures)}")
        if task not in suite.types:
            raise ContentError(shown, None, f"no task type {task!r} in {TASKS}{suggestion(task, suite.types)}")
        task_type = suite.types[task]
        for number, line in parse_records(content.text(path).split("\n"), shown, TextLine):
            if line.label not in task_type.labels:
                raise ContentError(shown, number, unknown_label(line.label, task_type))
            if not line.demonstration:
                raise ContentError(shown, number, "demonstration: has to be true")
            task_type.prompt(line.text)
            task_type.zero_shot(line.text, suite.cultures[culture].country)
