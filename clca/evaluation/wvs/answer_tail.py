"""The text behind an answer: whether it leaves the answer as it is, or qualifies, denies or changes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clca.evaluation.wvs.answer_patterns import AnswerPatterns
from clca.evaluation.wvs.option_wordings import OptionWordings
from clca.evaluation.wvs.phrases import WORD, Phrases, is_unspaced, normalise

NUMBER = re.compile(r"\d+")
SEPARATOR = re.compile(r"[\s¡¿()\[\]{}.:;,!=、。–—-]*")
SENTENCE_END = re.compile(r"[.!;?](?!\S)|[!?;](?=[\u2e80-\U0010ffff])|。")
_CLOSING = frozenset(".!;。:")
_AMOUNT = re.compile(r" [^\W\d_]")
_WORD_BEFORE = re.compile(rf"({WORD.pattern}) \Z")


class AnswerTail:
    """Reads what stands behind an answer in the language of some answer patterns."""

    def __init__(self, patterns: AnswerPatterns) -> None:
        self._lead_ins = Phrases((*patterns.lead_ins, *patterns.choosing))
        self._reasons = Phrases((*patterns.reasons, *patterns.prefaces))
        self._turns = Phrases((*patterns.turns, *patterns.qualifiers))
        self._qualifiers = Phrases(patterns.qualifiers)
        self._numerals = Phrases(patterns.numerals)
        before_numbers = (*patterns.turns, *patterns.qualifiers, *patterns.lead_ins, *patterns.choosing)
        self._before_answers = frozenset(normalise(phrase).rpartition(" ")[2] for phrase in before_numbers)

    def leaves(self, tail: str, option: int, number: str, wordings: OptionWordings) -> bool:
        """Whether an answer, the option shown with a number, stands with this text behind it."""
        if any(mention.option != option for mention in wordings.mentions(tail)):
            return False
        tail = wordings.without(tail, option)  # its own words deny nothing: Nein, ich würde es nicht nennen
        separator = SEPARATOR.match(tail)
        assert separator is not None
        at = separator.end()
        mention = wordings.first(tail, at)
        if mention is not None and mention.option != option:
            return False
        if tail[at : at + 1] == "?" or tail.startswith("/"):
            return False
        if not _CLOSING & set(separator.group()):
            end = end_of_sentence(tail, at)
            if tail[end : end + 1] == "?" or not self._goes_on(tail[at:end], number, wordings):
                return False
            at = end
        while at < len(tail):
            at = SEPARATOR.match(tail, at).end()  # type: ignore[union-attr]
            end = end_of_sentence(tail, at)
            mention = wordings.first(tail, at)
            if mention is not None and mention.option != option:
                return False
            if self.qualifies(tail[at:end], wordings) or (mention is None and self._is_denial(tail[at:end], wordings)):
                return False
            at = end + 1
        return not any(other != number for other in self._other_answers(tail))

    def _goes_on(self, clause: str, number: str, wordings: OptionWordings) -> bool:
        """Whether the rest of an answer's sentence leaves it as it is; what follows a reason does not count."""
        reason = self._reasons.search(clause)
        before = clause[: reason.start()] if reason else clause
        if self._qualifiers.search(before) or self._turns.match(before) or self._turns.ends(clause):
            return False
        if reason and self._qualifiers.match(clause, reason.start()):
            return False  # "as long as" is no reason
        if any(other != number for other in numbers(before)):
            return False
        numeral = self._numerals.search(before)
        if numeral and not is_unspaced(numeral.group()[0]):
            return False
        return not self._is_denial(before, wordings)

    def qualifies(self, sentence: str, wordings: OptionWordings) -> bool:
        """Whether a sentence behind an answer qualifies it: before the qualifier it has only words about the answer."""
        qualifier = self._qualifiers.search(sentence)
        return qualifier is not None and wordings.is_filler(self._lead_ins.without(sentence[: qualifier.start()]))

    def _is_denial(self, clause: str, wordings: OptionWordings) -> bool:
        """Whether a clause holds a word that might change an answer, and beside it only words about the answer."""
        return self._turns.search(clause) is not None and wordings.is_filler(self._turns.without(clause))

    def _other_answers(self, text: str) -> Iterator[str]:
        """The numbers below 10 that are no amounts, as in `3 children`."""
        for match in NUMBER.finditer(text):
            if len(match.group()) == 1:
                word = _WORD_BEFORE.search(text, max(0, match.start() - 20), match.start())
                if word is None or word.group(1) in self._before_answers or not _AMOUNT.match(text, match.end()):
                    yield match.group()


def end_of_sentence(text: str, at: int) -> int:
    """Where the sentence ends that the text at `at` belongs to."""
    match = SENTENCE_END.search(text, at)
    return match.start() if match else len(text)


def numbers(text: str) -> Iterator[str]:
    """The numbers of a text, as digits."""
    return (match.group() for match in NUMBER.finditer(text))
