from __future__ import annotations

import doctest

import numpy as np
import pytest

from clca import tokens
from clca.contamination import ngrams
from clca.contamination.ngrams import TokenHashes, ngram_hashes
from clca.tokens import has_spaces, shingles


def test_doctests() -> None:
    assert doctest.testmod(tokens).failed == 0
    assert doctest.testmod(ngrams).failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don’t — “stop”!", ["don't", "stop"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("ＡＢＣ １２", ["abc", "12"]),  # full width
        ("お茶を2杯", ["お", "茶", "を", "2", "杯"]),
        ("আমার পরিবার", ["আমার", "পরিবার"]),  # vowel signs belong to their words
        ("المَدرسة الآن", ["المَدرسة", "الآن"]),  # points as well
        ("Çok güzel, İyi", ["çok", "güzel", "i\u0307yi"]),
        ("...", []),
    ],
)
def test_tokens_of_scripts(text: str, expected: list[str]) -> None:
    assert tokens.tokens(text) == expected


def test_shingles_are_of_characters_where_there_are_no_spaces() -> None:
    japanese = tokens.tokens("今日は寒いですね")
    assert not has_spaces(japanese)
    assert has_spaces(tokens.tokens("a b c"))
    assert shingles(japanese) == {"今 日 は 寒 い", "日 は 寒 い で", "は 寒 い で す", "寒 い で す ね"}
    assert shingles(["yes"]) == {"yes"}
    assert shingles([]) == set()


def test_the_hash_of_an_ngram_depends_on_its_tokens_and_their_order_alone() -> None:
    hashes = TokenHashes()
    first, second = hashes.of(["a", "b", "c", "d"]), TokenHashes().of(["x", "b", "c", "a", "b"])
    assert ngram_hashes(first, 2).shape == (3,)
    assert ngram_hashes(first, 2)[1] == ngram_hashes(second, 2)[1]  # b c
    assert ngram_hashes(first, 2)[0] == ngram_hashes(second, 2)[3]  # a b
    assert len(np.unique(ngram_hashes(hashes.of(["a", "b", "b", "a", "a", "b"]), 2))) == 4  # a b, b b, b a, a a
    assert ngram_hashes(first, 5).size == 0
