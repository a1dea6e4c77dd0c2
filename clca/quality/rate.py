"""Shares with their Wilson intervals, their difference, and Cohen's kappa of counts; no library is needed."""

from __future__ import annotations

import math

from clca.records import Record

Z = 1.959963984540054  # the 97.5 % quantile of the normal distribution


class Rate(Record):
    """A share of dialogues with its Wilson interval of 95 %; without any dialogue there is no value."""

    hits: int
    of: int
    value: float | None
    low: float
    high: float


def wilson(hits: int, of: int, z: float = Z) -> Rate:
    """The share `hits` / `of` and its score interval.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), within [0, 1]. Source: Wilson 1927, J. Am. Stat. Assoc. 22:209.
    It holds for independent dialogues, and stays inside [0, 1] for 0 and n hits. Raises `ValueError` unless
    0 <= hits <= of.

    >>> rate = wilson(9, 10)
    >>> rate.value, round(rate.low, 4), round(rate.high, 4)
    (0.9, 0.5958, 0.9821)
    >>> wilson(0, 0)
    Rate(hits=0, of=0, value=None, low=0.0, high=1.0)
    """
    if not 0 <= hits <= of:
        raise ValueError(f"no share: {hits} of {of}")
    if of == 0:
        return Rate(hits=0, of=0, value=None, low=0.0, high=1.0)
    share = hits / of
    centre = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    low = 0.0 if hits == 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if hits == of else min(1.0, (centre + half) / scale)
    return Rate(hits=hits, of=of, value=share, low=low, high=high)


def difference(first: Rate, second: Rate, phi: float = 0.0) -> tuple[float, float, float] | None:
    """The first share minus the second in [-1, 1], with its interval of 95 %: (value, low, high); None without either.

    With l, u the Wilson bounds of each share p1, p2, and φ the correlation of pairs, 0 for other dialogues:
    low = d − √((p1−l1)² − 2φ(p1−l1)(u2−p2) + (u2−p2)²), high = d + √((u1−p1)² − 2φ(u1−p1)(p2−l2) + (p2−l2)²). Source:
    Newcombe 1998, Statistics in Medicine 17:2635, method 10, and for other dialogues 17:873, method 10.

    His example of 56 of 70 and 48 of 80 dialogues:
    >>> [round(part, 4) for part in difference(wilson(56, 70), wilson(48, 80))]
    [0.2, 0.0524, 0.3339]
    """
    if first.value is None or second.value is None:
        return None
    value = first.value - second.value
    below, above = first.value - first.low, second.high - second.value
    low = value - math.sqrt(max(0.0, below**2 - 2 * phi * below * above + above**2))
    upper, lower = first.high - first.value, second.value - second.low
    high = value + math.sqrt(max(0.0, upper**2 - 2 * phi * upper * lower + lower**2))
    return value, max(-1.0, low), min(1.0, high)


def kappa(both: int, first: int, second: int, neither: int) -> float | None:
    """Cohen's kappa in [-1, 1] of two judges' yes: how often both say it, one alone, and neither; None if undefined.

    κ = (po − pe) / (1 − pe), with po the share that is alike and pe that which independent judges with the same shares
    of yes would have; undefined where pe is 1. Source: Cohen 1960, Educ. Psychol. Meas. 20:37.

    po = 0.7, pe = 0.6 · 0.5 + 0.4 · 0.5 = 0.5:
    >>> round(kappa(4, 2, 1, 3), 4)
    0.4
    """
    total = both + first + second + neither
    if not total:
        return None
    one, other = (both + first) / total, (both + second) / total
    expected = one * other + (1 - one) * (1 - other)
    return None if math.isclose(expected, 1.0) else ((both + neither) / total - expected) / (1 - expected)
