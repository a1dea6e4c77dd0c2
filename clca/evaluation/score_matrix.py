"""A matrix of scores from a table of text: cultures of adapters as rows, cultures of tests as columns."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from clca.content.decoding import decode_text
from clca.errors import ContentError, NotFoundError
from clca.evaluation.classification.scores import AVERAGE, MatrixScores
from clca.printable import csv_cell
from clca.safe_open import safe_open

LARGEST = 4 * 1024 * 1024  # bytes; a matrix of 100 cultures has some 200 kB
SHARE, PERCENT = 1 + 1e-6, 1.5  # up to here scores are taken for shares, from here on for percentages
MOST, LONGEST = 100, 80  # cultures; characters of a name
MOST_LABELS = 1000  # rows, and columns, with those that are set aside
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
SET_ASIDE = frozenset({"base", "zero-shot", "zero shot", "zeroshot", "combined", "average", "avg", "avg.", "mean"})
"""Rows and columns that are no culture, in any case of letters."""


@dataclass(frozen=True, slots=True)
class MatrixFile:
    """Scores [n][n] of the cultures with a row and a column, in the order of the columns.

    `set_aside` are rows and columns that are not among them; `remarks` are what a reader has to know.
    """

    cultures: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    set_aside: tuple[str, ...]
    remarks: tuple[str, ...]


def read_matrix(path: Path) -> MatrixFile:
    """Read comma-, semicolon- or tab-separated text; raises `ContentError` with the line of a fault."""
    shown = str(path)
    lines = list(_rows(shown, _text(path)))
    if not lines:
        raise ContentError(shown, None, "is empty; the first line names the cultures of the tests")
    (first, head), body = lines[0], lines[1:]
    columns = _labels(shown, [(first, label) for label in head[1:]], "column")
    rows = _labels(shown, [(number, cells[0]) for number, cells in body], "row")
    for number, cells in body:
        if len(cells) != len(head):
            what = "a cell is missing" if len(cells) < len(head) else "a cell too many"
            raise ContentError(shown, number, f"{what}: {len(cells)} cells, and the first line has {len(head)}")
    common = [label for label in columns if label in rows and label.lower() not in SET_ASIDE]
    if not common:
        raise ContentError(
            shown,
            None,
            f"rows ({_some(rows)}) and columns ({_some(columns)}) have no culture in common; name both alike",
        )
    lines_of = {label: (number, cells) for label, (number, cells) in zip(rows, body, strict=True)}
    index = {label: number for number, label in enumerate(columns, start=1)}
    unscored = [label for label in common if not any(lines_of[row][1][index[label]] for row in common)]
    wanted = [label for label in common if label not in unscored]
    if not wanted:
        raise ContentError(shown, None, f"holds no score of {_some(common)}: all their cells are empty")
    if len(wanted) > MOST:
        raise ContentError(shown, None, f"has {len(wanted)} cultures: no more than {MOST} can be shown")
    values = []
    for culture in wanted:
        number, cells = lines_of[culture]
        values.append([_number(shown, number, culture, test, cells[index[test]]) for test in wanted])
    remarks = list(_set_aside_notes(rows, columns, common, unscored))
    top, line, which = max(
        (value, lines_of[row][0], f"{value:g} ({row}, {column})")
        for row, of in zip(wanted, values, strict=True)
        for column, value in zip(wanted, of, strict=True)
    )
    if SHARE < top <= PERCENT:
        raise ContentError(
            shown,
            line,
            f"the highest score is {which}: too high for a share of 1, and low for a percentage; give all as shares"
            " (0.42) or all in percent (42)",
        )
    if top > PERCENT:
        low = [column for column, of in zip(wanted, zip(*values, strict=True), strict=True) if 0 < max(of) <= 1]
        doubt = f" So are those of {_some(low)}, though none there is above 1: look whether that is so." if low else ""
        remarks.insert(0, f"Taken as percentages, since the highest is {which}.{doubt}")
    scale = 100 if top > PERCENT else 1
    if len(wanted) == 1:
        remarks.append("C-SPEC of a single culture is 1 by definition: there is no other adapter to compare with.")
    remarks.append("No interval: a matrix holds no texts to draw again. `clca eval-cspec RUN` gives one.")
    aside = tuple(label for label in dict.fromkeys((*rows, *columns)) if label not in wanted)
    shares = tuple(tuple(min(value / scale, 1.0) for value in of) for of in values)
    return MatrixFile(tuple(wanted), shares, aside, tuple(remarks))


def matrix_text(scores: MatrixScores) -> str:
    """The F1 of every row by culture and on average as CSV, in full precision; without a score a cell is empty."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["adapter", *map(csv_cell, scores.cultures), AVERAGE])
    for result in scores.results:
        estimates = [*(result.cultures[culture] for culture in scores.cultures), result.average]
        writer.writerow(
            [csv_cell(result.row), *("" if entry.f1 is None else repr(entry.f1.value) for entry in estimates)]
        )
    return file.getvalue()


