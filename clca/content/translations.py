"""Translations of the survey's items, by the code of their language."""

from __future__ import annotations

from clca.content.lookup import Content
from clca.content.parsing import suggestion
from clca.content.wvs_items import Items, load_items, read_translation
from clca.errors import NotFoundError

TRANSLATIONS = "eval/wvs/*/items.yaml"


def translation_files(content: Content) -> dict[str, str]:
    """The items of each language but English, by its code."""
    return {path.split("/")[2]: path for path in content.files(TRANSLATIONS)}


def load_translation(content: Content, language: str) -> tuple[str, Items]:
    """The file of a translation, and its items. Raises `NotFoundError` for an unknown language, and `ContentError`."""
    files = translation_files(content)
    if language not in files:
        hint = suggestion(language, files) or f"; there are {', '.join(files)}"
        raise NotFoundError(f"no translation of the survey's items into {language!r}{hint}")
    path = files[language]
    return path, read_translation(content.shown(path), content.text(path), load_items(content))
