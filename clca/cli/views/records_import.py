"""`clca data import-scenarios` and `import-norms`: the import, its progress, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.wrapping import command
from clca.content.lookup import Content, find_workspace
from clca.culture import CultureCatalogue
from clca.generation.importers.audit import FINDINGS, Kind, RecordsAudit, counted, derived_lines, sum_line
from clca.generation.importers.context import ImportContext
from clca.generation.importers.formats import AUTO
from clca.generation.importers.importer import default_folder, import_records
from clca.generation.importers.sources import mib
from clca.shell import command_line

_SHOWN = 12  # reasons, and cultures, before "and N more"


def import_files(
    kind: Kind,
    files: list[Path],
    format_name: str,
    out: Path | None,
    *,
    cultures: Sequence[str] = (),
    license: str | None = None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Import files and show what became of their rows."""
    workspace = find_workspace()
    context = ImportContext(CultureCatalogue(Content(workspace)), cultures, license)
    with Bar(make_console(stderr=True, quiet=quiet)) as bar:
        folder, audit = import_records(
            files,
            kind,
            format_name,
            context,
            lambda name: out or default_folder(workspace, kind, name),
            lambda rows, done, of: bar.show(f"{rows:,} rows, {mib(min(done, of))} of {mib(of)}", min(done, of), of),
        )
    if as_json:
        print_json({"folder": str(folder), **audit.model_dump(mode="json")})
        return
    show(audit, folder, make_console(), told=format_name != AUTO)


def show(audit: RecordsAudit, folder: Path, console: Console, *, told: bool) -> None:
    """Show the counts, why rows were rejected, what was derived, and the command that uses the records."""
    console.print(f"format: {audit.format}" + ("" if told else " (by its content; --format takes another)"))
    console.print(sum_line(audit))
    if audit.rejections:
        console.print(_rejections(audit))
        if len(audit.rejections) > _SHOWN:
            console.print(f"and {len(audit.rejections) - _SHOWN:,} more reasons: see import.json")
    for line in derived_lines(audit):
        console.print(line)
    cultures = [f"{name} {count:,}" for name, count in audit.cultures.items()]
    more = f" and {len(cultures) - _SHOWN} more" if len(cultures) > _SHOWN else ""
    console.print(f"cultures: {', '.join(cultures[:_SHOWN])}{more}")
    if audit.note:
        console.print(audit.note)
    if audit.rejected or audit.duplicates:
        console.print(f"each rejected row and duplicate: {folder / FINDINGS}")
    file = folder / audit.records_file
    console.print(f"{counted(audit.taken, audit.kind)} in {file}")
    console.print(styled("use: ", command(_use(audit, file))))


def _rejections(audit: RecordsAudit) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("rejected", "field", "reason", "first"):
        table.add_column(column, justify="right" if column == "rejected" else "left")
    for rejection in audit.rejections[:_SHOWN]:
        table.add_row(f"{rejection.rows:,}", rejection.field or "-", rejection.reason, rejection.first)
    return table


def _use(audit: RecordsAudit, file: Path) -> str:
    named = [name for name in audit.cultures if name not in ("any", "general")]
    culture = max(named, key=lambda name: audit.cultures[name]) if named else "japan"
    if audit.kind == "scenarios":
        return command_line("clca", "generate", "--culture", culture, "--scenarios", str(file))
    count = str(min(10, audit.cultures.get(culture, 0) + audit.cultures.get("general", 0)))
    return command_line(
        "clca", "generate", "--culture", culture, "--scenarios", "1", "--norms", count, "--norm-file", str(file)
    )
