"""Hendrycks' folder of MMLU: a CSV file for each subject and split, without a header, audited as it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from clca.content.decoding import decode_text
from clca.errors import ContentError, SettingsError
from clca.evaluation.mmlu.audit import audit
from clca.evaluation.mmlu.questions import LETTERS, SPLITS, MmluItem, QuestionSet, Split, require_subjects
from clca.safe_open import read_bytes

COLUMNS = 6
LAYOUT = "DIR/test/SUBJECT_test.csv and DIR/dev/SUBJECT_dev.csv"
QUOTING = "a cell with a comma, a quote or a line break stands in quotes, each quote in it doubled, and a quote ends it"


def is_csv_folder(folder: Path) -> bool:
    """Whether a folder has files in the layout of Hendrycks' distribution."""
    return _root(folder) is not None


def read_folder(folder: Path, subjects: Sequence[str], known: Sequence[str], *, named: bool) -> QuestionSet:
    """The questions of some subjects of the `known` ones; `named`: the user chose them.

    Raises `ContentError` for the first malformed row of a file, with the number of others in it, and `SettingsError`
    for a folder that lacks the files.
    """
    root = _root(folder)
    if root is None:
        raise SettingsError(f"--data {folder}: no files {LAYOUT}")
    files = {split: _files(root / split, split) for split in SPLITS}
    require_subjects(subjects, files["test"], f"--data {folder}", named=named, total=len(known))
    items: dict[Split, dict[str, tuple[MmluItem, ...]]] = {
        split: {
            subject: read_items(by_subject[subject], within=folder) for subject in subjects if subject in by_subject
        }
        for split, by_subject in files.items()
    }
    for subject in subjects:
        if not items["test"][subject]:
            raise ContentError(str(files["test"][subject]), None, "has no question")
    unknown = sorted(set(files["test"]) - set(known))
    notes = [f"{root}: {', '.join(unknown)}: not in eval/mmlu/subjects.csv, and left out"] if unknown else []
    return QuestionSet(str(folder), items["dev"], items["test"], (*notes, *audit(items["dev"], items["test"])))


def read_items(file: Path, shown: str | None = None, within: Path | None = None) -> tuple[MmluItem, ...]:
    """The questions of one file, of the folder `within` through no link that leads out of it.

    Raises `ContentError` with the line that a malformed row begins in.
    """
    path = shown or str(file)
    if file.exists() and not file.is_file():
        raise ContentError(path, None, "is not a regular file: put a CSV file of questions there")
    try:
        data = read_bytes(file, within=within)
    except OSError as error:
        raise ContentError(path, None, f"cannot be read: {error.strerror}") from None
    text = decode_text(path, data)
    items, faults = list[MmluItem](), list[tuple[int, str]]()
    for line, row in _rows(path, text):
        fault = _fault(row)
        if fault:
            faults.append((line, fault))
        else:
            question, a, b, c, d, answer = row
            items.append(MmluItem(len(items) + 1, question, (a, b, c, d), answer.strip()))
    if faults:
        more = f" (and {len(faults) - 1} more malformed rows)" if len(faults) > 1 else ""
        raise ContentError(path, faults[0][0], faults[0][1] + more)
    return tuple(items)


def _root(folder: Path) -> Path | None:
    for root in (folder, folder / "data"):
        if any((root / "test").glob("*_test.csv")):
            return root
    return None


def _files(folder: Path, split: Split) -> dict[str, Path]:
    end = f"_{split}.csv"
    return {file.name.removesuffix(end): file for file in sorted(folder.glob(f"*{end}"))}


def _rows(path: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, with the line each begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            fault = f"a cell of more than {csv.field_size_limit():,} characters: is a quote not closed?"
        else:
            fault = f"not CSV: {error}"
        raise ContentError(path, line, f"{fault}; {QUOTING}") from None


def _fault(row: Sequence[str]) -> str:
    """What is wrong with a row, "" for nothing."""
    if len(row) != COLUMNS:
        count = "1 column" if len(row) == 1 else f"{len(row)} columns"
        commas = ", with commas between them" if len(row) == 1 and any(sign in row[0] for sign in ";\t") else ""
        return f"{count}, expected six{commas}: question, four choices, answer"
    if not row[0].strip():
        return "the question is empty"
    answer = row[-1].strip()
    if answer not in LETTERS:
        header = "; the first line has to be a question, not a header" if answer.lower() == "answer" else ""
        return f"answer {answer[:20]!r}: has to be one of {', '.join(LETTERS)}{header}"
    return ""
