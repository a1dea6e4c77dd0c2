"""C-SPEC of a score matrix with its chance level, ranks and winners: the result of `clca eval-cspec`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import model_validator

from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import Estimate, interval
from clca.evaluation.classification import cspec
from clca.records import Record


class Specificity(Record):
    """C-SPEC of the matrix of n cultures: adapters by tests, in the order of `cultures`.

    `cspec` and `diagonal_mean` have an interval where the texts could be resampled. `left_out` are the cultures
    on whose tests no adapter scored above 0: normalised they are None and have no winner. `chance` is the expected
    C-SPEC if it does not matter which adapter belongs to which culture. `p` is the share of `permutations` orders of
    the adapters with a C-SPEC as high; these are all orders where `exact`. `cspec`, `chance` and `p` are None where
    all columns are left out.

    A finite number of texts makes C-SPEC too low, and more so the more alike adapters are: the maximum of a column
    is the luckiest of n scores. Five adapters that are right alike often (C-SPEC 1) score 0.95 on average on 200
    texts a culture, and the interval, which corrects in that direction, contains 1 in 7 of 10 cases rather than in 19
    of 20 (test_noise_lowers_c_spec_and_chance_alike simulates it). `chance` is lowered alike: C-SPEC has to
    be read beside it.

    `invalid` are the shares of invalid answers in the same cells, None where they are unknown.
    """

    cultures: tuple[str, ...]
    cspec: Estimate | None
    diagonal_mean: Estimate
    chance: float | None
    p: float | None
    permutations: int
    exact: bool
    left_out: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    normalised: tuple[tuple[float | None, ...], ...]
    ranks: tuple[tuple[int, ...], ...]
    winners: dict[str, tuple[str, ...]]
    invalid: tuple[tuple[float | None, ...], ...] | None = None

    @model_validator(mode="after")
    def _is_square(self) -> Self:
        """Refuse a file that was changed: each matrix has a row and a column for each culture."""
        n = len(self.cultures)
        parts = (self.matrix, self.normalised, self.ranks, *([] if self.invalid is None else [self.invalid]))
        if any([len(row) for row in part] != [n] * n for part in parts) or set(self.winners) != set(self.cultures):
            raise ValueError("the matrices are not those of the cultures")
        return self


def specificity(
    cultures: Sequence[str],
    matrix: ArrayLike,
    *,
    seed: int,
    replicates: Floats | None = None,
    invalid: Sequence[Sequence[float | None]] | None = None,
) -> Specificity:
    """C-SPEC of a matrix [n, n] of scores, and what is read beside it.

    `replicates` [B, n, n] are the matrices of resampled texts, for intervals; `invalid` [n, n] the shares of invalid
    answers. `seed` decides the random orders of more than `cspec.MAX_EXACT` cultures.
    """
    scores = np.asarray(matrix, dtype=np.float64)
    resampled = np.zeros((0, *scores.shape)) if replicates is None else replicates
    null = cspec.null_distribution(scores, seed=seed)
    mean = interval(float(cspec.diagonal_mean(scores)), cspec.diagonal_mean(resampled), upper=1.0)
    assert mean is not None, "a matrix has numbers only"
    return Specificity(
        cultures=tuple(cultures),
        cspec=interval(float(null[0]), cspec.c_spec(resampled), upper=1.0),
        diagonal_mean=mean,
        chance=_number(cspec.chance_level(scores)),
        p=_number(cspec.p_value(null)),
        permutations=len(null),
        exact=len(cultures) <= cspec.MAX_EXACT,
        left_out=tuple(culture for culture, empty in zip(cultures, cspec.empty_columns(scores), strict=True) if empty),
        matrix=tuple(map(tuple, scores.tolist())),
        normalised=tuple(tuple(map(_number, row)) for row in cspec.normalised(scores).tolist()),
        ranks=tuple(map(tuple, cspec.ranks(scores).tolist())),
        winners={
            culture: tuple(cultures[row] for row in rows)
            for culture, rows in zip(cultures, cspec.winners(scores), strict=True)
        },
        invalid=None if invalid is None else tuple(tuple(row) for row in invalid),
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
