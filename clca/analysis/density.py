"""Kernel densities of points in two dimensions, and the regions that hold most of them."""

from __future__ import annotations

import numpy as np

from clca.evaluation.arrays import Floats

SMOOTHING = 0.5  # of the bandwidth by Scott's rule

_FLAT = 1e-9  # a variance across a line, in parts of that along it


def density(points: Floats, across: Floats, down: Floats) -> Floats | None:
    """The density of points [n, 2] over a grid of x [w] and y [h] -> [h, w]; None where they lie on a line.

    Gaussian kernels with half the bandwidth of Scott's rule, which is meant for a single hill: Scott (1992),
    Multivariate Density Estimation.
    """
    from scipy.stats import gaussian_kde

    if len(points) < 3:
        return None
    smallest, largest = np.linalg.eigvalsh(np.cov(points.T))
    if smallest <= _FLAT * largest:
        return None
    estimated = gaussian_kde(points.T, bw_method=lambda kde: SMOOTHING * kde.scotts_factor())
    x, y = np.meshgrid(across, down)
    values: Floats = estimated(np.vstack([x.ravel(), y.ravel()])).reshape(x.shape)
    return values


def level(values: Floats, share: float) -> float:
    """The density at the edge of the smallest region of a grid that holds this share of the mass on it.

    Source: Hyndman (1996), Computing and graphing highest density regions, The American Statistician 50, 120-126.

    >>> level(np.array([[4.0, 3.0], [2.0, 1.0]]), 0.5)
    3.0
    """
    ordered = np.sort(values, axis=None)[::-1]
    mass = np.cumsum(ordered)
    return float(ordered[min(int(np.searchsorted(mass, share * mass[-1])), len(ordered) - 1)])
