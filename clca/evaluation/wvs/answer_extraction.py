"""Which option of a survey item a generated reply names, if it names exactly one.

A reply is read as an answer only where nothing in it speaks against that: `2`, `Answer: 2`, `2. Rather important`,
`rather important`, `I think it is rather important`. A reply that names two options, a number that was not offered, or
an option beside a word that might change it (not, somewhat, or, if), and one that repeats the question, is unreadable:
None. The time of reading is proportional to the length of the reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from clca.content.wvs_items import Item
from clca.evaluation.answer_text import repeats
from clca.evaluation.wvs.answer_patterns import AnswerPatterns
from clca.evaluation.wvs.answer_tail import NUMBER, SENTENCE_END, SEPARATOR, AnswerTail, end_of_sentence, numbers
from clca.evaluation.wvs.option_wordings import WITHHELD, Mention, OptionWordings
from clca.evaluation.wvs.phrases import WORD, Phrases, is_unspaced, normalise, normalised_keys
from clca.evaluation.wvs.request_group import ItemQuestion

_OPENING = re.compile(r"[ ¡¿()\[\]{}.:,;!=>•·、。–—-]*")
_DOUBT = tuple("?%/+~&|°<")  # 2? 2% 2/4 2+ 2~3: no plain number
_DECIMAL = re.compile(r"[.,]\d")
_NEXT_TASK = re.compile(r"\n[^\S\n]*###")  # a student taught with plain text goes on with the next item
_LISTED = re.compile(r"(\d+) ?[.):、]")
_COMMA = re.compile(r"(?<!\d)[,、]|[,、](?!\d)")  # and none within 2,5
_CLAUSE_END = re.compile(r"(?<!\d)[,、]|[,、](?!\d)|[:(\[=–—]|-(?= )")
_COMPOUND = re.compile(r"-[^\W\d_]")
_AROUND = " .:;,!?¡¿。、"
_CUTS = 24  # places in a line at which an answer is looked for behind its grounds


class OptionReader:
    """Reads the replies to survey questions in the language of some answer patterns."""

    def __init__(self, patterns: AnswerPatterns) -> None:
        self._patterns = patterns
        self._lead_ins = Phrases((*patterns.lead_ins, *patterns.choosing))
        self._choosing, self._prefaces = Phrases(patterns.choosing), Phrases(patterns.prefaces)
        unspaced = (phrase for phrase in patterns.prefaces if is_unspaced(phrase[0]))
        self._preface_within = Phrases((*patterns.prefaces_behind, *unspaced))
        self._refusals, self._reasons = Phrases(patterns.refusals), Phrases((*patterns.reasons, *patterns.prefaces))
        self._fillers, self._closings = Phrases(patterns.fillers), Phrases(patterns.closings)
        self._turns = Phrases((*patterns.turns, *patterns.qualifiers))
        self._qualifiers, self._opinions = Phrases(patterns.qualifiers), Phrases(patterns.opinions)
        self._numbers_by_word = normalised_keys(patterns.numerals)
        self._numerals = Phrases(patterns.numerals)
        self._tail = AnswerTail(patterns)
        self._wordings_by_item: dict[tuple[str, tuple[str, ...]], OptionWordings] = {}

    def read(self, reply: str, question: ItemQuestion) -> int | None:
        """The survey's option (from 0) that the reply names; None where it names none, or more than one.

        The first line with more than lead-ins counts, and not the question if the reply repeats it. Later lines are
        ignored unless one of them is another answer or begins to take the first one back.
        """
        text = _NEXT_TASK.split(reply.lstrip(), maxsplit=1)[0]
        if len(text) == 1 and text in question.labels:  # most replies: the number asked for
            return question.shown[question.labels.index(text)]
        lines = [line for line in map(normalise, text.splitlines()) if line]
        lines = self._without_question(lines, question)
        while len(lines) > 1 and self._after_lead_ins(lines[0], question.item) == len(lines[0]):
            del lines[0]
        if len(lines) > 1 and lines[0].endswith(":"):
            lines[:2] = [f"{lines[0]} {lines[1]}"]
        if not lines:
            return None
        option = self._option(lines[0], question)
        for line in dict.fromkeys(lines[1:]):
            if self._tail.qualifies(line, self._wordings(question.item)) or self._option(line, question) not in (
                None,
                option,
            ):
                return None
        listed = {match.group(1) for match in map(_LISTED.match, lines) if match}
        return option if len(listed) < 2 else None

    def _without_question(self, lines: list[str], question: ItemQuestion) -> list[str]:
        """The lines behind a repeated question, with its options or without; none where they are only a part of it."""
        wordings = self._wordings(question.item)
        reply = " ".join(lines)
        part, asked = reply.strip(_AROUND), wordings.question
        if repeats(part, asked):
            return []
        start = self._after_lead_ins(reply, question.item)
        if not reply.startswith(asked, start or 0):
            return lines
        rest = reply[(start or 0) + len(asked) :].lstrip(_AROUND)
        options = " ".join(f"{number}. {wordings.options[option]}" for number, option in enumerate(question.shown, 1))
        if options.startswith(rest) and not rest.isdigit():
            return []
        return [rest.removeprefix(options).strip()]

    def _option(self, line: str, question: ItemQuestion) -> int | None:
        """The option of a line, with or without a clause before it: `2`, `As a woman from Japan I would say 2`."""
        option = self._answer(line, question)
        return self._after_preface(line, question) if option is None else option

    def _after_preface(self, line: str, question: ItemQuestion) -> int | None:
        """The option named after a clause that gives its grounds (`As a woman from Japan`) and names nothing else."""
        start = self._after_lead_ins(line, question.item)
        if start is None:
            return None
        if not self._prefaces.match(line, start) and not self._preface_within.search(line, start):
            return None
        first_end = SENTENCE_END.search(line, start)
        end = first_end.start() if first_end else len(line)
        commas = [comma.end() for comma in _COMMA.finditer(line, start, end)][:_CUTS]
        chosen = [match.start() for match in self._choosing.finditer(line[:end], start)][:_CUTS]
        for cut in sorted({*commas, *chosen}):
            option = self._answer(line[cut:], question)
            if option is not None:
                chooses = self._choosing.match(line, cut + (line[cut : cut + 1] == " ")) is not None
                return option if self._is_ground(line[start:cut], option, question, chooses=chooses) else None
        return None

    def _is_ground(self, clause: str, option: int, question: ItemQuestion, *, chooses: bool) -> bool:
        """Whether a clause only tells who answers: no other option, no opinion denied, no number for an answer."""
        if any(mention.option != option for mention in self._wordings(question.item).mentions(clause)):
            return False
        if self._qualifiers.search(clause) or (self._turns.search(clause) and self._opinions.search(clause)):
            return False
        if self._turns.ends(clause):
            return False  # como mujer no diría 2
        return chooses or not any(len(number) == 1 for number in numbers(clause))

    def _answer(self, line: str, question: ItemQuestion) -> int | None:
        """The option whose number, numeral or words a line begins with, after lead-ins."""
        start = self._after_lead_ins(line, question.item)
        if start is None:
            return None
        digits = NUMBER.match(line, start)
        if digits is not None:
            return self._numbered(digits.group(), line[digits.end() :], question, spelt=False)
        numeral = self._numerals.match(line, start)
        if numeral is not None:
            number = str(self._numbers_by_word[numeral.group()])
            option = self._numbered(number, line[numeral.end() :], question, spelt=True)
            if option is not None:
                return option
        return self._named(line[start:], question)

    def _numbered(self, number: str, after: str, question: ItemQuestion, *, spelt: bool) -> int | None:
        """The option shown with a number, unless the text `after` it speaks against that."""
        if len(number) > 1 or not 1 <= int(number) <= len(question.shown) or _DECIMAL.match(after):
            return None
        if after.lstrip().startswith(_DOUBT) or (not spelt and WORD.match(after) and not is_unspaced(after[0])):
            return None  # 2?, 2nd
        option = question.shown[int(number) - 1]
        wordings = self._wordings(question.item)
        closing = self._closings.match(after, len(after) - len(after.lstrip()))
        after = after[closing.end() :] if closing else after
        separator = SEPARATOR.match(after)
        assert separator is not None
        words = wordings.behind_number(after, separator.end(), option)
        if (words is not None and words.option != option) or self._refusals.match(after, separator.end()):
            return None  # 1. No
        if words is not None:
            if after[words.end : words.end + 1] == " " and self._qualifiers.match(after, separator.end()):
                return None  # 1, si tengo que elegir
            return option if self._tail.leaves(after[words.end :], option, number, wordings) else None
        if _COMPOUND.match(after):
            return None  # 2-ish
        body, mark = after[separator.end() :], separator.group().strip()
        if not body:
            return option
        if not self._tail.leaves(after, option, number, wordings) or self._turns.match(body):
            return None
        if not spelt and (mark or self._reasons.match(body)):
            return option
        rest = _rest(body, wordings.mentions(body))
        return option if (mark or is_unspaced(body[0])) and self._is_plain(rest, wordings) else None

    def _named(self, line: str, question: ItemQuestion) -> int | None:
        """The one option whose words the first sentence contains, beside words that do not change it."""
        wordings = self._wordings(question.item)
        end = end_of_sentence(line, 0)
        mentions = wordings.mentions(line[:end])
        if not mentions or self._refusals.search(line[:end]) or line[end : end + 1] == "?":
            return None
        option, behind = mentions[0].option, mentions[0].end
        if option == WITHHELD or (line[behind:].lstrip()[:1].isdigit() and self._turns.ends(line[:behind])):
            return None  # no 2
        mark, reason = _CLAUSE_END.search(line, behind, end), self._reasons.search(line[:end], behind)
        cut = min([match.start() for match in (mark, reason) if match] or [end])
        rest = _rest(line[: mark.end() if mark and mark.start() == cut else cut], mentions)
        number = str(question.shown.index(option) + 1)
        if any(mention.option != option for mention in mentions) or not self._is_plain(rest, wordings):
            return None
        if any(other != number for other in numbers(rest)):
            return None
        return option if self._tail.leaves(line[cut:], option, number, wordings) else None

    def _is_plain(self, text: str, wordings: OptionWordings) -> bool:
        """Whether all words are fillers or the question's own, and none might change an answer."""
        return not self._turns.search(text) and wordings.is_filler(text)

    def _after_lead_ins(self, line: str, item: Item) -> int | None:
        """Where an answer begins after lead-ins; None for a minus sign before a number."""
        wordings, at = self._wordings(item), 0
        while True:
            start, at = at, _OPENING.match(line, at).end()  # type: ignore[union-attr]
            dash = line[start:at].lstrip(" ([{:").startswith(("-", "–", "—"))
            if dash and line[at : at + 1].isdigit() and line[at - 1] != " ":
                return None  # -2 is none of the options; "- 2" is one in a list
            lead_in = self._lead_ins.match(line, at)
            if lead_in is None or wordings.first(line, at):
                return at
            at = lead_in.end()

    def _wordings(self, item: Item) -> OptionWordings:
        key = (item.id, item.options)
        if key not in self._wordings_by_item:
            self._wordings_by_item[key] = OptionWordings(item, self._patterns, self._fillers)
        return self._wordings_by_item[key]


def _rest(text: str, mentions: Iterable[Mention]) -> str:
    """The text without the words of options; of those that stand behind its end nothing is missing."""
    pieces, at = [], 0
    for mention in mentions:
        if mention.start < len(text):
            pieces.append(text[at : mention.start])
            at = mention.end
    return " ".join([*pieces, text[at:]])
