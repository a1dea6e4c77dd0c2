"""Texts as tokens: words, or single characters where a script has no spaces."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

# Thai, Lao, Tibetan, Burmese, Khmer, kana, Han.
_SPACELESS = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# Signs within words that Python does not take for letters: vowels of the scripts of India, points of Arabic and Hebrew.
_SIGNS = "\u0300-\u036f\u0591-\u05bd\u05bf\u064b-\u065f\u0670\u0900-\u0963\u0970-\u0dff"
_LETTER = rf"(?:[^\W_{_SPACELESS}]|[{_SIGNS}])"
_TOKEN = re.compile(rf"[{_SPACELESS}]|{_LETTER}+(?:'{_LETTER}+)*")
_ASCII = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")  # the same of most texts, in a tenth of the time
_CHARACTER = re.compile(rf"[{_SPACELESS}]")


def tokens(text: str) -> list[str]:
    """The words of a text, in lower case and without differences of width; its characters where no spaces part them.

    >>> tokens("It's 5 o’clock; 家族は大切。")
    ["it's", '5', "o'clock", '家', '族', 'は', '大', '切']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("’", "'")
    return (_ASCII if text.isascii() else _TOKEN).findall(text.casefold())


def has_spaces(words: Sequence[str]) -> bool:
    """Whether most tokens of a text are words, not characters of a script without spaces."""
    if all(map(str.isascii, words)):
        return True
    return 2 * sum(len(word) == 1 and _CHARACTER.match(word) is not None for word in words) <= len(words)


def shingles(words: Sequence[str], of_words: int = 3, of_characters: int = 5) -> set[str]:
    """The runs of tokens by which texts are compared; of a text that is shorter than one, all of it.

    >>> sorted(shingles("I have no milk".split(), of_words=3))
    ['I have no', 'have no milk']
    """
    length = of_words if has_spaces(words) else of_characters
    if len(words) <= length:
        return {" ".join(words)} if words else set()
    return set(map(" ".join, zip(*(words[start:] for start in range(length)), strict=False)))


def hash64(text: str) -> int:
    """A number in [1, 2**64) that stands for a text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big") or 1


def joined(texts: Iterable[str]) -> str:
    """Texts one below the other, without empty ones."""
    return "\n".join(filter(None, texts))
