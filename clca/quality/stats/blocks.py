"""Diversity of texts in blocks of the same number of dialogues, so that cultures and runs of any size compare.

distinct-n, self-BLEU and the Vendi score all depend on how many texts there are. Each is therefore taken of disjoint
blocks of the sample, and the mean over the blocks is reported; the blocks are what is resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import Estimate, bootstrap, interval
from clca.quality.diversity import distinct, self_bleu, vendi, vendi_of_ngrams
from clca.quality.embedding import Vectors

LARGEST = 50  # dialogues of a block
SMALLEST = 5
BLOCKS = 10  # wanted at least: fewer say little of the spread
ORDERS = (1, 2, 3)
VENDI = "vendi"

DIVERSITY = {
    "distinct_1": "different words among all",
    "distinct_2": "different pairs of words among all",
    "distinct_3": "different triples of words among all",
    "self_bleu": "BLEU of a dialogue against the others of its block; 1: copies",
    "vendi_ngrams": "Vendi score by words and pairs of words; at most the dialogues of a block",
    "vendi_meaning": "Vendi score by meaning; at most the dialogues of a block",
}
"""The measures of a block, and what they are."""


def block_size(sizes: Sequence[int]) -> int:
    """The number of dialogues of a block, for samples of these sizes: such that the smallest has ten blocks, 5 to 50.

    A sample that is smaller than a block has no diversity; a size of less than 2 stands for none at all.

    >>> block_size([136, 1000]), block_size([1000]), block_size([12]), block_size([3, 100])
    (13, 50, 5, 3)
    """
    smallest = min(sizes, default=0)
    return min(max(SMALLEST, min(LARGEST, smallest // BLOCKS)), smallest)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The measures of each block of a sample, [blocks] each; NaN where a block is too short for one."""

    size: int
    scores: dict[str, Floats]

    def estimate(self, measure: str, replicates: Floats) -> Estimate | None:
        """The mean over the blocks, with its interval within the measure's range where there are several blocks."""
        scores = self._present(measure)
        if not scores.size:
            return None
        value = float(scores.mean())
        if scores.size == 1:
            return Estimate(value=value)
        lower, upper = self.range_of(measure)
        return interval(value, replicates, lower=lower, upper=upper)

    def range_of(self, measure: str) -> tuple[float, float]:
        """The least and the highest value of a measure."""
        return (1.0, float(self.size)) if measure.startswith(VENDI) else (0.0, 1.0)

    def replicates(self, measure: str, *, seed: int, name: str) -> Floats:
        """Means over resampled blocks, [B]."""
        scores = self._present(measure)
        if scores.size < 2:
            return np.full(1, np.nan)
        rows = np.stack([scores, np.ones_like(scores)], axis=1)
        sums = bootstrap(rows, seed=seed, name=f"{name}/{measure}")
        means: Floats = sums[:, 0] / sums[:, 1]
        return means

    def _present(self, measure: str) -> Floats:
        scores = self.scores[measure]
        present: Floats = scores[~np.isnan(scores)]
        return present


def token_budget(samples: Sequence[Sequence[Sequence[str]]], size: int) -> dict[int, int]:
    """How many n-grams of a block distinct-n takes, by n: as many as nine of ten blocks of every sample have.

    Blocks with fewer are left out of distinct-n. 0 where there are no blocks.
    """
    budgets = {}
    for n in ORDERS:
        counts = [
            [sum(max(0, len(text) - n + 1) for text in block) for block in blocks]
            for sample in samples
            if (blocks := _blocks(sample, size))
        ]
        budgets[n] = min((int(np.quantile(own, 0.1, method="lower")) for own in counts), default=0)
    return budgets


def measure(texts: Sequence[Sequence[str]], vectors: Vectors | None, size: int, budgets: dict[int, int]) -> Blocks:
    """The measures of the blocks of a sample's texts, as tokens, and their vectors [n, d] of length 1, if there are."""
    blocks = _blocks(texts, size)
    scores: dict[str, list[float | None]] = {
        f"distinct_{n}": [distinct(block, n, budgets[n]) if budgets[n] else None for block in blocks] for n in ORDERS
    }
    scores["self_bleu"] = [self_bleu(block) for block in blocks]
    scores["vendi_ngrams"] = [vendi_of_ngrams(block) for block in blocks]
    if vectors is not None:
        scores["vendi_meaning"] = [vendi(vectors[start : start + size]) for start in range(0, len(blocks) * size, size)]
    return Blocks(size, {name: np.array([np.nan if s is None else s for s in own]) for name, own in scores.items()})


def _blocks(texts: Sequence[Sequence[str]], size: int) -> list[Sequence[Sequence[str]]]:
    """Disjoint blocks of texts; what is left over at the end is in none."""
    return [texts[start : start + size] for start in range(0, len(texts) - size + 1, size)] if size > 1 else []
