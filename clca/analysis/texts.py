"""The texts of a data source by culture, as training makes them, without the words that only name the culture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clca.analysis.config import FILES, Source
from clca.errors import SettingsError
from clca.training.examples import Dropped, Example, Text
from clca.training.kept_dialogues import kept_dialogues
from clca.training.sources.culturellm import culturellm
from clca.training.sources.normad import normad
from clca.training.sources.wiki import wiki
from clca.training.sources.wvs import survey, translated_survey
from clca.training.training_sources import TrainingSources
from clca.transcript import text_of

WORDLESS = "dialogue without a word"
NOT_EVERYWHERE = "pair of a survey item that was not asked in every culture of the map"
NAMING = ("### Task:", "### Culture:", "### Country:")
"""How lines of a layout begin that are those of every text, or name the culture, and so would tell it."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text of a source; `id` says where it comes from."""

    id: str
    culture: str
    text: str


Texts = Iterator[SourceText | Dropped]


def source_texts(source: Source, sources: TrainingSources) -> Texts:
    """The texts of all cultures, read one by one. Raises `ContentError` and `SettingsError` for a broken file.

    Of the survey's shares, only items that were asked in every culture are taken: cultures would separate by others.
    """
    return _dialogues(sources) if source == "dialogues" else _of_examples(source, sources)


def _of_examples(source: Source, sources: TrainingSources) -> Texts:
    flag = FILES.get(source, source)
    try:
        everywhere = _items_of_all(source, sources) if source in ("wvs", "wvs-translated") else None
        for example in _MAKERS[source](sources):
            if isinstance(example, Dropped):
                yield example
            elif everywhere is not None and example.item not in everywhere:
                yield Dropped(NOT_EVERYWHERE, example.item)
            elif not example.culture:
                raise SettingsError(f"--{flag}: {example.id} names no culture: use {{culture}} in the file's name")
            else:
                yield SourceText(example.id, example.culture, mapped_text(example))
    except SettingsError as error:
        key = f"data.files.{flag}: "  # of a recipe, which a map has none of
        if not error.message.startswith(key):
            raise
        raise SettingsError(f"--{flag} {error.message.removeprefix(key)}") from None


def mapped_text(example: Example) -> str:
    """The text of an example without its layout's lines that are those of all, or name the culture.

    Of a page about a culture, that is the piece alone.
    """
    body = example.body
    assert isinstance(body, Text)  # these sources make no chats
    if example.task == "context":
        return body.answer.strip()
    lines = (body.prompt + body.answer).splitlines()
    return "\n".join(line for line in lines if not line.startswith(NAMING))


def _items_of_all(source: Source, sources: TrainingSources) -> set[str]:
    """The survey items that all cultures have examples of."""
    items: dict[str, set[str]] = {culture.id: set() for culture in sources.cultures}
    for example in _MAKERS[source](sources):
        if isinstance(example, Example):
            items[example.culture].add(example.item)
    return set.intersection(*(own for own in items.values() if own))


def _dialogues(sources: TrainingSources) -> Texts:
    cultures = {culture.id: culture for culture in sources.cultures}
    for entry in kept_dialogues(sources.dialogues, cultures, accepted_only=False):
        if isinstance(entry, Dropped):
            yield entry
            continue
        file, dialogue = entry
        text = text_of(dialogue)
        if text.strip():
            yield SourceText(f"{file.parent.name}/{dialogue.id}", dialogue.culture, text)
        else:
            yield Dropped(WORDLESS, dialogue.scenario.id)


_MAKERS: dict[Source, Callable[[TrainingSources], Iterator[Example | Dropped]]] = {
    "wvs": survey,
    "wvs-translated": translated_survey,
    "culturellm": culturellm,
    "wiki": wiki,
    "normad": normad,
}
