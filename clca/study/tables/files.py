"""The tables of a study, ours beside what was published, and its tests: `tables.md`, `.csv` and `.tex`."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from clca.errors import ClcaError
from clca.evaluation import table_formats
from clca.evaluation.table import Cell, Number, Row, Table
from clca.printable import csv_cell
from clca.storage.output_files import write_output
from clca.study.tables.numbers import NUMBERS, NumberTable, StudyNumber, StudyNumbers, read_numbers

FILES = (NUMBERS, "tables.md", "tables.csv", "tables.tex")
P_VALUE = Number(places=4)
LISTED = 3
MOST_CAVEATS = 8
HOW = (
    "Difference: the row minus the one it is tested against, as a mean over seeds, with its 95 % interval over seeds"
    " and respondents or texts; p is two-sided (paired bootstrap over respondents or texts, Student's t over seeds; see"
    " clca.metrics.paired_test), and corrected by Holm for all tests of the table."
)
COLUMNS = (
    "table group row column metric value sd seeds low high low_both high_both published differs against difference"
    " difference_low difference_high p p_holm values cells results rehearsal demonstration"
)


def write_tables(folder: Path, numbers: StudyNumbers) -> tuple[Path, ...]:
    """Write numbers and tables into the folder of a study; returns the files.

    Raises `StoreError` for a folder that cannot be written, or that holds such a file which clca did not write.
    """
    tables = shown_tables(numbers)
    texts = (
        json.dumps(numbers.json_object(), indent=1, ensure_ascii=False) + "\n",
        table_formats.markdown(tables),
        csv_text(numbers),
        table_formats.latex(tables),
    )
    write_output(folder, dict(zip(FILES, texts, strict=True)))
    return tuple(folder / name for name in FILES)


def unchanged_tables(folder: Path, made_of: str) -> tuple[Path, ...]:
    """The files of a study's folder, if all are there and their numbers are made of the same; else none."""
    files = tuple(folder / name for name in FILES)
    try:
        numbers = read_numbers(folder)
    except ClcaError:
        return ()
    return files if numbers.made_of == made_of and all(file.is_file() for file in files) else ()


def shown_tables(numbers: StudyNumbers) -> tuple[Table, ...]:
    """Each table, followed by that of its tests where it has any."""
    unread = [f"{id} could not be read: {reason}" for id, reason in numbers.unread.items()]
    shown: list[Table] = []
    for table in numbers.tables:
        marks = [
            *(["REHEARSAL: these scores say nothing of any culture."] if table.rehearsal else []),
            *(["DEMONSTRATION: texts that were made for it, no measure of anything."] if table.demonstration else []),
            *unread,
        ]
        caveats = list(table.caveats[:MOST_CAVEATS])
        if len(table.caveats) > MOST_CAVEATS:
            caveats.append(f"{len(table.caveats) - MOST_CAVEATS:,} more caveats of evaluations: {NUMBERS} has them.")
        shown.append(_table(table, [*marks, *caveats]))
        tested = [number for number in table.numbers if number.test is not None]
        if tested:
            shown.append(_tests(table, tested, marks))
    return tuple(shown)


def _table(table: NumberTable, marks: Sequence[str]) -> Table:
    rows = [row for group, label in table.rows for row in _rows(table, group, label)]
    return Table(
        metric=table.id,
        title=table.title,
        columns=tuple(column.heading for column in table.columns),
        rows=tuple(rows),
        notes=(*_notes(table), *table.notes, *marks),
        corner=table.corner,
        numbers=tuple(Number(places=column.places, percent=column.percent) for column in table.columns),
    )


