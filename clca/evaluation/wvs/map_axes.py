"""The axes of the Inglehart-Welzel map from the items that clca asks: what can be estimated of them, and how well.

The map's two factors are made of ten indicators (Inglehart and Welzel 2005, Modernization, Cultural Change, and
Democracy, table 2.1), which are in wave 7:

- traditional or secular-rational: God (Q164), autonomy index (Y003, of Q8, Q14, Q15 and Q17), abortion (Q184), national
  pride (Q254), more respect for authority (Q45);
- survival or self-expression: post-materialism (Y002, of Q154 and Q155), happiness (Q46), homosexuality (Q182),
  petition (Q209), trust (Q57).

Among the 44 items there are the autonomy index and Q45 of the first axis, and none of the second. So the first is
estimated from two of its five indicators. The second can only be guessed from three correlates, the items on women and
men that Inglehart and Baker 2000 (table 3) list beside it: political leaders (Q29, r = 0.86), scarce jobs (Q33, 0.69)
and university (Q30, 0.67). They were chosen from that table and not by how well they fit here. What either estimate
cannot carry: religion, abortion and pride of the first axis, and all of trust, happiness, protest and tolerance of the
second.

Both are linear in the survey's own item means of 14 countries (`eval/wvs/shares.csv`), fitted to the published factor
scores of these countries (`personas/inglehart_welzel_2023.csv`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from clca.content.wvs_scales import scaled_shares

AUTONOMY_FOR, AUTONOMY_AGAINST = ("Q8", "Q14"), ("Q15", "Q17")
AUTHORITY = "Q45"
SCARCE_JOBS = "Q33"
GENDER = ("Q29", "Q30", SCARCE_JOBS)

ItemShares = Mapping[str, Sequence[float]]
"""Shares of the options by item, in the survey's order; they need not add up to 1."""

MOST_ERROR = 0.5
"""A point is drawn where the error is at most this share of the countries' own standard deviation."""


def autonomy(shares: ItemShares) -> float | None:
    """The mean autonomy index, -2 to 2, of shares of the options by item; None without all four items.

    Each person names qualities that children should learn: independence (Q8) and perseverance (Q14) count 1 each,
    religious faith (Q15) and obedience (Q17) -1 each, so that the mean index is a sum of four shares, whoever named
    them together. Option 1 is to name the quality. Source: WVS variable Y003, with the sign turned: it counts
    obedience and faith as positive.

    >>> autonomy({"Q8": (0.5, 0.5), "Q14": (0.25, 0.75), "Q15": (1.0, 0.0), "Q17": (0.0, 1.0)})
    -0.25
    """
    named = {item: _share_of_first(shares.get(item)) for item in (*AUTONOMY_FOR, *AUTONOMY_AGAINST)}
    if None in named.values():
        return None
    signs = {**dict.fromkeys(AUTONOMY_FOR, 1), **dict.fromkeys(AUTONOMY_AGAINST, -1)}
    return sum(sign * (named[item] or 0.0) for item, sign in signs.items())


def scale_mean(row: Sequence[float] | None) -> float | None:
    """The mean answer on a scale from 0 (first option) to 1 (last), the options evenly spaced, of their shares.

    None without shares, and where nobody gave any of the options.

    >>> scale_mean((0.5, 0.25, 0.25)), scale_mean((0, 0, 3)), scale_mean((0.0, 0.0))
    (0.375, 1.0, None)
    """
    if row is None or len(row) < 2 or not sum(row) > 0:
        return None
    return sum(place * share for place, share in enumerate(row)) / sum(row) / (len(row) - 1)


def gender_equality(shares: ItemShares) -> float | None:
    """The mean of three items on women and men, 0 (men first) to 1, each on its scale; None without all three.

    Q33 counts on three points, as some countries were asked it: to agree strongly is to agree.

    >>> gender_equality({"Q29": (1, 0, 0, 0), "Q30": (0, 0, 0, 1), "Q33": (0.25, 0.5, 0.0, 0.25, 0)})
    0.4166666666666667
    """
    three = scaled_shares({item: tuple(shares[item]) for item in GENDER if item in shares}, {SCARCE_JOBS})
    means = [scale_mean(three.get(item)) for item in GENDER]
    known = [mean for mean in means if mean is not None]
    return fmean(known) if len(known) == len(GENDER) else None


