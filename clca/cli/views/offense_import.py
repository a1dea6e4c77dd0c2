"""Imported test sets as text for the terminal."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from clca.cli.views.screen import make_console, printable
from clca.content.lookup import Content, find_workspace
from clca.culture import CultureCatalogue
from clca.evaluation.offense.imports.audit import ImportAudit, SetAudit, SharedTexts
from clca.evaluation.offense.imports.importer import StrictImportError, import_tests
from clca.evaluation.offense.imports.mapping import load_mapping
from clca.evaluation.offense.suite import load_offense_suite
from clca.evaluation.offense.test_sets import default_folder

_SHOWN = 8  # pairs of sets, and files, that are listed before "and so many more"


def import_offense(folder: Path, mapping: Path | None, out: Path | None, *, strict: bool, as_json: bool) -> None:
    workspace = find_workspace()
    content = Content(workspace)
    tasks = load_offense_suite(content)
    named = load_mapping(content, mapping, tasks, CultureCatalogue(content).ids())
    place = out or default_folder(workspace)
    try:
        audit = import_tests(folder, named, tasks, place, strict=strict)
    except StrictImportError as error:
        _told(error.audit, None, as_json=as_json)
        raise
    _told(audit, place, as_json=as_json)


def _told(audit: ImportAudit, place: Path | None, *, as_json: bool) -> None:
    if as_json:
        where = {"folder": None if place is None else str(place)}
        print(json.dumps({**where, "amiss": audit.amiss, **audit.model_dump(mode="json")}, ensure_ascii=False))
        return
    show(audit, make_console())
    if place is not None:
        cultures = len({one.name.partition("/")[0] for one in audit.sets})
        texts = sum(one.imported for one in audit.sets)
        counts = f"{_number(texts, 'text')} in {_number(len(audit.sets), 'test set')}"
        print(f"{counts} of {_number(cultures, 'culture')} in {place}")


def show(audit: ImportAudit, console: Console) -> None:
    """A row for each test set, and everything that is amiss."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("test", "type", "texts", "labels"):
        table.add_column(column, justify="right" if column == "texts" else "left")
    for one in audit.sets:
        labels = ", ".join(f"{label or '(empty)'} {count:,}" for label, count in one.labels.items())
        table.add_row(one.name, one.type, f"{one.imported:,}", Text(printable(labels)))
    console.print(table)
    lines = _lines(audit)
    if lines:
        console.print()
    for line in lines:
        console.print(Text(printable(line)))


def _lines(audit: ImportAudit) -> list[str]:
    lines = [line for one in audit.sets for line in _of_set(one)]
    shared = [_shared(one) for one in audit.shared]
    lines += shared[:_SHOWN]
    if len(shared) > _SHOWN:
        lines.append(f"{_number(len(shared) - _SHOWN, 'more pair')} of test sets with texts in common: see audit.json")
    if audit.missing:
        lines.append(f"of the mapping, not there: {_listed(audit.missing)}")
    if audit.unnamed:
        lines.append(f"there, and not in the mapping: {_listed(audit.unnamed)}")
    return lines


def _of_set(one: SetAudit) -> list[str]:
    lines = [f"{one.name}: {'; '.join(one.findings)}"] if one.findings else []
    return lines + [f"  {one.source}:{fault}" for fault in one.first_malformed]


def _shared(one: SharedTexts) -> str:
    other = f", {one.other_gold:,} with another gold" if one.other_gold else ""
    return f"{one.first} and {one.second}: {_number(one.texts, 'text')} in common{other}"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _number(count: int, one: str) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
