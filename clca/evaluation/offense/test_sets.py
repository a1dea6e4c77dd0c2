"""Imported test sets, and the demonstration set where nothing was imported."""

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

MANIFEST = "manifest.json"
DEMONSTRATION = f"{FOLDER}/demo/*/*.jsonl"


class TextLine(Record):
    """A line of a test set. `source_label` is as the source has it, `label` what it is corrected to, or None."""

    id: str
    text: str
    label: str | None
    source_label: str
    demonstration: bool = False


class SetEntry(Record):
    """A test set in the manifest: `labels` say how the source spells labels, `corrected` what is put right in it.

    `gold` counts the corrected golds.
    """

    culture: Slug
    task: str
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
        return f"{self.culture}/{self.task}.jsonl"


class Manifest(Record):
    """What an import left: its test sets, and the digest of the mapping that they were read by."""

    version: str
    mapping: str
    mapping_sha256: str
    sets: tuple[SetEntry, ...]


@dataclass(frozen=True, slots=True)
class TestSet:
    """A labelled data set of a culture. `rows` counts all, whichever of them a scoring asks about."""

    __test__ = False  # no test of ours, whatever its name says to pytest

    culture: str
    task: str
    task_type: TaskType
    rows: int
    digest: str
    notes: tuple[str, ...]
    demonstration: bool
    path: Path
    _gold: dict[str, int]
    _labels: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.culture}/{self.task}"

    @property
    def type(self) -> str:
        return self.task_type.id

    def count(self, scoring: Scoring) -> int:
        """How many examples there are: corrected leaves out rows without a gold of the label list."""
        return self.rows if scoring == "paper" else sum(self._gold.get(one, 0) for one in self.task_type.labels)

    def examples(self, scoring: Scoring) -> Iterator[Example]:
        """Read from disk as they are asked for; the texts are those of the set, no questions about them."""
        try:
            with self.path.open("rb") as file:
                for number, line in parse_records(file, str(self.path), TextLine):
                    if scoring == "paper":
                        yield Example(line.id, line.text, self._labels.get(line.source_label, line.source_label))
                    elif line.label is not None:
                        if line.label not in self.task_type.labels:
                            what = f"{none_of(line.label, self.task_type)}: import the test sets again"
                            raise ContentError(str(self.path), number, what)
                        yield Example(line.id, line.text, line.label)
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}") from None


def default_folder(workspace: Path | None) -> Path:
    """Where imported test sets lie: `data/offense` in the workspace, or below the working directory."""
    return (workspace or Path()) / "data" / "offense"


def open_tests(folder: Path | None, content: Content) -> list[TestSet]:
    """The test sets of a folder that `clca data import-offense` wrote, or (None) the demonstration set."""
    return _demonstration(content) if folder is None else _imported(folder, content)


def read_manifest(folder: Path) -> Manifest:
    file = folder / MANIFEST
    if not file.is_file():
        raise NotFoundError(f"no test sets at {folder} (make them with `clca data import-offense DIR`)")
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except ValidationError as error:
        what = f"{validation_message(error, Manifest)}: import the test sets again"
        raise ContentError(str(file), None, what) from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None


def _imported(folder: Path, content: Content) -> list[TestSet]:
    manifest = read_manifest(folder)
    tasks = load_offense_suite(content)
    order = list(tasks.cultures)
    found = []
    for one in manifest.sets:
        path = folder / one.path
        if not path.is_file():
            raise NotFoundError(f"{path} of {MANIFEST} is not there: import the test sets again")
        task_type = tasks.type(one.type)
        notes, gold = one.notes, one.gold
        found.append(
            TestSet(one.culture, one.task, task_type, one.rows, one.sha256, notes, False, path, gold, one.labels)
        )
    return sorted(found, key=lambda one: order.index(one.culture) if one.culture in order else len(order))


def _demonstration(content: Content) -> list[TestSet]:
    tasks = load_offense_suite(content)
    by_name = {tuple(path.split("/")[-2:]): path for path in content.files(DEMONSTRATION)}
    found = []
    for culture in tasks.cultures:
        for (place, file), path in sorted(by_name.items()):
            if place == culture:
                found.append(_shown(content, path, culture, tasks.type(file.removesuffix(".jsonl"))))
    return found


def _shown(content: Content, path: str, culture: str, task_type: TaskType) -> TestSet:
    text = content.text(path)
    lines = [line for _, line in parse_records(text.split("\n"), content.shown(path), TextLine)]
    gold = {label: sum(line.label == label for line in lines) for label in task_type.labels}
    digest = hashlib.sha256(text.encode()).hexdigest()
    note = ("written for demonstration: no measure of anything",)
    task = task_type.id
    return TestSet(culture, task, task_type, len(lines), digest, note, True, content.locate(path), gold, {})


def none_of(label: str | None, task_type: TaskType) -> str:
    return f"label: {label!r} is none of {', '.join(task_type.labels)}, the labels of {task_type.id}"


def check_demonstration(content: Content) -> None:
    """Every file of the demonstration set, up to the prompts."""
    tasks = load_offense_suite(content)
    for path in content.files(DEMONSTRATION):
        shown = content.shown(path)
        culture, task = path.removesuffix(".jsonl").split("/")[-2:]
        if culture not in tasks.cultures:
            raise ContentError(shown, None, f"no culture {culture!r} in {TASKS}{suggestion(culture, tasks.cultures)}")
        if task not in tasks.types:
            raise ContentError(shown, None, f"no task type {task!r} in {TASKS}{suggestion(task, tasks.types)}")
        task_type = tasks.types[task]
        for number, line in parse_records(content.text(path).split("\n"), shown, TextLine):
            if line.label not in task_type.labels:
                raise ContentError(shown, number, none_of(line.label, task_type))
            if not line.demonstration:
                raise ContentError(shown, number, "demonstration: has to be true")
            task_type.prompt(line.text)
            task_type.zero_shot(line.text, tasks.cultures[culture].country)
