"""Measures of diversity: by hand, and against other implementations of the same definitions."""

from __future__ import annotations

import doctest
import itertools
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.quality import diversity
from clca.quality.diversity import distinct, effective_number, self_bleu, vendi, vendi_of_ngrams

TEXTS = st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12), min_size=2, max_size=6)


def test_doctests() -> None:
    assert doctest.testmod(diversity).failed == 0


def test_distinct_takes_the_first_ngrams_only_and_says_where_there_are_fewer() -> None:
    assert distinct(["abab"], 1) == 0.5
    assert distinct(["abab"], 1, most=2) == 1.0
    assert distinct(["abab"], 1, most=5) is None
    assert distinct(["a", "b"], 2) is None  # no n-gram spans two texts
    assert distinct([], 1) is None


def test_self_bleu_by_hand() -> None:
    """ "a b c" against "a b d": two of three words and one of two pairs match, and the only triple does not.

    Its precision is smoothed to 1 / (2 * 1). Both are of the same length, so the score is (2/3 * 1/2 * 1/2) ** (1/3).
    """
    assert self_bleu(["abc", "abd"]) == pytest.approx((2 / 3 * 1 / 2 * 1 / 2) ** (1 / 3))
    assert self_bleu(["abc", "xyz"]) == 0.0
    assert self_bleu(["abc"]) is None
    assert self_bleu(["abc", ""]) is None


@given(TEXTS)
def test_self_bleu_is_that_of_sacrebleu(texts: list[list[str]]) -> None:
    bleu = pytest.importorskip("sacrebleu").sentence_bleu
    lines = [" ".join(text) for text in texts]
    expected = [
        bleu(line, lines[:index] + lines[index + 1 :], tokenize="none").score / 100 for index, line in enumerate(lines)
    ]
    assert self_bleu(texts) == pytest.approx(float(np.mean(expected)), abs=1e-6)


@given(st.integers(0, 1000), st.integers(1, 9), st.integers(1, 9))
def test_vendi_is_the_exponential_of_the_entropy_of_the_kernel(seed: int, n: int, d: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kernel = vectors @ vectors.T / n
    values = np.linalg.svd(kernel, compute_uv=False)  # of a positive matrix they are its eigenvalues
    values = values[values > 1e-12]
    assert vendi(vectors) == pytest.approx(float(np.exp(-(values * np.log(values)).sum())), rel=1e-6)


def test_vendi_of_copies_is_one_and_of_unlike_texts_their_number() -> None:
    assert vendi_of_ngrams(["abc"] * 4) == pytest.approx(1)
    assert vendi_of_ngrams(["abc", "def", "ghi"]) == pytest.approx(3)
    assert vendi_of_ngrams(["", "abc"]) == pytest.approx(1)
    assert vendi_of_ngrams([""]) is None
    assert vendi([]) is None
    assert vendi([[0, 0]]) is None
    assert vendi([[1, 0], [0, 0], [0, 1]]) == pytest.approx(2)  # an empty text counts in neither


def test_vendi_of_ngrams_is_that_of_their_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diversity, "_COLUMNS", 7)  # several blocks
    random = Random(1)
    texts = ["".join(random.choices("abcde", k=random.randint(1, 20))) for _ in range(8)]
    grams = sorted({gram for text in texts for gram in (*text, *itertools.pairwise(text))}, key=str)
    counts = np.array([[_times(text, gram) for gram in grams] for text in texts], dtype=float)
    vectors = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    assert vendi_of_ngrams(texts) == pytest.approx(vendi(vectors))


def _times(text: str, gram: str | tuple[str, str]) -> int:
    if isinstance(gram, str):
        return text.count(gram)
    return sum(pair == gram for pair in itertools.pairwise(text))


def test_effective_number_of_unequal_kinds_is_below_their_number() -> None:
    assert effective_number([9, 1]) == pytest.approx(np.exp(-0.9 * np.log(0.9) - 0.1 * np.log(0.1)))
    assert effective_number([]) is None
