"""What differs from the former report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clca.report.blocks import Block, Paragraph, ReportCell, ReportRow, ReportTable, Section
from clca.report.embedded_data import Changes, NumberChange, ReportData
from clca.words import beginning

MOST = 200  # changed numbers that are shown
LONGEST = 160  # characters of a name


def changes_section(
    changes: Changes, former: ReportData, file: str, tables: Iterable[ReportTable], sources: tuple[str, ...]
) -> Section:
    """The section; `tables` have the numbers as they are now, `sources` is the code of the former report."""
    blocks: list[Block] = []
    if changes.is_empty:
        blocks.append(Paragraph(f"Nothing: all {changes.same:,} numbers are the same."))
    else:
        blocks.append(
            Paragraph(
                f"Numbers that differ: {len(changes.numbers):,}; that do not: {changes.same:,}; new:"
                f" {changes.only_now:,}; no longer there: {changes.only_before:,}."
            )
        )
    for words, names in (
        ("New results", changes.new_sources),
        ("Results that are no longer in it", changes.gone_sources),
        ("Results that were made again", changes.remade_sources),
    ):
        if names:
            shown = ", ".join(beginning(name, LONGEST) for name in names[:20])
            more = f", and {len(names) - 20:,} more" if len(names) > 20 else ""
            blocks.append(Paragraph(f"{words}: {shown}{more}."))
    if changes.numbers:
        blocks.append(_table(changes, {table.key: table for table in tables if table.key}, sources))
    made = former.made[:16].replace("T", " ") or "at an unknown time"
    lead = f"Compared with {file}, made {made} by clca {former.clca}."
    return Section("changes", "What changed", tuple(blocks), lead)


def _table(changes: Changes, tables: Mapping[str, ReportTable], former: tuple[str, ...]) -> ReportTable:
    rows = []
    for change in changes.numbers[:MOST]:
        now = _codes(tables[change.table], change)
        cells = (
            ReportCell(f"{change.before:,.4g}", change.before, sources=former),
            ReportCell(f"{change.now:,.4g}", change.now, sources=now),
            ReportCell(f"{change.now - change.before:+,.4g}", change.now - change.before, sources=(*former, *now)),
        )
        label = f"{beginning(change.row, LONGEST)}: {beginning(change.column, LONGEST)}"
        rows.append(ReportRow(label, cells, group=beginning(change.table, LONGEST)))
    left = len(changes.numbers) - MOST
    notes = (f"{left:,} more numbers differ.",) if left > 0 else ()
    return ReportTable("Numbers that differ", ("before", "now", "difference"), tuple(rows), "", "row: column", notes)


def _codes(table: ReportTable, change: NumberChange) -> tuple[str, ...]:
    """The codes of what a number comes from now."""
    column = table.columns.index(change.column)
    row = next(row for row in table.rows if row.name == change.row and row.cells[column].value is not None)
    return tuple(dict.fromkeys((*table.sources, *row.sources, *row.cells[column].sources)))
