"""How much texts differ from each other: distinct-n, self-BLEU, the Vendi score. All are pure functions of tokens.

All three depend on how much text there is. To compare cultures and runs they are taken of blocks of the same number of
dialogues; `clca.quality.stats.blocks` says how.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

ORDER = 4  # longest n-grams of BLEU
_COLUMNS = 4096  # of a matrix of counts that are multiplied at a time

Text: TypeAlias = Sequence[Hashable]
"""A text as its tokens."""
Gram: TypeAlias = tuple[Hashable, ...]


def ngrams(text: Text, n: int) -> Iterator[Gram]:
    """The runs of n tokens of a text, in order."""
    return zip(*(text[start:] for start in range(n)), strict=False)


def distinct(texts: Sequence[Text], n: int, most: int | None = None) -> float | None:
    """distinct-n: different n-grams over all n-grams of the texts, in (0, 1]; None where there is none.

    `most` takes only the first so many n-grams, since longer texts repeat more: shares are comparable only where they
    are of as many, and None stands for texts that have fewer. No n-gram spans two texts.

    Source: Li et al. 2016, *A Diversity-Promoting Objective Function for Neural Conversation Models*, section 5.3.

    Of the six bigrams here four are different (a b, b a, a c, c a), since "a b" and "b a" stand in both texts:

    >>> distinct(["abac", "aba", "ca"], 2)
    0.6666666666666666
    """
    grams = [gram for text in texts for gram in ngrams(text, n)]
    if not grams or (most is not None and len(grams) < most):
        return None
    taken = grams[:most]
    return len(set(taken)) / len(taken)


def self_bleu(texts: Sequence[Text]) -> float | None:
    """The mean over the texts of the BLEU of each with all others as references, 0 to 1; None for fewer than two.

    1 says that every text is a copy of another. BLEU is that of sentences, with n-grams of up to four tokens: n-grams
    are clipped at the most that one reference has, precisions of orders without a match are smoothed (the k-th of them
    is 1 / (2^k n), n the number of n-grams), orders without n-grams are left out, and what is shorter than the nearest
    reference is punished. These are the defaults of sacrebleu's `sentence_bleu`.

    Source: Zhu et al. 2018, *Texygen*, section 3; Papineni et al. 2002; Chen and Cherry 2014, method 3.

    >>> self_bleu(["abcde", "abcde"])
    1.0
    """
    texts = [text for text in texts if len(text)]
    if len(texts) < 2:
        return None
    lengths = [len(text) for text in texts]
    counts = [[Counter(ngrams(text, n)) for text in texts] for n in range(1, ORDER + 1)]
    clips = [_most_of_others(of_order) for of_order in counts]
    scores = []
    for index, length in enumerate(lengths):
        others = lengths[:index] + lengths[index + 1 :]
        matches, totals = [], []
        for of_order, (first, holder, second) in zip(counts, clips, strict=True):
            own = of_order[index]
            totals.append(own.total())
            most = {gram: second.get(gram, 0) if holder[gram] == index else first[gram] for gram in own}
            matches.append(sum(min(count, most[gram]) for gram, count in own.items()))
        nearest = min(others, key=lambda other: (abs(other - length), other))
        scores.append(bleu(matches, totals, length, nearest))
    return math.fsum(scores) / len(scores)


def bleu(matches: Sequence[int], totals: Sequence[int], length: int, reference: int) -> float:
    """BLEU in [0, 1] of a text of `length` tokens, smoothed, from its matching n-grams and all n-grams by order.

    `reference` is the length of the reference nearest to it, in tokens.
    """
    logs, missing = [], 1.0
    if not matches or not matches[0]:
        return 0.0
    for match, total in zip(matches, totals, strict=True):
        if not total:
            break
        if not match:
            missing *= 2
        logs.append(math.log(match / total if match else 1 / (missing * total)))
    brevity = 1.0 if length >= reference else math.exp(1 - reference / length)
    return brevity * math.exp(math.fsum(logs) / len(logs))


def _most_of_others(counts: Sequence[Counter[Gram]]) -> tuple[dict[Gram, int], dict[Gram, int], dict[Gram, int]]:
    """By n-gram: the most that a text has, which text that is, and the most that any other has."""
    first: dict[Gram, int] = {}
    holder: dict[Gram, int] = {}
    second: dict[Gram, int] = {}
    for index, own in enumerate(counts):
        for gram, count in own.items():
            most = first.get(gram, 0)
            if count > most:
                if most:
                    second[gram] = most
                first[gram], holder[gram] = count, index
            elif count > second.get(gram, 0):
                second[gram] = count
    return first, holder, second


def vendi(vectors: ArrayLike) -> float | None:
    """The Vendi score of vectors [n, d] of length 1, 1 to n; None for none: how many things as unlike they are worth.

    The score is the exponential of the entropy of the eigenvalues of K / n, where K [n, n] holds the cosines of the
    vectors. Vectors of zeros, which empty texts have, are left out.

    Source: Friedman and Dieng 2023, *The Vendi Score*, definition 3.1, of order 1.

    Two that are the same and one at a right angle: the eigenvalues are 2/3, 1/3 and 0, and the score is
    exp(-(2/3) log(2/3) - (1/3) log(1/3)) = 3 / 2^(2/3).

    >>> round(vendi([[1, 0], [1, 0], [0, 1]]), 6) == round(3 / 2 ** (2 / 3), 6)
    True
    """
    matrix = np.asarray(vectors, dtype=np.float64)
    if not matrix.any():
        return None
    matrix = matrix[matrix.any(axis=1)]
    narrow = matrix.T if matrix.shape[1] < matrix.shape[0] else matrix  # either product has the same eigenvalues
    return _effective(np.linalg.eigvalsh(narrow @ narrow.T / len(matrix)))


def vendi_of_ngrams(texts: Sequence[Text], longest: int = 2) -> float | None:
    """The Vendi score of the cosines of the texts' counts of n-grams of 1 to `longest` tokens, without empty texts.

    Source: Friedman and Dieng 2023, section 5, with the n-grams of one and two tokens.
    """
    rows, columns, values = list[int](), list[int](), list[float]()
    numbers: dict[Gram, int] = {}
    texts = [text for text in texts if len(text)]
    for row, text in enumerate(texts):
        counts = Counter(gram for n in range(1, longest + 1) for gram in ngrams(text, n))
        length = math.sqrt(sum(count * count for count in counts.values()))
        for gram, count in counts.items():
            rows.append(row)
            columns.append(numbers.setdefault(gram, len(numbers)))
            values.append(count / length)
    if not texts:
        return None
    kernel = np.zeros((len(texts), len(texts)))
    row_of, column_of, value_of = np.array(rows), np.array(columns), np.array(values)
    for start in range(0, len(numbers), _COLUMNS):
        part = (column_of >= start) & (column_of < start + _COLUMNS)
        block = np.zeros((len(texts), _COLUMNS))
        block[row_of[part], column_of[part] - start] = value_of[part]
        kernel += block @ block.T
    return _effective(np.linalg.eigvalsh(kernel / len(texts)))


def effective_number(counts: ArrayLike) -> float | None:
    """How many equally frequent kinds have the entropy of these counts [k]: Hill's number of order 1; None for none.

    Source: Hill 1973, *Diversity and Evenness*.

    >>> effective_number([5, 5]), effective_number([7])
    (2.0, 1.0)
    """
    numbers = np.asarray(counts, dtype=np.float64)
    total = numbers.sum()
    return _effective(numbers / total) if total else None


def _effective(shares: ArrayLike) -> float:
    numbers = np.asarray(shares, dtype=np.float64)
    present = numbers[numbers > 1e-12]  # eigenvalues of 0 come out as tiny ones of either sign
    return round(float(np.exp(-np.sum(present * np.log(present)))), 10)