def _rows(table: NumberTable, group: str, label: str) -> Iterator[Row]:
    """Our row, and the published one below it."""
    by_column = {number.column: number for number in table.numbers if (number.group, number.row) == (group, label)}
    numbers = [by_column.get(column.label) for column in table.columns]
    is_reference = any(number is not None and number.reference for number in numbers)
    yield Row(label, "reference" if is_reference else "ours", tuple(map(_ours, numbers)), group=group)
    printed = tuple(
        None if number is None or number.published is None else Cell(number.published) for number in numbers
    )
    if any(printed):
        apart = any(number is not None and number.differing for number in numbers)
        yield Row(f"{label}, published{' (differs)' if apart else ''}", "published", printed, group=group)


def _ours(number: StudyNumber | None) -> Cell | None:
    if number is None or number.mean is None:
        return None
    return Cell(number.mean, number.low, number.high, number.sd)


def _notes(table: NumberTable) -> Iterator[str]:
    """How the numbers are to be read, what is missing, and in what they differ from the published ones."""
    made = [number for number in table.numbers if number.mean is not None and not number.reference]
    if made:
        seeds = sorted({len(number.values) for number in made})
        yield (
            f"Means over {' or '.join(map(str, seeds))} seed{'s' if seeds != [1] else ''}"
            f"{', ± their standard deviation (n - 1)' if seeds[-1] > 1 else ''}; in brackets the 95 % basic bootstrap"
            " interval over respondents or texts, the seeds being as they are."
        )
        if seeds == [1]:
            yield "One seed: nothing here says how another training would score."
    left = [number for number in table.numbers if number.missing or number.mean is None]
    if left:
        cells = list(dict.fromkeys(id for number in left for id in number.missing))
        more = f" and {len(cells) - LISTED:,} more" if len(cells) > LISTED else ""
        waiting = f": without a result are {', '.join(cells[:LISTED])}{more}" if cells else ""
        yield f"{len(left):,} of {len(table.numbers):,} numbers are not there, or not of all seeds{waiting}."
    counts = Counter(difference for number in table.numbers for difference in number.differing)
    if counts:
        listed = "; ".join(f"{difference} ({count:,} numbers)" for difference, count in counts.items())
        yield f"In what this study differs from what the published numbers need: {listed}."


def _tests(table: NumberTable, tested: Sequence[StudyNumber], marks: Sequence[str]) -> Table:
    rows, notes = [], dict[str, None]()
    for number in tested:
        test = number.test
        assert test is not None
        notes |= dict.fromkeys(test.notes)
        cells = (
            Cell(test.difference, test.low, test.high, test.sd),
            None if test.p is None else Cell(test.p),
            None if test.p_holm is None else Cell(test.p_holm),
        )
        rows.append(Row(f"{number.row} against {test.against}: {number.column}", "ours", cells, group=number.group))
    return Table(
        metric=f"{table.id}-tests",
        title=f"Tests: {table.title}",
        columns=("Difference", "p", "p (Holm)"),
        rows=tuple(rows),
        notes=(HOW, *notes, *marks),
        corner="Row and column",
        numbers=(Number(), P_VALUE, P_VALUE),
    )


def csv_text(numbers: StudyNumbers) -> str:
    """A line for each number in full precision, with its seeds, intervals, test, cells and published value."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS.split())
    for table in numbers.tables:
        marks = ["yes" if mark else "no" for mark in (table.rehearsal, table.demonstration)]
        for number in table.numbers:
            test = number.test
            of_test = (
                [None] * 6
                if test is None
                else [csv_cell(test.against), test.difference, test.low, test.high, test.p, test.p_holm]
            )
            texts = [csv_cell(text) for text in (table.id, number.group, number.row, number.column, number.metric)]
            scores = [number.mean, number.sd, len(number.values), number.low, number.high]
            both = [number.low_both, number.high_both, number.published, csv_cell("; ".join(number.differing))]
            values = "; ".join(f"{seed}={value!r}" if seed else repr(value) for seed, value in number.values.items())
            places = [csv_cell(" ".join(map(str, names))) for names in (number.cells, number.results)]
            writer.writerow([*texts, *scores, *both, *of_test, csv_cell(values), *places, *marks])
    return file.getvalue()
