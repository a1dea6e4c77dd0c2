"""The words of an item in a reply: which options a text names, and which of its words are the question's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clca.content.wvs_items import Item
from clca.evaluation.wvs.answer_patterns import AnswerPatterns
from clca.evaluation.wvs.phrases import WORD, Phrases, is_unspaced, normalise

WITHHELD = -1
"""The option of the words of all those that are not offered."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An option that a text names, `WITHHELD` for one that is not offered, and where its words begin and end."""

    option: int
    start: int
    end: int


class OptionWordings:
    """The wordings of an item's options in a language, and the words of its question."""

    def __init__(self, item: Item, patterns: AnswerPatterns, fillers: Phrases) -> None:
        def of_options(wordings: Callable[[str], Iterable[str]]) -> dict[str, int]:
            options = [*enumerate(item.options), *((WITHHELD, option) for option in item.withheld)]
            return {normalise(wording): index for index, option in options for wording in wordings(option)}

        anywhere = of_options(lambda option: (option, *patterns.also.get(option, ())))
        self._options = {**of_options(lambda option: patterns.short.get(option, ())), **anywhere}
        self._anywhere, self._first = Phrases(anywhere), Phrases(self._options)
        self._agreeing = {wording: {option} for wording, option in self._options.items()}
        for index, option in enumerate(item.options):
            for wording in map(normalise, patterns.beside_number.get(option, ())):
                self._agreeing.setdefault(wording, set()).add(index)
        self._beside_number = Phrases(self._agreeing)
        self._fillers = fillers
        self._filler_words = frozenset(word for filler in fillers.phrases for word in filler.split())
        self.question = normalise(item.question).strip(" .:!?¡¿。")
        self._question_words = frozenset(WORD.findall(self.question))
        self.options = tuple(map(normalise, item.options))

    def first(self, text: str, at: int = 0) -> Mention | None:
        """The option with whose words a text begins at an index; yes and no count only there."""
        match = self._first.match(text, at)
        return None if match is None else Mention(self._options[match.group()], at, match.end())

    def behind_number(self, text: str, at: int, option: int) -> Mention | None:
        """The words with which a text goes on behind an option's number: of that option, else of another one.

        Words that fit several options (yes) count here as well; they are those of `option` if they fit it.
        """
        match = self._beside_number.match(text, at)
        if match is None:
            return None
        options = self._agreeing[match.group()]
        return Mention(option if option in options else min(options), at, match.end())

    def without(self, text: str, option: int) -> str:
        """The text with spaces in place of the words of an option."""
        pieces, at = [], 0
        for mention in self.mentions(text):
            if mention.option == option:
                pieces += [text[at : mention.start], " " * (mention.end - mention.start)]
                at = mention.end
        return "".join([*pieces, text[at:]])

    def mentions(self, text: str) -> list[Mention]:
        """The options that a text names, from left to right."""
        first = self.first(text)
        rest = self._anywhere.finditer(text, first.end if first else 0)
        mentions = [Mention(self._options[match.group()], match.start(), match.end()) for match in rest]
        return mentions if first is None else [first, *mentions]

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
