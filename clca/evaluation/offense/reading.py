"""Which label a reply stands for, read in two ways; and when no further word can change that.

`corrected`: the reply begins, after fillers such as "Answer:", with one option's number or words, and names no
other option and nothing that speaks against it in that sentence, nor another option at the beginning of the next
sentence. `paper`: what S2N's framework does, by the rules in `tasks.yaml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from clca.evaluation.offense.tasks import Scoring, TaskType

_OPENING = frozenset(" \n\"'`*_#:;.,()[]{}<>=|!«»„“”「」『』。、，：；…·•\\~-–—\ufeff\u200b")
_AFTER_NUMBER = re.compile(r"[.):\]}\-–—,;*_`\"'”» ]+")
_DECIMAL = re.compile(r"[.,][0-9]")
_SENTENCE = re.compile(r"[.!;](?=\s)|[。！；]")
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


class Reader:
    """Reads the replies to a task."""

    def __init__(self, task_type: TaskType, scoring: Scoring) -> None:
        self._type = task_type
        self._scoring = scoring
        options = task_type.options
        self._words = _longest_first((w, k) for k, one in enumerate(options) for w in (one.words, *one.also))
        self._phrases = [words for words, _ in self._words]
        vocabulary = task_type.vocabulary
        self._fillers = [filler for filler, _ in _longest_first((words, 0) for words in vocabulary.fillers)]
        self._alternatives = [_plain(words) for words in vocabulary.alternatives]
        self._negations = [_plain(words) for words in vocabulary.negations]
        self._rules = [([words.lower() for words in rule.holds], rule.label) for rule in task_type.paper.rules]

    def read(self, reply: str) -> str | None:
        """The label, or None for a reply that is not read as one."""
        return self._scan(reply)[0]

    def settled(self, text: str) -> bool:
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
        rest = text[found.end : end]
        if self._contradicted(rest, found.option, closed=True):
            return None, self._contradicted(rest, found.option, closed=closed)
        label = self._type.labels[found.option]
        if not closed:
            return label, False
        following = self._following(text, end)
        if following.option not in (None, found.option):
            return None, not following.cut
        return label, not following.cut

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
        """The option whose number or words begin here."""
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
        cut = text[end] in ".," and end + 1 == len(text)  # 1.5
        return _Found(option, marker.end() if marker else end, cut)

    def _worded(self, text: str, at: int) -> _Found:
        cut = False
        for words, option in self._words:
            end, unfinished = _stands(text, words, at)
            cut = cut or unfinished
            if end:
                return _Found(option, end, cut)
        return _Found(None, at, cut)

    def _contradicted(self, rest: str, option: int, *, closed: bool) -> bool:
        """Whether the rest of an answer's sentence names another option, or denies the one it names.

        Of a sentence that is not `closed`, only where nothing that follows could change it.
        """
        if any(sign in rest for sign in _DOUBT):
            return True
        denies = self._type.options[option].denies
        against = self._alternatives if denies else self._alternatives + self._negations
        at = 0
        while at < len(rest):
            if (at and _joined(rest[at - 1], rest[at])) or rest[at] == " ":
                at += 1
                continue
            if not closed and any(_stands(rest, words, at)[1] for words in (*self._phrases, *against)):
                return False
            digits = _DIGITS.match(rest, at)
            if digits is not None:
                if digits.end() == len(rest) and not closed:
                    return False
                if digits.group() in self._type.numbers and digits.group() != self._type.numbers[option]:
                    return True
                at = digits.end()
                continue
            named = self._worded(rest, at)
            if named.option is not None:
                denied = denies and any(word in self._negations for word in _WORDS.findall(rest[:at])[-3:])
                if named.option != option and not denied:
                    return True
                at = named.end
                continue
            if any(_stands(rest, words, at)[0] for words in against):
                return True
            at += 1
        return False

    def _following(self, text: str, end: int) -> _Found:
        """The option that the next sentence or line begins with: a list of the options is no answer."""
        at = end
        while at < len(text) and text[at] in _OPENING and text[at] != "#":
            at += 1
        if at == len(text):
            return _Found(None, at, True)
        return _Found(None, at, False) if text[at] == "#" else self._answer(text, at)


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
