"""`clca data import-culturellm`: the import, and its audit in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from clca.cli.views.screen import make_console, print_json
from clca.content.lookup import Content, find_workspace
from clca.content.wvs_items import load_items
from clca.training.culturellm.audit import CultureLlmAudit, finding_lines
from clca.training.culturellm.importer import default_folder
from clca.training.culturellm.importer import import_culturellm as import_files
from clca.training.s2n_sources import load_s2n_sources


def import_culturellm(folder: Path, out: Path | None, *, as_json: bool) -> None:
    """Import the files of a folder and show what was found."""
    workspace = find_workspace()
    content = Content(workspace)
    target = out or default_folder(workspace)
    evaluated = {item.id for item in load_items(content).items}
    audit = import_files(folder, load_s2n_sources(content), evaluated, target)
    if as_json:
        print_json({"folder": str(target), **audit.model_dump(mode="json")})
        return
    show(audit, make_console())
    lines = sum(file.lines for file in audit.files)
    cultures = "1 culture" if len(audit.files) == 1 else f"{len(audit.files)} cultures"
    make_console().print(f"{lines:,} questions with answers of {cultures} in {target}")


def show(audit: CultureLlmAudit, console: Console) -> None:
    """Show a row for each culture, and every finding."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("culture", "lines", "paraphrases", "items", "lines of items that eval-wvs asks"):
        table.add_column(column, justify="left" if column == "culture" else "right")
    for file in audit.files:
        evaluated = f"{file.evaluated:,} (of {len(file.evaluated_items)} items)"
        table.add_row(file.culture, f"{file.lines:,}", f"{file.paraphrases:,}", str(len(file.items)), evaluated)
    console.print(table)
    for line in finding_lines(audit):
        console.print(line)
