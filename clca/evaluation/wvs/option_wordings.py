"""The words of an item in a reply: which options a text names, and which of its words are the question's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clca.content.wvs_items import Item
from clca.evaluation.wvs.answer_patterns import AnswerPatterns
from clca.evaluation.wvs.phrases import Phrases, is_unspaced, normalise

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Mention:
    """An option that a text names, and where its words begin and end."""

    option: int
    start: int
    end: int


class OptionWordings:
    """The wordings of an item's options in a language, and the words of its question."""

    def __init__(self, item: Item, patterns: AnswerPatterns, fillers: Phrases) -> None:
        def of_options(wordings: Callable[[str], Iterable[str]]) -> dict[str, int]:
            options = enumerate(item.options)
            return {normalise(wording): index for index, option in options for wording in wordings(option)}

        anywhere = of_options(lambda option: (option, *patterns.also.get(option, ())))
        self._options = {**of_options(lambda option: patterns.short.get(option, ())), **anywhere}
        self._anywhere, self._first = Phrases(anywhere), Phrases(self._options)
        self._fillers = fillers
        self._filler_words = frozenset(word for filler in fillers.phrases for word in filler.split())
        self.question = normalise(item.question).strip(" .:!?¡¿。")
        self._question_words = frozenset(WORD.findall(self.question))
        self.options = tuple(map(normalise, item.options))

    def first(self, text: str, at: int = 0) -> Mention | None:
        """The option with whose words a text begins at an index; yes and no count only there."""
        match = self._first.match(text, at)
        return None if match is None else Mention(self._options[match.group()], at, match.end())

    def mentions(self, text: str) -> list[Mention]:
        """The options that a text names, from left to right."""
        first = self.first(text)
        rest = self._anywhere.finditer(text, first.end if first else 0)
        found = [Mention(self._options[match.group()], match.start(), match.end()) for match in rest]
        return found if first is None else [first, *found]

    def is_filler(self, text: str) -> bool:
        """Whether all words of a text are fillers or the question's own."""
        for word in WORD.findall(text):
            if is_unspaced(word[0]):
                if not self._covers(word):
                    return False
            elif word not in self._filler_words and word not in self._question_words:
                return False
        return True

    def _covers(self, text: str) -> bool:
        """Whether fillers and pieces of the question (of two or more characters) make up a text without spaces."""
        at = 0
        while at < len(text):
            filler = self._fillers.match(text, at)
            end = filler.end() if filler else at
            piece = at + 2
            while piece <= len(text) and text[at:piece] in self.question:
                end, piece = max(end, piece), piece + 1
            if end == at:
                return False
            at = end
        return True
