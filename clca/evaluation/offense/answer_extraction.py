"""Which label a reply stands for, in one of two ways of scoring.

`corrected`: the reply begins, after fillers such as "Answer:", with one option's number or words. Within the next
`REACH` characters its sentence names no other option and nothing that speaks against the answer, and no sentence
that begins there begins with another option's number or consists of its words. `paper`: as S2N's framework reads, by
the rules in `tasks.yaml`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from clca.evaluation.answer_text import (
    LINE_BREAKS,
    Reading,
    ReplyReader,
    first_phrase_end,
    longest_first,
    phrase_end,
    same_word,
    skip,
    skip_fillers,
)
from clca.evaluation.offense.suite import Scoring, TaskType

REACH = 40  # characters after an answer: what is written further on is talk, and waiting for it costs tokens

_OPENING = frozenset(" \n\"'`*_#:;.,()[]{}<>=|!«»„“”「」『』。、，：；…·•\\~-–—\ufeff\u200b")
_BETWEEN_SENTENCES = _OPENING - {"#"}
_AFTER_NUMBER = re.compile(r"[.):\]}\-–—,;*_`\"'”» ]+")
_DECIMAL = re.compile(r"[.,][0-9]")
_SENTENCE_END = re.compile(r"[.!;](?=\s)|[。！；]|[\n#]")  # "#" begins what a model adds of its own
_CONJUNCTION = re.compile(r"(?:\band|[&+,]) *$")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[\w']+")
_DIGITS = re.compile(r"[0-9]+")
_DASHES = ("-", "–", "—")
_DOUBT = ("?", "/", "%")


@dataclass(frozen=True, slots=True)
class _Mention:
    """The option that a text names at some index, None for none, and where its words end.

    `cut`: the text ends too early to tell.
    """

    option: int | None
    end: int
    cut: bool


class LabelReader(ReplyReader):
    """Reads the replies to one type of task as labels."""

    def __init__(self, task_type: TaskType, scoring: Scoring) -> None:
        self._type = task_type
        self._scoring = scoring
        words: dict[str, int] = {}
        for index, option in enumerate(task_type.options):
            for phrase in option.spoken:
                words.setdefault(_phrase(phrase), index)
        self._words = {phrase: words[phrase] for phrase in longest_first(words)}
        self._alone = {_phrase(phrase) for option in task_type.options for phrase in option.alone}
        vocabulary = task_type.vocabulary
        self._fillers = longest_first(map(_phrase, vocabulary.fillers))
        self._alternatives = [_normalise(phrase) for phrase in vocabulary.alternatives]
        self._negations = [_normalise(phrase) for phrase in vocabulary.negations]
        self._rules = [([phrase.lower() for phrase in rule.holds], rule.label) for rule in task_type.paper.rules]

    def scan(self, text: str) -> Reading:
        """The label that a reply gives, and whether it is decided."""
        return self._scan_by_rules(text) if self._scoring == "paper" else self._scan_by_grammar(text)

    # ------------------------------------------------------------ paper

    def _scan_by_rules(self, text: str) -> Reading:
        """The label of the first rule that fits the text before the first full stop or line break."""
        text = text.lstrip()
        ends = [at for at in (text.find("\n"), text.find(".")) if at >= 0]
        sentence = text[: min(ends)].lower() if ends else text.lower()
        if not sentence:
            return Reading(None, bool(ends))
        for number, (phrases, label) in enumerate(self._rules):
            if any(phrase in sentence for phrase in phrases):
                return Reading(label, bool(ends) or number == 0)
        return Reading(self._type.paper.unread, bool(ends))

    # ------------------------------------------------------------ corrected

    def _scan_by_grammar(self, text: str) -> Reading:
        text = _normalise(text)
        at = skip_fillers(text, self._fillers, _OPENING, same_word)
        if at is None:
            return Reading(None, False)
        if text[at - 1 : at] in _DASHES and text[at].isdigit():
            return Reading(None, True)  # -1 is no option
        answer = self._answer(text, at)
        if answer.option is None:
            return Reading(None, not answer.cut)
        match = _SENTENCE_END.search(text, answer.end)
        closed, end = match is not None, match.start() if match else len(text)
        contradicted, final = self._contradiction(text[:end], answer, closed=closed)
        if closed and not contradicted:
            following = self._following(text, end, answer.end + REACH)
            contradicted, final = following.option not in (None, answer.option), not following.cut
        label = None if contradicted else self._type.labels[answer.option]
        return Reading(label, final and not answer.cut)

    def _answer(self, text: str, at: int) -> _Mention:
        """The option whose number or words begin at `at`, or both one after the other."""
        digits = _DIGITS.match(text, at)
        if digits is None:
            return self._worded(text, at)
        end, numbers = digits.end(), self._type.numbers
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
        for phrase, option in self._words.items():
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
        denies = self._type.options[option].denies
        against = self._alternatives if denies else self._alternatives + self._negations
        at, final = start, True
        while at < min(len(sentence), start + REACH):
            if sentence[at] == " " or (at > start and same_word(sentence[at - 1], sentence[at])):
                at += 1
                continue
            digits = _DIGITS.match(sentence, at)
            if digits is not None:
                final = final and (closed or sentence[digits.end() :].strip(" ") != "")
                named = self._type.numbers.index(digits.group()) if digits.group() in self._type.numbers else option
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

    def _following(self, text: str, end: int, limit: int) -> _Mention:
        """The option that the next sentence or line begins with: a list of the options is no answer."""
        at = skip(text, end, _BETWEEN_SENTENCES)
        if at >= limit or at == len(text):
            return _Mention(None, at, at < limit)
        if text[at] == "#":
            return _Mention(None, at, False)
        mention = self._answer(text, at)
        if mention.option is None or text[at].isdigit():
            return mention
        closes, unfinished = _closes_sentence(text, mention.end)  # "No explanation needed" is no answer
        return _Mention(mention.option if closes else None, mention.end, mention.cut or unfinished)


def _is_amount(sentence: str, start: int, digits: re.Match[str]) -> bool:
    """Whether a number counts something, as in "2 words", and names no option."""
    after = sentence[digits.end() :].lstrip(" ")[:1]
    return after.isalpha() and digits.start() > start and not _CONJUNCTION.search(sentence[start : digits.start()])


def _closes_sentence(text: str, at: int) -> tuple[bool, bool]:
    """Whether no word follows in the sentence, and whether the text is too short to tell."""
    after = text[at:].lstrip(" ")
    return not (after[:1].isalnum() or text[at : at + 1] in ("-", "'")), not after


def _phrase(text: str) -> str:
    return _SPACES.sub(" ", _normalise(text).strip())


def _normalise(text: str) -> str:
    """Character by character, so that the beginning of a text gives the beginning of the normalised text."""
    return "".join(map(_normalised_sign, text))


def _normalised_sign(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    if sign.isspace():
        return "\n" if sign in LINE_BREAKS else " "
    return "'" if sign in "’‘ʼ" else unicodedata.normalize("NFKC", sign).casefold()
