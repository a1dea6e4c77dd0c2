"""What the readers of replies share: finding phrases in a text that may still be written.

Replies are read while they are generated. A reading of the beginning of a reply says what it is read as so far, and
whether that is final: whether no continuation can change it. Generation stops there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

REACH = 40  # characters after an answer: what is written further on is talk, and waiting for it costs tokens
PART = 5  # words in a row that no reply shares with its question by chance
LINE_BREAKS = frozenset("\n\r\v\f\x85\u2028\u2029")

Joined = Callable[[str, str], bool]
"""Whether two adjacent characters belong to one word."""


class Reading(NamedTuple):
    """The label that a text is read as, None for none, and whether no continuation of the text can change that."""

    label: str | None
    final: bool


class ReplyReader(ABC):
    """Reads replies as labels, whole or while they are written."""

    def read(self, reply: str, given: Sequence[str] = ()) -> str | None:
        """The label of a reply; None for one that is not read as any.

        `given` are the texts of its question that a reply may repeat: the one to be judged, or the options.
        """
        return self.scan(reply, given).label

    def stop_condition(self, text: str, given: Sequence[str] = ()) -> bool:
        """Whether no continuation of this beginning of a reply can change what `read` returns for it."""
        return self.scan(text, given).final

    @abstractmethod
    def scan(self, text: str, given: Sequence[str] = ()) -> Reading:
        """The reading of the beginning of a reply."""


def same_word(left: str, right: str) -> bool:
    """Whether two adjacent characters are letters, digits or underscores, and so belong to one word."""
    return (left.isalnum() or left == "_") and (right.isalnum() or right == "_")


def repeats(reply: str, text: str) -> bool:
    """Whether a reply is the beginning of a text, or a part of it: of `PART` words, or of half its length."""
    long = reply.count(" ") >= PART - 1 or 2 * len(reply) > len(text)
    return text.startswith(reply) or (long and reply in text)


def repeated_end(text: str, at: int, repeated: str) -> int:
    """Where a text that is repeated from `at` on ends, 0 where not all of it stands there; a space matches several."""
    for character in repeated:
        if at == len(text) or (text[at] != character and not (character == " " and text[at].isspace())):
            return 0
        at += 1
        while character == " " and at < len(text) and text[at].isspace():
            at += 1
    return 0 if at < len(text) and same_word(text[at - 1], text[at]) else at


def longest_first(phrases: Iterable[str]) -> tuple[str, ...]:
    """Phrases by falling length, equally long ones in their order."""
    return tuple(sorted(phrases, key=len, reverse=True))


def skip(text: str, at: int, characters: Collection[str]) -> int:
    """The first index from `at` on whose character is none of `characters`; the text's length where there is none."""
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def phrase_end(text: str, phrase: str, at: int, joined: Joined) -> tuple[int, bool]:
    """Where a phrase that begins at `at` ends, 0 where it does not stand there, and whether the text is cut.

    The text is cut where it ends too early to tell. A phrase does not stand within a longer word. A space of the
    phrase matches several of the text.
    """
    for character in phrase:
        if at == len(text):
            return 0, True
        if text[at] != character:
            return 0, False
        at = skip(text, at + 1, " ") if character == " " else at + 1
    if at == len(text):
        return at, joined(text[at - 1], "a")
    return (0, False) if joined(text[at - 1], text[at]) else (at, False)


def first_phrase_end(text: str, phrases: Iterable[str], at: int, joined: Joined) -> tuple[int, bool]:
    """Where the first of the phrases that stands at `at` ends, 0 for none; and whether any is cut."""
    begin = text[at : at + 1]
    ends = [phrase_end(text, phrase, at, joined) for phrase in phrases if phrase[0] == begin or not begin]
    return next((end for end, _ in ends if end), 0), any(cut for _, cut in ends)


def skip_fillers(
    text: str,
    fillers: Iterable[str],
    opening: Collection[str],
    joined: Joined,
    *,
    is_answer: Callable[[str], bool] = lambda rest: False,
) -> int | None:
    """Where an answer begins, after `opening` characters and fillers such as "Answer:"; None where the text is cut.

    `is_answer`: whether the rest of a text is an answer although it could be the beginning of a filler.
    """
    at = 0
    while True:
        at = skip(text, at, opening)
        if at == len(text):
            return None
        for filler in fillers:
            if filler[0] != text[at]:
                continue
            end, cut = phrase_end(text, filler, at, joined)
            if cut and not is_answer(text[at:]):
                return None
            if end:
                at = end
                break
        else:
            return at
