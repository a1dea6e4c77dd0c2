"""Degeneration of a dialogue, found by fixed rules and no model.

repeats
    For the second time a spoken turn of four words or more repeats an earlier one word for word (but for case and
    punctuation); or one turn holds the same sentence of three words or more three times, or the third turn one of six
    words or more.
speaks for the partner
    A line of a spoken turn begins with the partner's full or given name and a colon.
changes language
    Of a spoken turn with 20 letters or more, over 30 % are of another script than Latin; or of a turn of twelve words
    or more, under 8 % are English function words and over 20 % those of another language. A word of both (*no*, *me*,
    *was*) counts for neither.
leaves at once
    Somebody leaves in the first exchange.
falls silent
    In four turns in a row nothing is said or done.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from clca.records import Participant, Turn
from clca.words import holds_any

REPEATS = "repeats"
SPEAKS_FOR_PARTNER = "speaks for the partner"
CHANGES_LANGUAGE = "changes language"
LEAVES_AT_ONCE = "leaves at once"
FALLS_SILENT = "falls silent"

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?。！？]+\s*")

_ENGLISH_WORDS = (
    "the a an and or but if of to in on at for from with by is are was were be been am do does did have has had"
    " i you he she it we they me him her us them my your his its our their this that these those not no so as"
    " would could should will can may might what when where who how why there here just about"
)
_OTHER_LANGUAGES = {
    "Spanish": "el la los las un una y o pero de que en por para con es son está no se lo le me te mi tu su a al he"
    " como más muy",
    "Portuguese": "o a os as um uma e ou mas de que em por para com é são está não se lhe me te meu seu no do como mais"
    " muito",
    "German": "der die das ein eine und oder aber von zu in an am auf für mit ist sind war was so nicht ich du er sie"
    " es wir ihr mir",
    "French": "le la les un une et ou mais de que en pour avec est sont pas ne se je tu il elle nous vous mon son ce",
    "Turkish": "ve bir bu da de için ile çok ne ama gibi daha ben sen biz siz mi mı değil var yok şey olarak kadar",
    "Italian": "il lo la i gli le un una e o ma di che in per con è sono non si mi ti suo come più molto",
    "Indonesian": "yang dan di ke dari untuk dengan ini itu tidak ada saya anda kami kita akan sudah juga bisa",
}
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_LANGUAGES = [frozenset(words.split()) for words in _OTHER_LANGUAGES.values()]
_ONLY_ENGLISH = _ENGLISH.difference(*_LANGUAGES)
_DISTINCT_WORDS = [(_ENGLISH - language, language - _ENGLISH) for language in _LANGUAGES]


def find_degeneration(turns: Sequence[Turn], partner: Participant) -> str | None:
    """The rule that the last turn breaks, or None. `partner` is the participant who did not take that turn."""
    last = turns[-1]
    if last.action == "leave" and len(turns) <= 2:
        return LEAVES_AT_ONCE
    if len(turns) >= 4 and all(turn.action == "none" for turn in turns[-4:]):
        return FALLS_SILENT
    if last.action not in ("speak", "leave") or not last.text:
        return None
    if has_label(last.text, partner.name):
        return SPEAKS_FOR_PARTNER
    if _repeats(turns):
        return REPEATS
    if is_foreign(last.text):
        return CHANGES_LANGUAGE
    return None


def has_label(text: str, name: str) -> bool:
    """Whether a line of the text begins with that name, in full or in part, and a colon."""
    names = sorted({name, *name.split()}, key=len, reverse=True)
    if ":" not in text or not holds_any(text, names):
        return False
    line_start = r"^[\s\"'*(\[]*(?:" + "|".join(map(re.escape, names)) + r")[\s\"'*)\]]*:"
    return re.search(line_start, text, re.MULTILINE | re.IGNORECASE) is not None


def find_words(text: str) -> tuple[str, ...]:
    """The words of a text without case and punctuation."""
    return tuple(_WORD.findall(text.casefold()))


# A turn is compared with all turns before it, and a thousand dialogues may be in flight.
words_of = lru_cache(16_384)(find_words)


def _repeats(turns: Sequence[Turn]) -> bool:
    spoken = [turn.text for turn in turns if turn.action in ("speak", "leave")]
    long = [words for words in map(words_of, spoken) if len(words) >= 4]
    if len(long) - len(set(long)) >= 2:
        return True
    *earlier, last = map(_sentences, spoken)
    return any(
        (len(sentence) >= 3 and last.count(sentence) >= 3)
        or (len(sentence) >= 6 and sum(sentence in other for other in earlier) >= 2)
        for sentence in last
    )


@lru_cache(16_384)
def _sentences(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(map(words_of, _SENTENCE_END.split(text)))


def is_foreign(text: str) -> bool:
    """Whether a text is not in English, by the rule of *changes language*."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) >= 20:
        other_script = sum(ord(char) > 0x24F and not unicodedata.name(char, "").startswith("LATIN") for char in letters)
        if other_script > 0.3 * len(letters):
            return True
    words = words_of(text)
    if len(words) < 12 or sum(word in _ONLY_ENGLISH for word in words) >= 0.08 * len(words):
        return False
    return any(
        sum(word in english for word in words) < 0.08 * len(words)
        and sum(word in other for word in words) > 0.2 * len(words)
        for english, other in _DISTINCT_WORDS
    )
