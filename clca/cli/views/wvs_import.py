"""Imported respondents as text for the terminal."""

from __future__ import annotations

import json
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from clca.cli.views.screen import make_console, printable
from clca.content.lookup import Content, find_workspace
from clca.errors import SettingsError
from clca.evaluation.wvs.microdata.audit import CountryAudit, SurveyAudit
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.respondents import FILE, default_folder

LIBRARIES = ("numpy", "pyarrow")


def import_wvs(files: list[Path], out: Path | None, *, as_json: bool) -> None:
    lacking = [name for name in LIBRARIES if find_spec(name) is None]
    if lacking:
        raise SettingsError(
            f"importing needs {' and '.join(lacking)}, not installed here: pip install '.[eval]' where clca's source is"
        )
    from clca.evaluation.wvs.microdata.importer import import_survey

    workspace = find_workspace()
    codebook = load_codebook(Content(workspace))
    folder = out or default_folder(workspace)
    audit = import_survey(files, codebook, folder)
    if as_json:
        print(json.dumps({"respondents_file": str(folder / FILE), **audit.model_dump(mode="json")}, ensure_ascii=False))
        return
    show(audit, make_console())
    print(f"{audit.respondents:,} respondents of {_number(len(audit.countries), 'country')} in {folder / FILE}")


def show(audit: SurveyAudit, console: Console) -> None:
    """What is there by country, what is missing by item, and everything that was left out."""
    fields = sum(len(found.fields) for found in audit.countries.values())
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("country", "respondents", "items answered", "answers missing", "persona fields", "weighted"):
        table.add_column(column, justify="left" if column == "country" else "right")
    for country, found in audit.countries.items():
        table.add_row(
            country,
            f"{found.respondents:,}",
            f"{len(found.asked)} of {len(found.items) + len(audit.absent['items'])}",
            f"{100 * _missing(found):.1f} %",
            str(sum(1 for one in found.fields.values() if one.known)),
            "yes" if found.weighted == found.respondents else f"{found.weighted:,}" if found.weighted else "no",
        )
    console.print(table)
    console.print()
    console.print("Missing answers in per cent (- not asked, . none)", style="dim")
    console.print(_by_item(audit))
    console.print()
    for line in _lines(audit, personas=fields > 0):
        console.print(Text(printable(line)))


def _by_item(audit: SurveyAudit) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("")
    for found in audit.countries.values():
        table.add_column(found.iso3, justify="right")
    for item in dict.fromkeys(item for found in audit.countries.values() for item in found.items):
        table.add_row(item, *(_share(found, item) for found in audit.countries.values()))
    return table


def _share(found: CountryAudit, item: str) -> str:
    one = found.items.get(item)
    if one is None or not one.answered:
        return "-"
    return f"{100 * one.share_missing:.1f}" if one.missing else "."


def _missing(found: CountryAudit) -> float:
    """The share of missing answers among those to items that were asked."""
    asked = [found.items[item] for item in found.asked]
    lost = sum(sum(one.missing.values()) for one in asked)
    return lost / max(1, lost + sum(one.answered for one in asked))


def _lines(audit: SurveyAudit, *, personas: bool) -> list[str]:
    lines = [f"{one.file}: {one.rows:,} rows, {one.layout}" for one in audit.sources]
    for what, names in audit.absent.items():
        if names:
            kind = "items" if what == "items" else "persona fields"
            lines.append(f"no column of {len(names)} {kind}: {', '.join(names)}")
    if not personas:
        lines.append("no demographics: these respondents can be compared with, but not be played as personas")
    if audit.left_out:
        total = sum(audit.left_out.values())
        where = ", ".join(f"{name or 'no country'} {count:,}" for name, count in audit.left_out.items())
        lines.append(f"left out, of other countries: {total:,} ({where})")
    lines += [f"left out, {what}: {count:,}" for what, count in audit.unmatched.items()]
    codes = _codes(audit)
    if codes:
        lines.append(f"missing answers by code: {', '.join(f'{code} {count:,}' for code, count in codes.items())}")
    return [*lines, *audit.notes]


def _codes(audit: SurveyAudit) -> dict[str, int]:
    """Missing answers by the survey's code, over all items and countries."""
    total: Counter[str] = Counter()
    for found in audit.countries.values():
        for one in found.items.values():
            total.update(one.missing)
    return dict(sorted(total.items(), key=lambda one: (not one[0].startswith("-"), one[0])))


def _number(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one.removesuffix('y')}ies"
