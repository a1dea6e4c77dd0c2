"""`clca content review`: the sheet for native readers as Markdown or JSON."""

from __future__ import annotations

import sys
from pathlib import Path

from clca.content.lookup import Content, find_workspace
from clca.culture import CultureCatalogue
from clca.culture.profile import FOLDER
from clca.culture.review import Section, review_sheet
from clca.errors import SettingsError
from clca.printable import json_text, markdown_text, printable
from clca.records import Culture
from clca.storage.atomic import atomic_write


def review(name: str, out: Path | None, *, as_json: bool) -> None:
    """Print the sheet of a culture, or write it to a new file.

    Raises `NotFoundError` for an unknown culture, `SettingsError` for one of several countries, `StoreError` if the
    file exists or cannot be written.
    """
    catalogue = CultureCatalogue(Content(find_workspace()))
    culture = catalogue.culture(catalogue.find(name))
    if culture.members:
        members = " and ".join(culture.members)
        raise SettingsError(f"{culture.id} has the names and manners of its countries: review {members}")
    sections = review_sheet(culture)
    text = _json(culture, sections) if as_json else _markdown(culture, sections)
    if out is None:
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    else:
        atomic_write(out, text, new=True)


def read_by(culture: Culture) -> str:
    """Who of the culture has read its profile, in words."""
    if not culture.read_by:
        return "not read by a native reader"
    return "read by " + "; ".join(f"{reader.reader}, {reader.home}, {reader.date}" for reader in culture.read_by)


def _json(culture: Culture, sections: list[Section]) -> str:
    sheet = {
        "culture": culture.id,
        "read_by": [reader.model_dump(mode="json") for reader in culture.read_by],
        "sources": list(culture.sources),
        "sections": [{"title": part.title, "question": part.question, "lines": list(part.lines)} for part in sections],
    }
    return json_text(sheet, indent=2) + "\n"


def _markdown(culture: Culture, sections: list[Section]) -> str:
    lines = [
        f"# {markdown_text(culture.name)}: a sheet for native readers",
        "",
        f"Profile: `{FOLDER}/{culture.id}.yaml`, {markdown_text(read_by(culture))}.",
        "",
        "Everything below is put into role-plays in English that are set in this country. Tick what is right. Write"
        " behind the rest what is wrong: wrong, old-fashioned, rude, a caricature, only of some people, or better said"
        " otherwise.",
        "",
        "Its sources:",
        "",
        *([f"- {markdown_text(source)}" for source in culture.sources] or ["- none are named"]),
    ]
    for part in sections:
        lines += [
            "",
            f"## {part.title}",
            "",
            part.question,
            "",
            *(f"- [ ] {markdown_text(line)}" for line in part.lines),
        ]
    lines += [
        "",
        "## Who has read it",
        "",
        f"Once its faults are mended, add yourself to `{FOLDER}/{culture.id}.yaml`:",
        "",
        "```yaml",
        "read_by:",
        '  - {reader: "your name or initials", home: "where you grew up", date: 2026-01-31, note: "what you read"}',
        "```",
        "",
    ]
    return "\n".join(lines)