def _share_of_first(row: Sequence[float] | None) -> float | None:
    mean = scale_mean(row)
    return None if row is None or mean is None else row[0] / sum(row)


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of the map: its ends, the indicators of it that the items have, and the features of the estimate."""

    name: str
    low: str
    high: str
    items: tuple[str, ...]
    indicators: int
    features: tuple[Callable[[ItemShares], float | None], ...]

    def values(self, shares: ItemShares) -> tuple[float, ...] | None:
        """The features of these shares; None where any item is missing."""
        values = [feature(shares) for feature in self.features]
        known = tuple(value for value in values if value is not None)
        return known if len(known) == len(values) else None


SECULAR = Axis(
    "traditional or secular-rational values",
    "traditional",
    "secular-rational",
    (*AUTONOMY_FOR, *AUTONOMY_AGAINST, AUTHORITY),
    2,
    (autonomy, lambda shares: scale_mean(shares.get(AUTHORITY))),
)
EXPRESSION = Axis("survival or self-expression values", "survival", "self-expression", GENDER, 0, (gender_equality,))


@dataclass(frozen=True, slots=True)
class LinearFit:
    """Scores as a linear function of features: `coefficients`, the constant first.

    `left_out` [n] is by how much each score differs from its estimate by all others. `error` is the root mean square of
    these, in units of the scores, and `spread` the sample standard deviation of the scores.
    """

    coefficients: tuple[float, ...]
    left_out: tuple[float, ...]
    error: float
    spread: float

    def estimate(self, features: Sequence[float]) -> float:
        """The score of features, which lie best among those that were fitted."""
        return self.coefficients[0] + sum(
            weight * value for weight, value in zip(self.coefficients[1:], features, strict=True)
        )


def linear_fit(features: Sequence[Sequence[float]], scores: Sequence[float]) -> LinearFit:
    """Ordinary least squares of scores [n] on features [n, F], with the error when each score is left out in turn.

    Source: Allen 1974, the PRESS statistic: the residual over 1 - h, where h is the leverage, is the error of the
    estimate without that observation. Raises `ValueError` for fewer than F + 3 observations, and for features that are
    constant, tell each other, or hold one observation alone in place.

    >>> fit = linear_fit([[0], [1], [2], [3]], [0, 1, 2, 7])
    >>> [round(weight, 2) for weight in fit.coefficients], [round(error, 2) for error in fit.left_out]
    ([-0.8, 2.2], [2.67, -0.57, -2.29, 4.0])
    """
    import numpy as np

    design = np.column_stack([np.ones(len(scores)), np.asarray(features, dtype=np.float64)])
    wanted = np.asarray(scores, dtype=np.float64)
    if len(wanted) < design.shape[1] + 2:
        raise ValueError(f"{len(wanted)} observations are too few for {design.shape[1] - 1} features")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("the features are constant, or tell each other")
    weights = np.linalg.lstsq(design, wanted, rcond=None)[0]
    leverage = np.einsum("ij,jk,ik->i", design, np.linalg.inv(design.T @ design), design)
    if not (1 - leverage > 1e-9).all():
        raise ValueError("a feature is constant but for one observation")
    left_out = (wanted - design @ weights) / (1 - leverage)
    return LinearFit(
        tuple(weights.tolist()),
        tuple(left_out.tolist()),
        math.sqrt(float((left_out**2).mean())),
        stdev(wanted.tolist()),
    )


@dataclass(frozen=True, slots=True)
class AxisModel:
    """An axis as it is estimated: the fit over `countries`, and the range of each feature among them."""

    axis: Axis
    countries: tuple[str, ...]
    fit: LinearFit
    ranges: tuple[tuple[float, float], ...]

    @property
    def band(self) -> float:
        """Half the width of the band around an estimate: twice the error, which holds about 95 % of the countries."""
        return 2 * self.fit.error

    @property
    def is_point(self) -> bool:
        """Whether an estimate is good enough for a point.

        The items have to hold indicators of the axis itself, and the error be at most half the countries' spread.
        """
        return self.axis.indicators > 0 and self.fit.error <= MOST_ERROR * self.fit.spread

    def estimate(self, shares: ItemShares) -> AxisEstimate | None:
        """Where answers with these shares lie on the axis; None where an item has no answers.

        The scores of countries lie between -2.3 and 3.2, estimates between the ends of the features.
        """
        features = self.axis.values(shares)
        if features is None:
            return None
        within = all(low <= value <= high for value, (low, high) in zip(features, self.ranges, strict=True))
        return AxisEstimate(self.fit.estimate(features), self.band, within)


@dataclass(frozen=True, slots=True)
class AxisEstimate:
    """A position on an axis in factor scores, `band` to both sides of it.

    `within`: whether the features lie in the range of the countries that the model was fitted to. Outside it, the
    error says nothing.
    """

    value: float
    band: float
    within: bool


def axis_model(axis: Axis, shares: Mapping[str, ItemShares], scores: Mapping[str, float]) -> AxisModel:
    """An axis fitted over all countries that have all its items, by the shares and the published score of each.

    Raises `ValueError` as `linear_fit` does.
    """
    features = {country: axis.values(of_country) for country, of_country in shares.items() if country in scores}
    known = {country: values for country, values in features.items() if values is not None}
    columns = list(zip(*known.values(), strict=True))
    fit = linear_fit(list(known.values()), [scores[country] for country in known])
    return AxisModel(axis, tuple(known), fit, tuple((min(column), max(column)) for column in columns))
