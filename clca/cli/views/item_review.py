"""`clca content review-items`: the sheet on which a native reader checks a translation of the survey's items."""

from __future__ import annotations

import sys
from pathlib import Path

from clca.content.lookup import Content, find_workspace
from clca.content.translations import load_translation
from clca.content.wvs_items import Item, load_items
from clca.printable import json_text, markdown_text, printable
from clca.storage.atomic import atomic_write

QUESTION = (
    "Read each item in both languages. Tick it if people would understand the same in both: the meaning, the end that"
    " the scale begins with, the order of the options, how strong each is, and how one would ask it politely. Write"
    " behind it what is wrong, and what would be right."
)


def review_items(name: str, out: Path | None, *, as_json: bool) -> None:
    """Print the sheet of a translation, or write it to a new file.

    Raises `NotFoundError` for an unknown translation, `StoreError` if the file exists or cannot be written.
    """
    content = Content(find_workspace())
    path, translation = load_translation(content, name)
    originals = {item.id: item for item in load_items(content).items}
    pairs = [(originals[item.id], item) for item in translation.items]
    make = _json if as_json else _markdown
    text = make(path, translation.language, pairs)
    if out is None:
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    else:
        atomic_write(out, text, new=True)


def _json(path: str, language: str, pairs: list[tuple[Item, Item]]) -> str:
    items = [
        {
            "id": original.id,
            "direction": original.direction,
            "question": original.question,
            "options": list(original.options),
            "translated_question": translated.question,
            "translated_options": list(translated.options),
            "remarks": "",
        }
        for original, translated in pairs
    ]
    return json_text({"file": path, "language": language, "items": items}, indent=2) + "\n"


def _markdown(path: str, language: str, pairs: list[tuple[Item, Item]]) -> str:
    lines = [f"# The survey's items in {language}: a sheet for native readers", "", f"File: `{path}`.", "", QUESTION]
    for original, translated in pairs:
        lines += [
            "",
            f"## {original.id}: {markdown_text(original.label)} ({markdown_text(original.direction)})",
            "",
            f"- [ ] {markdown_text(original.question)}",
            f"- {markdown_text(translated.question)}",
        ]
        options = zip(original.options, translated.options, strict=True)
        lines += [f"  {number}. {markdown_text(en)}: {markdown_text(to)}" for number, (en, to) in enumerate(options, 1)]
        lines += ["", "Remarks:"]
    return "\n".join([*lines, "", "Read by, grew up in, on:", ""])
