"""A matrix of scores from a table of text: cultures of adapters as rows, cultures of tests as columns."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from clca.errors import ContentError, NotFoundError
from clca.evaluation.classification.scores import AVERAGE, MatrixScores

LARGEST = 4 * 1024 * 1024  # bytes; a matrix of 500 cultures has some 2 MB
MOST, LONGEST = 200, 80  # cultures; characters of a name
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
SET_ASIDE = frozenset({"base", "zero-shot", "zero shot", "zeroshot", "combined", "average", "avg", "avg.", "mean"})
"""Rows and columns that are no culture, in any case of letters."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Scores [n][n], the cultures in the order of the columns. `remarks` are what a reader has to know of it."""

    cultures: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    set_aside: tuple[str, ...]
    remarks: tuple[str, ...]


def read_matrix(path: Path) -> Matrix:
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
    wanted = [label for label in columns if label.lower() not in SET_ASIDE]
    there = [label for label in rows if label.lower() not in SET_ASIDE]
    _check_square(shown, wanted, there)
    if len(wanted) > MOST:
        raise ContentError(shown, None, f"has {len(wanted)} cultures: no more than {MOST} can be shown")
    values = []
    for culture in wanted:
        number, cells = body[rows.index(culture)]
        values.append(tuple(_number(shown, number, culture, one, cells[columns.index(one) + 1]) for one in wanted))
    remarks: list[str] = []
    if max(map(max, values)) > 1:
        values = [tuple(value / 100 for value in row) for row in values]
        remarks.append("Scores above 1 are taken as percentages; C-SPEC is the same for both.")
    aside = tuple(dict.fromkeys(label for label in (*rows, *columns) if label.lower() in SET_ASIDE))
    return Matrix(tuple(wanted), tuple(values), aside, (*remarks, *_remarks(wanted, aside)))


def matrix_text(scores: MatrixScores) -> str:
    """The F1 of every row by culture and on average as CSV, in full precision; without a score a cell is empty."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["adapter", *scores.cultures, AVERAGE])
    for one in scores.results:
        figures = [*(one.cultures[culture] for culture in scores.cultures), one.average]
        writer.writerow([one.row, *("" if each.f1 is None else repr(each.f1.value) for each in figures)])
    return file.getvalue()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:  # of a device, too, no more than that
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NotFoundError(f"no file {path}: give a CSV matrix, or the folder of an evaluation") from None
    except OSError as error:
        raise ContentError(str(path), None, f"cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise ContentError(str(path), None, f"has more than {LARGEST // 2**20} MB: no matrix of cultures is as large")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ContentError(str(path), line, "not UTF-8; save it as CSV UTF-8") from None
    if "\0" in text:
        raise ContentError(str(path), text.count("\n", 0, text.index("\0")) + 1, "holds a zero byte: no text")
    return text


def _rows(shown: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and stripped cells of every line that is not blank."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(DELIMITERS, key=first.count)
    if first and delimiter not in first:
        words = ", ".join(DELIMITERS.values())
        raise ContentError(shown, 1, f"one column only: separate cells by {words}, adapter cultures in the first")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise ContentError(shown, reader.line_num, f"not CSV: {error}") from None


def _labels(shown: str, labels: Sequence[tuple[int, str]], what: str) -> list[str]:
    found: list[str] = []
    for number, label in labels:
        if not label:
            raise ContentError(shown, number, f"a {what} has no name; write the culture")
        if len(label) > LONGEST or not label.isprintable():
            raise ContentError(
                shown,
                number,
                f"{what} {label[:LONGEST]!r}: a name has up to {LONGEST} characters, all of them printable",
            )
        if label in found:
            raise ContentError(shown, number, f"{what} {label!r} stands twice; a culture has one {what}")
        found.append(label)
    return found


def _check_square(shown: str, columns: Sequence[str], rows: Sequence[str]) -> None:
    if not columns or not rows:
        what = "columns" if not columns else "rows"
        raise ContentError(shown, None, f"no cultures among the {what}; {', '.join(sorted(SET_ASIDE))} are none")
    if not set(columns) & set(rows):
        raise ContentError(
            shown,
            None,
            f"rows ({_some(rows)}) and columns ({_some(columns)}) have no culture in common; name both alike",
        )
    lacking = [one for one in columns if one not in rows], [one for one in rows if one not in columns]
    if any(lacking):
        said = [
            f"no {what} for {_some(those)}" for what, those in zip(("row", "column"), lacking, strict=True) if those
        ]
        raise ContentError(
            shown, None, f"not square: {' and '.join(said)}; every culture needs an adapter (row) and tests (column)"
        )


def _some(labels: Sequence[str], most: int = 5) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def _number(shown: str, line: int, row: str, column: str, text: str) -> float:
    def refuse(what: str) -> NoReturn:
        raise ContentError(shown, line, f"{row}, {column}: {what}; give a score as 0.42 or 42")

    if not text:
        refuse("the cell is empty")
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        refuse(f"{text[:40]!r} is no number")
    if not math.isfinite(value):
        refuse(f"{text[:40]!r} is no number")
    if value < 0:
        refuse(f"{text} is below 0")
    if value > 100:
        refuse(f"{text} is above 100")
    return value


def _remarks(cultures: Sequence[str], aside: Sequence[str]) -> Iterator[str]:
    if aside:
        yield f"Set aside, being no culture's: {', '.join(aside).rstrip('.')}."
    if len(cultures) == 1:
        yield "C-SPEC of a single culture is 1 by definition: there is no other adapter to compare with."
    yield "No interval: a matrix holds no texts to draw again. `clca eval-cspec RUN` gives one for an evaluation."
