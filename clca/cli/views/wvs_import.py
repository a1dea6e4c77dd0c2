"""`clca data import-wvs`: the import, and its audit in the terminal."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table

from clca.cli.views.screen import make_console, print_json
from clca.content.lookup import Content, find_workspace
from clca.errors import SettingsError
from clca.evaluation.wvs.microdata.audit import CountryAudit, SurveyAudit
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.respondents import FILE, default_folder

LIBRARIES = ("numpy", "pyarrow")


def import_wvs(files: list[Path], out: Path | None, *, as_json: bool) -> None:
    """Import survey files and show what was found. Raises `SettingsError` without the libraries it needs."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"importing needs {' and '.join(missing)}, not installed here:"
            " pip install '.[eval]' in clca's source folder"
        )
    from clca.evaluation.wvs.microdata.importer import import_survey

    workspace = find_workspace()
    codebook = load_codebook(Content(workspace))
    folder = out or default_folder(workspace)
    audit = import_survey(files, codebook, folder)
    if as_json:
        print_json({"respondents_file": str(folder / FILE), **audit.model_dump(mode="json")})
        return
    show(audit, make_console())
    make_console().print(
        f"{audit.respondents:,} respondents of {_count(len(audit.countries), 'country')} in {folder / FILE}"
    )


def show(audit: SurveyAudit, console: Console) -> None:
    """Show respondents by country, missing answers by item, and everything that was left out."""
    fields = sum(len(country.fields) for country in audit.countries.values())
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("country", "respondents", "items answered", "answers missing", "persona fields", "weighted"):
        table.add_column(column, justify="left" if column == "country" else "right")
    for name, country in audit.countries.items():
        all_weighted = country.weighted == country.respondents
        table.add_row(
            name,
            f"{country.respondents:,}",
            f"{len(country.asked)} of {len(country.items) + len(audit.absent['items'])}",
            f"{100 * _share_missing(country):.1f} %",
            str(sum(1 for field in country.fields.values() if field.known)),
            "yes" if all_weighted else f"{country.weighted:,}" if country.weighted else "no",
        )
    console.print(table)
    console.print()
    console.print("Missing answers in per cent (- not asked, . none)", style="dim")
    console.print(_by_item(audit))
    console.print()
    for line in _lines(audit, personas=fields > 0):
        console.print(line)


def _by_item(audit: SurveyAudit) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("")
    for country in audit.countries.values():
        table.add_column(country.iso3, justify="right")
    for item in dict.fromkeys(item for country in audit.countries.values() for item in country.items):
        table.add_row(item, *(_missing_cell(country, item) for country in audit.countries.values()))
    return table


def _missing_cell(country: CountryAudit, item: str) -> str:
    counts = country.items.get(item)
    if counts is None or not counts.answered:
        return "-"
    return f"{100 * counts.share_missing:.1f}" if counts.missing else "."


def _share_missing(country: CountryAudit) -> float:
    """The share of missing answers among those to items that were asked, in [0, 1]."""
    counts_asked = [country.items[item] for item in country.asked]
    missing = sum(sum(counts.missing.values()) for counts in counts_asked)
    return missing / max(1, missing + sum(counts.answered for counts in counts_asked))


def _lines(audit: SurveyAudit, *, personas: bool) -> list[str]:
    lines = [f"{source.file}: {source.rows:,} rows, {source.layout}" for source in audit.sources]
    for kind, names in audit.absent.items():
        if names:
            noun = "items" if kind == "items" else "persona fields"
            lines.append(f"no column of {len(names)} {noun}: {', '.join(names)}")
    if not personas:
        lines.append("no demographics: these respondents can be compared with, but not used as personas")
    if audit.left_out:
        total = sum(audit.left_out.values())
        countries = ", ".join(f"{name or 'no country'} {count:,}" for name, count in audit.left_out.items())
        lines.append(f"left out, of other countries: {total:,} ({countries})")
    lines += [f"left out, {kind}: {count:,}" for kind, count in audit.unmatched.items()]
    codes = _codes(audit)
    if codes:
        lines.append(f"missing answers by code: {', '.join(f'{code} {count:,}' for code, count in codes.items())}")
    return [*lines, *audit.notes]


def _codes(audit: SurveyAudit) -> dict[str, int]:
    """Missing answers by the survey's code, over all items and countries."""
    total: Counter[str] = Counter()
    for country in audit.countries.values():
        for counts in country.items.values():
            total.update(counts.missing)
    return dict(sorted(total.items(), key=lambda entry: (not entry[0].startswith("-"), entry[0])))


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun.removesuffix('y')}ies"
