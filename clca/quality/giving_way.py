"""Who gives way in a dialogue, by the intents that its turns were labelled with."""

from __future__ import annotations

import re

from pydantic import Field

from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.records import Record
from clca.records.base import Line
from clca.tokens import tokens

PATH = "eval/quality/giving_way.yaml"


class _File(Record):
    skipped: tuple[Line, ...]
    heads: tuple[Line, ...] = Field(min_length=1)


class GivingWay:
    """Tells an intent to give way by how it begins, once the speaker's name and verbs of wanting are taken off."""

    def __init__(self, skipped: tuple[str, ...], heads: tuple[str, ...]) -> None:
        self._skipped = _beginning(skipped)
        self._heads = _beginning(heads)

    @classmethod
    def load(cls, content: Content) -> GivingWay:
        """That of `eval/quality/giving_way.yaml`. Raises `ContentError`."""
        file = read_yaml(content.shown(PATH), content.text(PATH), _File)
        return cls(file.skipped, file.heads)

    def is_in(self, intent: str, speaker: str) -> bool:
        """Whether an intent of this speaker is one to give way."""
        names = set(tokens(speaker))
        words = tokens(intent)
        while words and words[0] in names:
            words = words[1:]
        text = " ".join(words)
        while (match := self._skipped.match(text)) is not None:
            text = text[match.end() :].lstrip()
        return self._heads.match(text) is not None


def _beginning(phrases: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = sorted((" ".join(tokens(phrase)) for phrase in phrases), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, alternatives))})(?![^ ])") if alternatives else re.compile(r"(?!)")