def _text(path: Path) -> str:
    try:
        with safe_open(path) as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NotFoundError(f"no file {path}: give a CSV matrix, or the folder of an evaluation") from None
    except OSError as error:
        raise ContentError(str(path), None, f"cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise ContentError(str(path), None, f"has more than {LARGEST // 2**20} MB: too large for a matrix of cultures")
    text = decode_text(str(path), data)
    if "\0" in text:
        raise ContentError(str(path), text.count("\n", 0, text.index("\0")) + 1, "holds a zero byte: not a text file")
    return text


def _rows(shown: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and stripped cells of every line that is not blank."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    if first and delimiter not in first:
        words = ", ".join(DELIMITERS.values())
        number = text[: text.index(first)].count("\n") + 1
        raise ContentError(shown, number, f"one column only: separate cells by {words}, adapter cultures in the first")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise ContentError(shown, reader.line_num, f"not CSV: {error}") from None


def _labels(shown: str, labels: Sequence[tuple[int, str]], what: str) -> list[str]:
    if len(labels) > MOST_LABELS:
        raise ContentError(shown, labels[MOST_LABELS][0], f"more than {MOST_LABELS:,} {what}s: no matrix of cultures")
    names: list[str] = []
    for number, label in labels:
        if not label:
            raise ContentError(shown, number, f"a {what} has no name; write the culture")
        if len(label) > LONGEST or not label.isprintable():
            raise ContentError(
                shown,
                number,
                f"{what} {label[:LONGEST]!r}: a name has up to {LONGEST} characters, all of them printable",
            )
        if label in names:
            raise ContentError(shown, number, f"duplicate {what} {label!r}; a culture has one {what}")
        names.append(label)
    return names


def _some(labels: Sequence[str], most: int = 5) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more if labels else "none"


def _number(shown: str, line: int, row: str, column: str, text: str) -> float:
    def refuse(what: str) -> NoReturn:
        raise ContentError(shown, line, f"{row}, {column}: {what}; give a score as 0.42 or 42")

    if not text:
        refuse("the cell is empty")
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        refuse(f"{text[:40]!r} is not a number")
    if not math.isfinite(value):
        refuse(f"{text[:40]!r} is not a number")
    if value < 0:
        refuse(f"{text} is below 0")
    if value > 100:
        refuse(f"{text} is above 100")
    return value


def _set_aside_notes(
    rows: Sequence[str], columns: Sequence[str], common: Sequence[str], unscored: Sequence[str]
) -> Iterator[str]:
    """What was set aside, and why."""
    none = [label for label in dict.fromkeys((*rows, *columns)) if label.lower() in SET_ASIDE]
    for labels, why in (
        (none, "being no culture's"),
        ([label for label in columns if label not in (*common, *none)], "tests without a row of their own adapter"),
        ([label for label in rows if label not in (*common, *none)], "adapters without a column of their own tests"),
        (unscored, "without any score"),
    ):
        if labels:
            yield f"Set aside, {why}: {_some(labels, MOST).rstrip('.')}."
