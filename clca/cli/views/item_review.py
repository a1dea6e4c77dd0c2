"""`clca content review-items`: the sheet on which a native reader checks the survey in their language."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content, find_workspace
from clca.content.translations import load_translation, translation_files
from clca.content.wvs_items import Item, Items, load_items
from clca.culture import CultureCatalogue
from clca.evaluation.wvs.persona import PersonaField
from clca.evaluation.wvs.suite import ENGLISH, files_of, load_suite, native_language
from clca.printable import json_text, markdown_text, printable
from clca.storage.atomic import atomic_write

QUESTION = (
    "Read each part in both languages. Tick it if people would understand the same in both: the meaning, the end that"
    " the scale begins with, the order of the options, how strong each is, and how one would ask it politely. Write"
    " behind it what is wrong, and what would be right."
)
READ = "Once it is read: add `read_by: [{reader: NAME, home: WHERE, date: YYYY-MM-DD}]` to the file of the items."


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A translation beside its original; persona and prompts are empty where the language lacks them."""

    path: str
    translation: Items
    items: tuple[tuple[Item, Item], ...]
    persona: tuple[tuple[PersonaField, PersonaField], ...]
    prompts: tuple[tuple[str, str, str], ...]


def review_items(name: str, out: Path | None, *, as_json: bool) -> None:
    """Print the sheet of a language, given by its code or a culture that speaks it, or write it to a new file.

    Raises `NotFoundError` for an unknown language, `StoreError` if the file exists or cannot be written.
    """
    content = Content(find_workspace())
    known = translation_files(content)
    language = name if name in known else native_language(content, CultureCatalogue(content).find(name))
    sheet = _sheet(content, language)
    text = _json(sheet) if as_json else _markdown(sheet)
    if out is None:
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    else:
        atomic_write(out, text, new=True)


def _sheet(content: Content, language: str) -> _Sheet:
    path, translation = load_translation(content, language)
    originals = {item.id: item for item in load_items(content).items}
    pairs = tuple((originals[item.id], item) for item in translation.items)
    if not set(files_of(language)) <= set(content.files()):
        return _Sheet(path, translation, pairs, (), ())
    english, other = load_suite(content), load_suite(content, language)
    files = [pair for pair in zip(files_of(ENGLISH), files_of(language), strict=True) if pair[1].endswith(".j2")]
    return _Sheet(
        path,
        translation,
        pairs,
        tuple(zip(english.persona.fields, other.persona.fields, strict=True)),
        tuple((file, content.text(original), content.text(file)) for original, file in files),
    )


def _json(sheet: _Sheet) -> str:
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
        for original, translated in sheet.items
    ]
    persona = [
        {
            "id": original.id,
            "name": original.name,
            "words": [original.wording(code) for code in original.codes],
            "translated_name": translated.name,
            "translated_words": [translated.wording(code) for code in translated.codes],
            "remarks": "",
        }
        for original, translated in sheet.persona
    ]
    prompts = [
        {"file": file, "text": original, "translated_text": translated, "remarks": ""}
        for file, original, translated in sheet.prompts
    ]
    whole = {"file": sheet.path, "language": sheet.translation.language, "items": items}
    return json_text({**whole, "persona": persona, "prompts": prompts}, indent=2) + "\n"


def _markdown(sheet: _Sheet) -> str:
    language = sheet.translation.language
    lines = [f"# The survey in {language}: a sheet for native readers", "", f"File: `{sheet.path}`.", "", QUESTION]
    for original, translated in sheet.items:
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
    for field, told in sheet.persona:
        lines += ["", f"## {field.id}", "", f"- [ ] {markdown_text(field.name)}: {markdown_text(told.name)}"]
        codes = ((markdown_text(field.wording(code)), markdown_text(told.wording(code))) for code in field.codes)
        lines += [f"  - {en}: {to}" for en, to in codes]
        lines += ["", "Remarks:"]
    for file, text, translated_text in sheet.prompts:
        lines += ["", f"## {file}", "", "- [ ] Both say the same", "", _fenced(text), "", _fenced(translated_text)]
        lines += ["", "Remarks:"]
    return "\n".join([*lines, "", "Read by, grew up in, on:", "", READ, ""])


def _fenced(text: str) -> str:
    return f"```jinja\n{text.rstrip()}\n```"
