"""Stereotyped markers: things that a culture is pictured with so often that they say little about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.errors import ContentError
from clca.records import Record
from clca.records.base import Line, Slug
from clca.tokens import tokens

PATH = "eval/quality/markers.yaml"


class Marker(Record):
    """A marker: the words of which any gives it away, why it is one, and who says so."""

    marker: Line
    words: Annotated[tuple[Line, ...], Field(min_length=1)]
    why: Line
    source: Slug


class _File(Record):
    sources: dict[Slug, Line]
    cultures: dict[Slug, tuple[Marker, ...]]


class Markers:
    """The markers of each culture; a linguistic culture has those of its members besides its own."""

    def __init__(self, markers: dict[str, tuple[Marker, ...]]) -> None:
        self._patterns = {
            culture: [(mark.marker, _pattern(mark.words)) for mark in own] for culture, own in markers.items() if own
        }

    @classmethod
    def load(cls, content: Content, members: dict[str, tuple[str, ...]]) -> Markers:
        """Those of `eval/quality/markers.yaml`; `members` has all cultures, with the countries of linguistic ones.

        Raises `ContentError`, also for a culture that is not known and a source that is not listed.
        """
        shown, text = content.shown(PATH), content.text(PATH)
        file = read_yaml(shown, text, _File)
        for culture, own in file.cultures.items():
            if culture not in members:
                line = yaml_line(text, ("cultures", culture))
                raise ContentError(shown, line, f"cultures: no culture {culture!r}{suggestion(culture, members)}")
            for number, mark in enumerate(own):
                empty = next((word for word in mark.words if not tokens(word)), None)
                if empty is not None:
                    line = yaml_line(text, ("cultures", culture, number, "words"))
                    raise ContentError(shown, line, f"{culture}.{number}.words: {empty!r} has no word")
                if mark.source not in file.sources:
                    line = yaml_line(text, ("cultures", culture, number, "source"))
                    hint = suggestion(mark.source, file.sources)
                    raise ContentError(shown, line, f"{culture}.{number}.source: no source {mark.source!r}{hint}")
        return cls(
            {
                culture: tuple(
                    {mark.marker: mark for name in (culture, *of) for mark in file.cultures.get(name, ())}.values()
                )
                for culture, of in members.items()
            }
        )

    def has(self, culture: str) -> bool:
        """Whether there are any for a culture."""
        return culture in self._patterns

    def in_text(self, culture: str, words: Sequence[str]) -> tuple[str, ...]:
        """The names of the markers of a culture that stand in a text, given as its tokens."""
        if culture not in self._patterns:
            return ()
        flat = f" {' '.join(words)} "
        return tuple(name for name, pattern in self._patterns[culture] if pattern.search(flat) is not None)

    def names(self, culture: str) -> tuple[str, ...]:
        """The markers of a culture in the order of the file."""
        return tuple(name for name, _ in self._patterns.get(culture, ()))


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words or phrases, whole; plurals in -s and -es count as well."""
    return re.compile(rf" (?:{'|'.join(re.escape(' '.join(tokens(word))) for word in words)})(?:s|es)? ")
