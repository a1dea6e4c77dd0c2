"""C-SPEC of a matrix with all that is read beside it: what `clca eval-cspec` says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from clca.evaluation.arrays import Floats
from clca.evaluation.bootstrap import Estimate, interval
from clca.evaluation.classification import cspec
from clca.records import Record


class Specificity(Record):
    """The matrix of n cultures (adapters by tests, in the order of `cultures`) and what it says.

    `cspec` and `diagonal_mean` have an interval where the texts could be drawn again. `left_out` are the cultures
    on whose tests no adapter scored above 0: normalised they are None and have no winner. `cspec`, `chance` (the
    C-SPEC to be expected where it does not matter which adapter belongs to which culture) and `p` (the share of
    `permutations` orders of the adapters with a C-SPEC as high; all there are where `exact`) are None where no
    column is left.

    A finite number of texts makes C-SPEC too low, and more so the more alike adapters are: the maximum of a column
    is the luckiest of n scores. Five adapters that are right alike often (C-SPEC 1) score 0.95 on average on 200
    texts a culture, and the interval, which corrects in that direction, holds 1 in 7 of 10 cases rather than in 19
    of 20 (test_noise_lowers_c_spec_and_chance_alike simulates it). `chance` is lowered alike: it is what C-SPEC has
    to be read beside.

    `invalid` has the rates of invalid answers of the same cells, None where they are not known.
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


def specificity(
    cultures: Sequence[str],
    matrix: ArrayLike,
    *,
    seed: int,
    replicates: Floats | None = None,
    invalid: Sequence[Sequence[float | None]] | None = None,
) -> Specificity:
    """What the matrix [n, n] says; `replicates` [B, n, n] are the same matrix of texts drawn again, for intervals."""
    given = np.asarray(matrix, dtype=np.float64)
    again = np.zeros((0, *given.shape)) if replicates is None else replicates
    under = cspec.under_chance(given, seed=seed)
    mean = interval(float(cspec.diagonal_mean(given)), cspec.diagonal_mean(again), most=1.0)
    assert mean is not None, "a matrix has numbers only"
    return Specificity(
        cultures=tuple(cultures),
        cspec=interval(float(under[0]), cspec.c_spec(again), most=1.0),
        diagonal_mean=mean,
        chance=_number(cspec.chance(given)),
        p=_number(cspec.p_value(under)),
        permutations=len(under),
        exact=len(cultures) <= cspec.EXACT,
        left_out=tuple(culture for culture, empty in zip(cultures, cspec.empty_columns(given), strict=True) if empty),
        matrix=tuple(map(tuple, given.tolist())),
        normalised=tuple(tuple(map(_number, row)) for row in cspec.normalised(given).tolist()),
        ranks=tuple(map(tuple, cspec.ranks(given).tolist())),
        winners={
            culture: tuple(cultures[place] for place in places)
            for culture, places in zip(cultures, cspec.winners(given), strict=True)
        },
        invalid=None if invalid is None else tuple(tuple(row) for row in invalid),
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
