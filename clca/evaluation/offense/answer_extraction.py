"""Which label a reply stands for, read in two ways; and when no further word can change that.

`corrected`: the reply begins, after fillers such as "Answer:", with one option's number or words. Within the next
`REACH` characters its sentence names no other option and nothing that speaks against the answer, and no sentence
that begins there begins with another option's number or consists of its words. `paper`: what S2N's framework does,
by the rules in `tasks.yaml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from clca.evaluation.offense.suite import Scoring, TaskType

REACH = 40  # characters after an answer: what is written further on is talk, and waiting for it costs tokens

_OPENING = frozenset(" \n\"'`*_#:;.,()[]{}<>=|!«»„“”「」『』。、，：；…·•\\~-–—\ufeff\u200b")
_AFTER_NUMBER = re.compile(r"[.):\]}\-–—,;*_`\"'”» ]+")
_DECIMAL = re.compile(r"[.,][0-9]")
_SENTENCE = re.compile(r"[.!;](?=\s)|[。！；]")
_JOINS = re.compile(r"(?:\band|[&+,]) *$")
_SPACES = re.compile(r"\s+")
_WORDS = re.compile(r"[\w']+")
_DIGITS = re.compile(r"[0-9]+")
_DASHES = ("-", "–", "—")
_DOUBT = ("?", "/", "%")


@dataclass(frozen=True, slots=True)
class _Found:
    """The option that stands at a place, or None; `cut` where more of the text could change that."""

    option: int | None
    end: int
    cut: bool


class LabelReader:
    """Reads the replies to a task."""

    def __init__(self, task_type: TaskType, scoring: Scoring) -> None:
        self._type = task_type
        self._scoring = scoring
        options = task_type.options
        named = [(words, place) for place, one in enumerate(options) for words in (one.words, *one.also)]
        alone = [(words, place) for place, one in enumerate(options) for words in one.alone]
        self._words = _longest_first((*named, *alone))
        self._alone = {words for words, _ in _longest_first(alone)}
        vocabulary = task_type.vocabulary
        self._fillers = [filler for filler, _ in _longest_first((words, 0) for words in vocabulary.fillers)]
        self._alternatives = [_plain(words) for words in vocabulary.alternatives]
        self._negations = [_plain(words) for words in vocabulary.negations]
        self._rules = [([words.lower() for words in rule.holds], rule.label) for rule in task_type.paper.rules]

    def read(self, reply: str) -> str | None:
        """The label, or None for a reply that is not read as one."""
        return self._scan(reply)[0]

    def stop_condition(self, text: str) -> bool:
        """Whether no continuation of this beginning of a reply can change what `read` says of it."""
        return self._scan(text)[1]

    def _scan(self, text: str) -> tuple[str | None, bool]:
        return self._by_rules(text) if self._scoring == "paper" else self._by_grammar(text)

    # ------------------------------------------------------------ paper

    def _by_rules(self, text: str) -> tuple[str | None, bool]:
        """The first rule that fits what stands before the first full stop or line break."""
        text = text.lstrip()
        ends = [at for at in (text.find("\n"), text.find(".")) if at >= 0]
        said = text[: min(ends)] if ends else text
        if not said:
            return None, bool(ends)
        said = said.lower()
        for number, (words, label) in enumerate(self._rules):
            if any(one in said for one in words):
                return label, bool(ends) or number == 0
        return self._type.paper.unread, bool(ends)

    # ------------------------------------------------------------ corrected

    def _by_grammar(self, text: str) -> tuple[str | None, bool]:
        text = _plain(text)
        at = self._begin(text)
        if at is None:
            return None, False
        if text[at - 1 : at] in _DASHES and text[at].isdigit():
            return None, True  # -1 is no option
        found = self._answer(text, at)
        if found.option is None:
            return None, not found.cut
        end, closed = _sentence_end(text, found.end)
        against, sure = self._contradicted(text[:end], found, closed=closed)
        if closed and not against:
            following = self._following(text, end, found.end + REACH)
            against, sure = following.option not in (None, found.option), not following.cut
        return None if against else self._type.labels[found.option], sure and not found.cut

    def _begin(self, text: str) -> int | None:
        """Where the answer begins, after fillers; None where the text is too short to tell."""
        at = 0
        while True:
            while at < len(text) and text[at] in _OPENING:
                at += 1
            if at == len(text):
                return None
            for words in self._fillers:
                end, cut = _stands(text, words, at)
                if cut:
                    return None
                if end:
                    at = end
                    break
            else:
                return at

    def _answer(self, text: str, at: int) -> _Found:
        """The option whose number or words begin here, or both one after the other."""
        digits = _DIGITS.match(text, at)
        if digits is None:
            return self._worded(text, at)
        end, numbers = digits.end(), self._type.numbers
        option = numbers.index(digits.group()) if digits.group() in numbers else None
        if end == len(text):
            return _Found(option, end, any(number.startswith(digits.group()) for number in numbers))
        if option is None or _joined("0", text[end]) or _DECIMAL.match(text, end):
            return _Found(None, end, False)
        marker = _AFTER_NUMBER.match(text, end)
        end = marker.end() if marker else end
        named = self._worded(text, end)
        return _Found(option, named.end if named.option == option else end, named.cut)

    def _worded(self, text: str, at: int) -> _Found:
        cut = False
        for words, option in self._words:
            end, unfinished = _stands(text, words, at)
            cut = cut or unfinished
            if end and words in self._alone:
                ended, unfinished = _ends(text, end)
                cut = cut or unfinished
                end = end if ended else 0
            if end:
                return _Found(option, end, cut)
        return _Found(None, at, cut)

    def _contradicted(self, said: str, answer: _Found, *, closed: bool) -> tuple[bool, bool]:
        """Whether an answer's sentence goes on to name another option or to deny the answer, and whether that is sure.

        Only what begins in reach counts. Nothing is sure of a sentence that is not `closed` from a word on that is
        still being written.
        """
        start, option = answer.end, answer.option
        if any(sign in said[start : start + REACH] for sign in _DOUBT):
            return True, True
        assert option is not None
        denies = self._type.options[option].denies
        against = self._alternatives if denies else self._alternatives + self._negations
        at, sure = start, True
        while at < min(len(said), start + REACH):
            if said[at] == " " or (at > start and _joined(said[at - 1], said[at])):
                at += 1
                continue
            digits = _DIGITS.match(said, at)
            if digits is not None:
                sure = sure and (closed or said[digits.end() :].strip(" ") != "")
                named = self._type.numbers.index(digits.group()) if digits.group() in self._type.numbers else option
                if named != option and not _counts(said, start, digits):
                    return True, sure
                at = digits.end()
                continue
            found = self._worded(said, at)
            standing = [_stands(said, words, at) for words in against]
            sure = sure and (closed or not (found.cut or any(unfinished for _, unfinished in standing)))
            if found.option is not None:
                denied = denies and any(word in self._negations for word in _WORDS.findall(said[start:at])[-3:])
                if found.option != option and not denied:
                    return True, sure
                at = found.end
                continue
            if any(end for end, _ in standing):
                return True, sure
            at += 1
        return False, sure and (closed or len(said) >= start + REACH)

    def _following(self, text: str, end: int, limit: int) -> _Found:
        """The option that the next sentence or line begins with: a list of the options is no answer."""
        at = end
        while at < len(text) and text[at] in _OPENING and text[at] != "#":
            at += 1
        if at >= limit or at == len(text):
            return _Found(None, at, at < limit)
        if text[at] == "#":
            return _Found(None, at, False)
        found = self._answer(text, at)
        if found.option is None or text[at].isdigit():
            return found
        ended, unfinished = _ends(text, found.end)  # "No explanation needed" is no answer
        return _Found(found.option if ended else None, found.end, found.cut or unfinished)


def _counts(said: str, start: int, digits: re.Match[str]) -> bool:
    """Whether a number says how many, as in "2 words", and names no option."""
    after = said[digits.end() :].lstrip(" ")[:1]
    return after.isalpha() and digits.start() > start and not _JOINS.search(said[start : digits.start()])


def _ends(text: str, at: int) -> tuple[bool, bool]:
    """Whether no word follows in the sentence, and whether the text is too short to tell."""
    after = text[at:].lstrip(" ")
    return not (after[:1].isalnum() or text[at : at + 1] in ("-", "'")), not after


def _sentence_end(text: str, at: int) -> tuple[int, bool]:
    """Where the sentence of an answer ends, and whether it surely does: "#" begins what a model adds of its own."""
    ends = [place for place in (text.find("\n", at), text.find("#", at)) if place >= 0]
    sentence = _SENTENCE.search(text, at)
    if sentence is not None:
        ends.append(sentence.start())
    return (min(ends), True) if ends else (len(text), False)


def _plain(text: str) -> str:
    """Sign by sign, so that the beginning of a text is made plain to the beginning of the whole."""
    return "".join(map(_sign, text))


def _sign(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    if sign.isspace():
        return "\n" if sign in "\n\r\v\f\x85\u2028\u2029" else " "
    return "'" if sign in "’‘ʼ" else unicodedata.normalize("NFKC", sign).casefold()


def _longest_first(phrases: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    plain = [(_SPACES.sub(" ", _plain(words).strip()), option) for words, option in phrases]
    return sorted(plain, key=lambda one: -len(one[0]))


def _stands(text: str, words: str, at: int) -> tuple[int, bool]:
    """Where a phrase that begins here ends (0 where it does not stand), and whether the text is too short to tell."""
    for sign in words:
        if at == len(text):
            return 0, True
        if text[at] != sign:
            return 0, False
        at += 1
        while sign == " " and at < len(text) and text[at] == " ":
            at += 1
    if at == len(text):
        return at, True
    return (0, False) if _joined(text[at - 1], text[at]) else (at, False)


def _joined(left: str, right: str) -> bool:
    """Whether two signs are of one word."""
    return (left.isalnum() or left == "_") and (right.isalnum() or right == "_")
