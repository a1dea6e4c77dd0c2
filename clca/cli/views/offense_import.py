"""`clca data import-offense`: the import, and its audit in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from clca.cli.views.screen import make_console, print_json
from clca.content.lookup import Content, find_workspace
from clca.culture import CultureCatalogue
from clca.evaluation.offense.imports.audit import ImportAudit, SetAudit, SharedTexts
from clca.evaluation.offense.imports.importer import StrictImportError, import_tests
from clca.evaluation.offense.imports.mapping import load_mapping
from clca.evaluation.offense.suite import load_offense_suite
from clca.evaluation.offense.test_sets import default_folder

_SHOWN = 8  # pairs of sets, and files, that are listed before "and N more"


def import_offense(folder: Path, mapping: Path | None, out: Path | None, *, strict: bool, as_json: bool) -> None:
    """Import test sets and show what was found. Raises `StrictImportError` if anything was, and `strict`."""
    workspace = find_workspace()
    content = Content(workspace)
    suite = load_offense_suite(content)
    entries = load_mapping(content, mapping, suite, CultureCatalogue(content).ids())
    target = out or default_folder(workspace)
    try:
        audit = import_tests(folder, entries, suite, target, strict=strict)
    except StrictImportError as error:
        _report(error.audit, None, as_json=as_json)
        raise
    _report(audit, target, as_json=as_json)


def _report(audit: ImportAudit, target: Path | None, *, as_json: bool) -> None:
    if as_json:
        folder = {"folder": None if target is None else str(target)}
        print_json({**folder, "amiss": audit.finding_count, **audit.model_dump(mode="json")})
        return
    show(audit, make_console())
    if target is not None:
        cultures = len({test_set.name.partition("/")[0] for test_set in audit.sets})
        texts = sum(test_set.imported for test_set in audit.sets)
        counts = f"{_count(texts, 'text')} in {_count(len(audit.sets), 'test set')}"
        make_console().print(f"{counts} of {_count(cultures, 'culture')} in {target}")


def show(audit: ImportAudit, console: Console) -> None:
    """Show a row for each test set, and every finding."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("test", "type", "texts", "labels"):
        table.add_column(column, justify="right" if column == "texts" else "left")
    for test_set in audit.sets:
        labels = ", ".join(f"{label or '(empty)'} {count:,}" for label, count in test_set.labels.items())
        table.add_row(test_set.name, test_set.type, f"{test_set.imported:,}", labels)
    console.print(table)
    lines = _lines(audit)
    if lines:
        console.print()
    for line in lines:
        console.print(line)


def _lines(audit: ImportAudit) -> list[str]:
    lines = [line for test_set in audit.sets for line in _set_lines(test_set)]
    shared = list(map(_shared_line, audit.shared))
    lines += shared[:_SHOWN]
    if len(shared) > _SHOWN:
        lines.append(f"{_count(len(shared) - _SHOWN, 'more pair')} of test sets with texts in common: see audit.json")
    if audit.missing:
        lines.append(f"in the mapping, but missing: {_listed(audit.missing)}")
    if audit.unnamed:
        lines.append(f"present, but not in the mapping: {_listed(audit.unnamed)}")
    return lines


def _set_lines(test_set: SetAudit) -> list[str]:
    lines = [f"{test_set.name}: {'; '.join(test_set.findings)}"] if test_set.findings else []
    return lines + [f"  {test_set.source}:{fault}" for fault in test_set.first_malformed]


def _shared_line(pair: SharedTexts) -> str:
    other = f", {pair.other_gold:,} with another gold" if pair.other_gold else ""
    return f"{pair.first} and {pair.second}: {_count(pair.texts, 'text')} in common{other}"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
