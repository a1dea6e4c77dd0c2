"""Who gives way in a dialogue, by the intents that its turns were labelled with."""

from __future__ import annotations

import re
from itertools import dropwhile

from pydantic import Field

from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.errors import ContentError
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
        """That of `eval/quality/giving_way.yaml`. Raises `ContentError`, also for a phrase without a word."""
        file = read_yaml(content.shown(PATH), content.text(PATH), _File)
        for phrase in (*file.skipped, *file.heads):
            if not tokens(phrase):
                raise ContentError(content.shown(PATH), None, f"{phrase!r} has no word")
        return cls(file.skipped, file.heads)

    def is_in(self, intent: str, speaker: str) -> bool:
        """Whether an intent of this speaker is one to give way."""
        names = set(tokens(speaker))
        text, at = " ".join(dropwhile(names.__contains__, tokens(intent))), 0
        while (match := self._skipped.match(text, at)) is not None:
            at = match.end() + 1  # the space behind it
        return self._heads.match(text, at) is not None


def _beginning(phrases: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = sorted((" ".join(tokens(phrase)) for phrase in phrases), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, alternatives))})(?![^ ])") if alternatives else re.compile(r"(?!)")
