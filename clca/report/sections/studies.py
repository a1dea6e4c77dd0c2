"""A study: how far it is, and its tables of numbers over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clca.errors import ClcaError, NotFoundError
from clca.report.blocks import (
    NOTHING,
    Block,
    Folded,
    Heading,
    Paragraph,
    ReportCell,
    ReportRow,
    ReportTable,
    Section,
    cited_row,
)
from clca.report.sections.pictures import CodesOf
from clca.report.sections.values import count_cell
from clca.report.sources import DEMONSTRATION, REHEARSAL, ReportInputs, Source
from clca.study.result import STATES, Study, read_study
from clca.study.tables.numbers import NumberColumn, NumberTable, StudyNumber, read_numbers
from clca.words import beginning

MOST_FAULTS = 40


def studies_section(inputs: ReportInputs, codes_of: CodesOf, published: tuple[str, ...]) -> Section | None:
    """The section; None without studies. `published` is the code of the content that printed numbers stand in."""
    studies = inputs.of("study")
    if not studies:
        return None
    blocks: list[Block] = []
    for source in studies:
        try:
            study = read_study(source.folder)
        except ClcaError as error:
            blocks.append(Paragraph(f"{source.name} cannot be shown: {error.message}", emphasis=True))
            continue
        blocks.append(Heading(study.info.title or source.name, source.name, (source.code,)))
        blocks += [_progress(source, study), *_faults(study), *_numbers(source, study, codes_of, published)]
    lead = (
        "Means over seeds; in brackets 95 % intervals over respondents or texts, ± the standard deviation over seeds."
    )
    return Section("study", "The study" if len(studies) == 1 else "The studies", tuple(blocks), lead)


def _progress(source: Source, study: Study) -> ReportTable:
    stages = dict.fromkeys((cell.stage, cell.run) for cell in study.cells.values())
    rows = []
    for stage, run in stages:
        states = [cell.state for cell in study.of_stage(stage)]
        cells = (ReportCell(run), count_cell(len(states)), *(count_cell(states.count(state)) for state in STATES))
        rows.append(ReportRow(stage, cells))
    return ReportTable(
        "Cells of the study", ("command", "cells", *STATES), tuple(rows), "", "stage", (), (), (source.code,)
    )


def _faults(study: Study) -> Iterator[Block]:
    faulty = [cell for cell in study.cells.values() if cell.error]
    if faulty:
        lines = tuple(Paragraph(f"{cell.id}, {cell.state}: {cell.error}") for cell in faulty[:MOST_FAULTS])
        yield Folded(f"{len(faulty):,} cells failed or were skipped", lines)


def _numbers(source: Source, study: Study, codes_of: CodesOf, published: tuple[str, ...]) -> Iterator[Block]:
    try:
        numbers = read_numbers(source.folder)
    except NotFoundError:
        yield Paragraph("No table yet: none of its evaluations is finished.")
        return
    except ClcaError as error:
        yield Paragraph(f"Its numbers cannot be read: {error.message}", emphasis=True)
        return
    marks = (*((REHEARSAL,) if numbers.rehearsal else ()), *((DEMONSTRATION,) if numbers.demonstration else ()))
    for caveat in numbers.caveats:
        yield Paragraph(caveat)
    for table in numbers.tables:
        if any(number.mean is not None or number.published is not None for number in table.numbers):
            yield _table(source, table, marks, codes_of, published)
            yield from _seeds(source, study, table, marks, codes_of)
            yield from _tests(source, table, marks, codes_of)
    if numbers.unread:
        lines = tuple(Paragraph(f"{cell}: {why}") for cell, why in list(numbers.unread.items())[:MOST_FAULTS])
        yield Folded(f"{len(numbers.unread):,} results could not be read", lines)


def _table(
    source: Source, table: NumberTable, marks: tuple[str, ...], codes_of: CodesOf, published: tuple[str, ...]
) -> ReportTable:
    rows = []
    for group, row, numbers in _rows(table):
        cells = [
            _cell(number, column, codes_of(number.results) if number is not None else ())
            for number, column in zip(numbers, table.columns, strict=True)
        ]
        if any(cell.value is not None for cell in cells):
            is_reference = any(number is not None and number.reference for number in numbers)
            rows.append(cited_row(row, cells, "reference" if is_reference else "ours", group))
        printed = tuple(_printed(number, column) for number, column in zip(numbers, table.columns, strict=True))
        if any(cell.value is not None for cell in printed):
            rows.append(ReportRow(f"{row}, published", printed, "published", group, published))
    title = f"{table.title} (published table {table.published})" if table.published else table.title
    notes = (*table.notes, *_differing(table))
    return ReportTable(
        title,
        tuple(column.heading for column in table.columns),
        tuple(rows),
        f"study {source.name}: {table.id}",
        table.corner,
        notes,
        marks,
        (source.code,),
    )


def _rows(table: NumberTable) -> Iterator[tuple[str, str, Sequence[StudyNumber | None]]]:
    """Each row of a table: its group and label, and its number of each column."""
    by_row: dict[tuple[str, str], dict[str, StudyNumber]] = {}
    for number in table.numbers:
        by_row.setdefault((number.group, number.row), {})[number.column] = number
    for (group, row), by_column in by_row.items():
        yield group, row, [by_column.get(column.label) for column in table.columns]


def _seeds(
    source: Source, study: Study, table: NumberTable, marks: tuple[str, ...], codes_of: CodesOf
) -> Iterator[Block]:
    """The values of single seeds that the numbers of a table are means of, each with what it comes from."""
    rows = []
    for group, row, numbers in _rows(table):
        seeds = dict.fromkeys(seed for number in numbers if number is not None for seed in number.values)
        if len(seeds) < 2:
            continue
        for seed in seeds:
            cells = []
            for number, column in zip(numbers, table.columns, strict=True):
                value = number.values.get(seed) if number is not None else None
                if number is None or value is None:
                    cells.append(ReportCell())
                    continue
                made_of = number.cells_by_seed.get(seed, ())
                folders = [folder for id in made_of if id in study.cells for folder in study.cells[id].results]
                cells.append(ReportCell(_shown(value, column), value, sources=codes_of(folders)))
            rows.append(cited_row(f"{row}, seed {seed}", cells, group=group))
    if rows:
        title = f"Single seeds: {table.title}"
        columns = tuple(column.heading for column in table.columns)
        key = f"study {source.name}: seeds of {table.id}"
        made = ReportTable(title, columns, tuple(rows), key, table.corner, (), marks, (source.code,))
        yield Folded(f"Values of single seeds of {table.title}", (made,))


def _shown(value: float, column: NumberColumn, *, signed: bool = False) -> str:
    return f"{100 * value if column.percent else value:{'+' if signed else ''},.{column.places}f}"


def _cell(number: StudyNumber | None, column: NumberColumn, sources: tuple[str, ...]) -> ReportCell:
    if number is None or number.mean is None:
        return ReportCell()
    spread = "" if number.sd is None else f"± {_shown(number.sd, column)} ({len(number.values)} seeds)"
    bounds = (
        ""
        if number.low is None or number.high is None
        else f"[{_shown(number.low, column)}, {_shown(number.high, column)}]"
    )
    interval = " ".join(filter(None, (spread, bounds)))
    return ReportCell(_shown(number.mean, column), number.mean, interval, sources=sources)


def _printed(number: StudyNumber | None, column: NumberColumn) -> ReportCell:
    if number is None or number.published is None:
        return ReportCell()
    return ReportCell(_shown(number.published, column), number.published)


def _differing(table: NumberTable) -> Iterator[str]:
    """In what ours differ from what the published numbers need."""
    lines = dict.fromkeys(line for number in table.numbers for line in number.differing if number.mean is not None)
    if lines:
        shown = "; ".join(beginning(line, 160) for line in list(lines)[:8])
        more = f"; and {len(lines) - 8:,} more" if len(lines) > 8 else ""
        yield f"Our numbers do not meet what the published ones need: {shown}{more}."
    missing = dict.fromkeys(cell for number in table.numbers for cell in number.missing)
    if missing:
        yield f"Without a result so far: {len(missing):,} cells."


def _tests(source: Source, table: NumberTable, marks: tuple[str, ...], codes_of: CodesOf) -> Iterator[Block]:
    rows = []
    columns = {column.label: column for column in table.columns}
    for number in table.numbers:
        test, column = number.test, columns.get(number.column)
        if test is None or column is None:
            continue
        bounds = (
            ""
            if test.low is None or test.high is None
            else f"[{_shown(test.low, column, signed=True)}, {_shown(test.high, column, signed=True)}]"
        )
        cells = (
            ReportCell(test.against),
            ReportCell(_shown(test.difference, column, signed=True), test.difference, bounds),
            _p(test.p),
            _p(test.p_holm),
            count_cell(test.seeds),
        )
        label = f"{number.row}: {number.column}"
        rows.append(ReportRow(label, cells, group=number.group, sources=codes_of(number.results)))
    if rows:
        notes = tuple(dict.fromkeys(note for number in table.numbers if number.test for note in number.test.notes))
        yield Folded(
            f"Paired tests of {table.title}",
            (
                ReportTable(
                    f"Paired tests: {table.title}",
                    ("against", "difference", "p", "p, Holm", "seeds"),
                    tuple(rows),
                    f"study {source.name}: tests of {table.id}",
                    "row: column",
                    notes,
                    marks,
                    (source.code,),
                ),
            ),
        )


def _p(value: float | None) -> ReportCell:
    if value is None:
        return ReportCell(NOTHING)
    return ReportCell("< 0.001" if value < 0.001 else f"{value:.3f}", value)
