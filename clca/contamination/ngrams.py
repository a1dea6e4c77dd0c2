"""Tokens and n-grams of them as numbers of 64 bits, the same in every process and on every machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clca.tokens import hash64

Hashes = NDArray[np.uint64]

_KNOWN = 200_000  # tokens whose hashes are kept


class TokenHashes:
    """Tokens as numbers of 64 bits, and n-grams of tokens as such: the same in every process and on every machine."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, words: Sequence[str]) -> Hashes:
        """The hash of each token, [n]."""
        if len(self._known) > _KNOWN:
            self._known.clear()
        known = self._known
        numbers = [known.get(word) or known.setdefault(word, hash64(word)) for word in words]
        return np.array(numbers, dtype=np.uint64)


_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no power of it is 0


def ngram_hashes(hashes: Hashes, n: int) -> Hashes:
    """The hash of each run of n tokens, [len(hashes) - n + 1]: a polynomial of theirs modulo 2**64.

    Two different n-grams have the same hash with a probability of about 2**-64.
    """
    if len(hashes) < n:
        return np.zeros(0, dtype=np.uint64)
    count = len(hashes) - n + 1
    grams: Hashes = hashes[:count].copy()
    for offset in range(1, n):
        grams *= _BASE
        grams += hashes[offset : offset + count]
    return grams
