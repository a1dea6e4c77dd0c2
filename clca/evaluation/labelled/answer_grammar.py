"""Which option of a closed list a reply names: the grammar of answers to questions about a text.

The reply begins, after fillers such as "Answer:", with one option's number or words. Within the next `REACH`
characters its sentence names no other option and nothing that speaks against the answer, and no sentence that begins
there begins with another option's number or consists of its words. A reply that repeats the text is no answer; one
that goes on behind the text is read there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import StringConstraints

from clca.evaluation.answer_text import (
    LINE_BREAKS,
    PART,
    REACH,
    Reading,
    ReplyReader,
    first_phrase_end,
    longest_first,
    phrase_end,
    repeated_end,
    repeats,
    same_word,
    skip,
    skip_fillers,
)
from clca.records import Record

ENTITY = "{entity}"

Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]

_OPENING = frozenset(" \n\"'`*_#:;.,()[]{}<>=|!«»„“”「」『』。、，：；…·•\\~-–—\ufeff\u200b")
_BETWEEN_SENTENCES = _OPENING - {"#"}
_AFTER_NUMBER = re.compile(r"[.):\]}\-–—,;*_`\"'”» ]+")
_DECIMAL = re.compile(r"[.,][0-9]")
_SENTENCE_END = re.compile(r"[.!;](?=\s)|[。！；]|[\n#]")  # "#" begins what a model adds of its own
_CONJUNCTION = re.compile(r"(?:\band|[&+,]) *$")
_SPACES_OF_ASCII = {sign: "\n" if chr(sign) in LINE_BREAKS else " " for sign in range(128) if chr(sign).isspace()}
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[\w']+")
_DIGITS = re.compile(r"[0-9]+")
_AROUND = "".join(_OPENING) + "?"
_DASHES = ("-", "–", "—")
_DOUBT = ("?", "/", "%")


class AnswerOption(Record):
    """A possible answer: its number and words in the prompt, and the label that it stands for.

    `also` are further words for it, `alone` words that count only where no word follows; after an option that
    `denies`, a negation does not speak against it.
    """

    number: Annotated[str, StringConstraints(pattern=r"^[0-9]+$")]
    label: Words
    words: Words
    also: tuple[Words, ...] = ()
    alone: tuple[Words, ...] = ()
    denies: bool = False

    @property
    def spoken(self) -> tuple[str, ...]:
        """All of its words."""
        return (self.words, *self.also, *self.alone)

    def of(self, entity: str) -> AnswerOption:
        """The option of a task type whose entity is `entity`, such as "hate"."""
        also, alone = (
            tuple(phrase.replace(ENTITY, entity) for phrase in phrases) for phrases in (self.also, self.alone)
        )
        return self.model_copy(update={"also": also, "alone": alone})


class Vocabulary(Record):
    """Words around an answer: `fillers` before it; `alternatives` and `negations` after it, which speak against it."""

    fillers: tuple[Words, ...]
    alternatives: tuple[Words, ...]
    negations: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    """The option that a text names at some index, None for none, and where its words end.

    `cut`: the text ends too early to tell.
    """

    option: int | None
    end: int
    cut: bool


class _Repetition(NamedTuple):
    """Whether a reply repeats a text, so that it is no answer, and whether more text may change that (`open`)."""

    repeats: bool
    open: bool


class AnswerGrammar(ReplyReader):
    """Reads replies as the labels of options."""

    def __init__(self, options: Sequence[AnswerOption], vocabulary: Vocabulary) -> None:
        self._options = tuple(options)
        self._numbers = tuple(option.number for option in options)
        words: dict[str, int] = {}
        for index, option in enumerate(options):
            for phrase in option.spoken:
                words.setdefault(_phrase(phrase), index)
        self._words = {phrase: words[phrase] for phrase in longest_first(words)}
        self._alone = {_phrase(phrase) for option in options for phrase in option.alone}
        self._fillers = longest_first(map(_phrase, vocabulary.fillers))
        self._alternatives = [_normalise(phrase) for phrase in vocabulary.alternatives]
        self._negations = [_normalise(phrase) for phrase in vocabulary.negations]

    def scan(self, text: str, given: Sequence[str] = ()) -> Reading:
        """The label that a reply gives, and whether it is decided."""
        text = _normalise(text)
        at = skip_fillers(text, self._fillers, _OPENING, same_word)
        if at is None:
            return Reading(None, False)
        answer = self._answer(text, at)
        reading = self._reading(text, at, answer)
        repeats_text = undecided = False
        for repeated in filter(None, map(_given, given)):
            words = [word.start() for word in _WORD.finditer(text, 0, min(at, REACH))]
            for start in (*words, at):  # "The text is: ..."
                end = repeated_end(text, start, repeated)
                if end > answer.end:
                    return self.scan(text[end:])
                repetition = _repetition(text, start, repeated, answer)
                repeats_text = repeats_text or repetition.repeats
                undecided = undecided or repetition.open
        return Reading(None if repeats_text else reading.label, (repeats_text or reading.final) and not undecided)

    def _reading(self, text: str, at: int, answer: _Mention) -> Reading:
        """The label of the answer that begins at `at`, by what follows it."""
        if text[at - 1 : at] in _DASHES and text[at].isdigit():
            return Reading(None, True)  # -1 is no option
        if answer.option is None:
            return Reading(None, not answer.cut)
        match = _SENTENCE_END.search(text, answer.end)
        closed, end = match is not None, match.start() if match else len(text)
        contradicted, final = self._contradiction(text[:end], answer, closed=closed)
        if closed and not contradicted:
            contradicted, final = self._following(text, end, answer)
        label = None if contradicted else self._options[answer.option].label
        return Reading(label, final and not answer.cut)

    def _answer(self, text: str, at: int) -> _Mention:
        """The option whose number or words begin at `at`, or both one after the other."""
        digits = _DIGITS.match(text, at)
        if digits is None:
            return self._worded(text, at)
        end, numbers = digits.end(), self._numbers
        option = numbers.index(digits.group()) if digits.group() in numbers else None
        if end == len(text):
            return _Mention(option, end, any(number.startswith(digits.group()) for number in numbers))
        if option is None or same_word("0", text[end]) or _DECIMAL.match(text, end):
            return _Mention(None, end, False)
        marker = _AFTER_NUMBER.match(text, end)
        end = marker.end() if marker else end
        named = self._worded(text, end)
        return _Mention(option, named.end if named.option == option else end, named.cut)

    def _worded(self, text: str, at: int) -> _Mention:
        """The option whose words begin at `at`, the longest words first."""
        cut = False
        begin = text[at : at + 1]
        for phrase, option in self._words.items():
            if phrase[0] != begin and begin:
                continue
            end, unfinished = phrase_end(text, phrase, at, same_word)
            cut = cut or unfinished
            if end and phrase in self._alone:
                closes, unfinished = _closes_sentence(text, end)
                cut = cut or unfinished
                end = end if closes else 0
            if end:
                return _Mention(option, end, cut)
        return _Mention(None, at, cut)

    def _contradiction(self, sentence: str, answer: _Mention, *, closed: bool) -> tuple[bool, bool]:
        """Whether the rest of an answer's sentence names another option or denies it, and whether that is final.

        Only what begins in reach counts. In a sentence that is not `closed`, nothing is final from a word on that is
        still being written.
        """
        start, option = answer.end, answer.option
        if any(sign in sentence[start : start + REACH] for sign in _DOUBT):
            return True, True
        assert option is not None
        denies = self._options[option].denies
        against = self._alternatives if denies else self._alternatives + self._negations
        at, final = start, True
        while at < min(len(sentence), start + REACH):
            if sentence[at] == " " or (at > start and same_word(sentence[at - 1], sentence[at])):
                at += 1
                continue
            digits = _DIGITS.match(sentence, at)
            if digits is not None:
                final = final and (closed or sentence[digits.end() :].strip(" ") != "")
                named = self._numbers.index(digits.group()) if digits.group() in self._numbers else option
                if named != option and not _is_amount(sentence, start, digits):
                    return True, final
                at = digits.end()
                continue
            mention = self._worded(sentence, at)
            opposed, cut = first_phrase_end(sentence, against, at, same_word)
            final = final and (closed or not (mention.cut or cut))
            if mention.option is not None:
                denied = denies and any(word in self._negations for word in _WORD.findall(sentence[start:at])[-3:])
                if mention.option != option and not denied:
                    return True, final
                at = mention.end
                continue
            if opposed:
                return True, final
            at += 1
        return False, final and (closed or len(sentence) >= start + REACH)

    def _following(self, text: str, end: int, answer: _Mention) -> tuple[bool, bool]:
        """Whether the next sentence or line speaks against an answer by what it begins with, and whether that is final.

        A list of the options is no answer, and "Actually, ..." takes one back.
        """
        at, limit = skip(text, end, _BETWEEN_SENTENCES), answer.end + REACH
        if at >= limit or at == len(text):
            return False, at >= limit
        if text[at] == "#":
            return False, True
        opposed, cut = first_phrase_end(text, self._alternatives, at, same_word)
        mention = self._answer(text, at)
        closes, unfinished = True, False
        if mention.option is not None and not text[at].isdigit():  # "No explanation needed" is no answer
            closes, unfinished = _closes_sentence(text, mention.end)
        named = mention.option not in (None, answer.option) and closes
        return opposed > 0 or named, not (cut or mention.cut or unfinished)


def _repetition(text: str, start: int, repeated: str, answer: _Mention) -> _Repetition:
    """Whether a reply repeats a text of its question from `start` on, beyond its own answer."""
    words = text[start:].split(maxsplit=PART)
    beginning = " ".join(words[:PART]).strip(_AROUND)
    if beginning not in repeated:
        return _Repetition(False, False)
    alone = answer.option is not None and not any(map(str.isalnum, text[answer.end :]))
    goes_on = len(words) <= PART or repeated.startswith(" ".join(text[start:].split()))
    return _Repetition(not alone and repeats(beginning, repeated), goes_on)


def _is_amount(sentence: str, start: int, digits: re.Match[str]) -> bool:
    """Whether a number counts something, as in "2 words", and names no option."""
    after = sentence[digits.end() :].lstrip(" ")[:1]
    return after.isalpha() and digits.start() > start and not _CONJUNCTION.search(sentence[start : digits.start()])


def _closes_sentence(text: str, at: int) -> tuple[bool, bool]:
    """Whether no word follows in the sentence, and whether the text is too short to tell."""
    after = text[at:].lstrip(" ")
    return not (after[:1].isalnum() or text[at : at + 1] in ("-", "'")), not after


@lru_cache(maxsize=1024)
def _given(text: str) -> str:
    """A text of a question as it stands in a normalised reply that repeats it."""
    return _phrase(text).strip(_AROUND)


def _phrase(text: str) -> str:
    return _SPACES.sub(" ", _normalise(text).strip())


def _normalise(text: str) -> str:
    """Character by character, so that the beginning of a text gives the beginning of the normalised text."""
    if text.isascii():
        return text.translate(_SPACES_OF_ASCII).lower()
    return "".join(map(_normalised_sign, text))


def _normalised_sign(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    if sign.isspace():
        return "\n" if sign in LINE_BREAKS else " "
    return "'" if sign in "’‘ʼ" else unicodedata.normalize("NFKC", sign).casefold()
