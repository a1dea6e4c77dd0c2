"""How the released evaluation of the CLCA paper reads a reply: rules of another program, in code of our own.

Nothing is understood here. The first line of a reply is an answer where, but for some words around it, it is a number
of the scale or one of the wordings of `eval/wvs/paper_answers.yaml`, each of which stands for one code whatever was
asked. So `Very important` and `1. Very important` are unreadable, and `good` is option 1.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, yaml_line
from clca.content.wvs_items import MAX_OPTIONS, Words
from clca.errors import ContentError
from clca.evaluation.wvs.request_group import ItemQuestion
from clca.records import Record

PAPER_ANSWERS = "eval/wvs/paper_answers.yaml"
PAPER_READER = 1
"""Changes with what replies are read as: evaluations of another reader are kept as they are and not resumed."""

QUESTION, ANSWER = "QUESTION:", "ANSWER:"
"""The markers of the released prompt; a reply that repeats them is read behind the last."""

_ROLE, _PREFACE = "assistant", "I think the answer is"
_COLON = re.compile("[:：]")
_DIGITS = 20  # a longer number is on no scale


class PaperAnswers(Record):
    """`eval/wvs/paper_answers.yaml`: what is dropped, and which wordings stand for which code."""

    source: Words
    dropped: tuple[Words, ...]
    words: dict[Annotated[int, Field(ge=1, le=MAX_OPTIONS)], tuple[Words, ...]]
    last: tuple[Words, ...]
    scale: tuple[Words, ...]


class PaperReader:
    """Reads replies to survey questions as the released evaluation does, in any of its languages."""

    def __init__(self, answers: PaperAnswers) -> None:
        self._dropped, self._last = answers.dropped, frozenset(answers.last)
        self._codes = {word: code for code, words in answers.words.items() for word in words}
        self._scale = re.compile(rf"([0-9])\s(?:{'|'.join(map(re.escape, answers.scale))})")

    def read(self, reply: str, question: ItemQuestion) -> int | None:
        """The survey's option (from 0) that the reply stands for, or None."""
        line = self._first_line(reply, question)
        number = _number(line)
        if number is not None and 1 <= number <= len(question.shown):
            return question.shown[number - 1]
        words = _COLON.split(line.lower())[-1]
        for phrase in self._dropped:
            words = words.replace(phrase, "")
        words = words.partition("(")[0].strip()
        repeated = self._scale.match(words)
        number = int(repeated.group(1)) if repeated and words not in self._codes else _number(words)
        if number is not None:
            return question.shown[number - 1] if 1 <= number <= len(question.shown) else None
        return self._worded(words, question)

    def _first_line(self, reply: str, question: ItemQuestion) -> str:
        text = reply.replace(asked(question), "").rpartition(ANSWER)[2]
        text = text.replace(_ROLE, "").replace(".", "").strip()
        return text.partition("\n")[0].replace(_PREFACE, "").strip()

    def _worded(self, words: str, question: ItemQuestion) -> int | None:
        """A code counts in the survey's order of the options; one that the item does not have is no answer."""
        in_order = sorted(question.shown)
        code = len(in_order) if words in self._last else self._codes.get(words, 0)
        return in_order[code - 1] if 1 <= code <= len(in_order) else None


def asked(question: ItemQuestion) -> str:
    """The question as the prompt words it: behind its marker, or without one as the item does."""
    marked = question.text.partition(QUESTION)[2].strip()
    return marked.partition("\n")[0].strip() or question.item.question


def load_paper_reader(content: Content) -> PaperReader:
    """The reader of the released evaluation. Raises `ContentError` for a wording that is listed twice."""
    shown, text = content.shown(PAPER_ANSWERS), content.text(PAPER_ANSWERS)
    answers = read_yaml(shown, text, PaperAnswers)
    words = [word for words in (*answers.words.values(), answers.last) for word in words]
    repeated = next((word for word in words if words.count(word) > 1), None)
    if repeated is not None:
        raise ContentError(shown, yaml_line(text, ("words",)), f"words: {repeated!r} is listed twice")
    return PaperReader(answers)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None
