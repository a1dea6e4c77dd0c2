"""Translations of the survey's items: those of languages that are evaluated, and drafts that are trained on only."""

from __future__ import annotations

from pathlib import PurePosixPath

from clca.content.lookup import Content
from clca.content.parsing import suggestion
from clca.content.wvs_items import Items, load_items, read_translation
from clca.errors import NotFoundError

DRAFTS = "trainers/translations/*.yaml"
"""Items in the language of a culture, called as the culture; nothing else of the survey is there in that language."""
EVALUATED = "eval/wvs/*/items.yaml"


def translation_files(content: Content) -> dict[str, str]:
    """The file of each translation by the culture of a draft, or the code of a language that is evaluated."""
    evaluated = {path.split("/")[2]: path for path in content.files(EVALUATED)}
    return evaluated | {PurePosixPath(path).stem: path for path in content.files(DRAFTS)}


def load_translation(content: Content, name: str) -> tuple[str, Items]:
    """The file of a translation, and its items. Raises `NotFoundError` for an unknown name, and `ContentError`."""
    files = translation_files(content)
    if name not in files:
        hint = suggestion(name, files) or f"; there are {', '.join(files)}"
        raise NotFoundError(f"no translation of the survey's items for {name!r}{hint}")
    path = files[name]
    return path, read_translation(content.shown(path), content.text(path), load_items(content))
