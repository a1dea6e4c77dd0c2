"""Names, families and bounds of the metrics, without numpy: tables and content checks need no more."""

from __future__ import annotations

from math import inf
from typing import Literal, get_args

Metric = Literal["kl_paper", "accuracy_paper", "kl", "jsd", "wasserstein_1", "accuracy", "invalid"]
METRICS: tuple[Metric, ...] = get_args(Metric)


def as_metric(name: str) -> Metric | None:
    """The metric of that name; None for what is none, as a difference of two."""
    return next((metric for metric in METRICS if metric == name), None)


PAPER_METRICS: tuple[Metric, ...] = ("kl_paper", "accuracy_paper")
"""The family that is comparable with the CLCA paper; the others are the proper family."""

INDIVIDUAL_METRICS: frozenset[Metric] = frozenset({"accuracy_paper", "accuracy"})
"""Metrics of each respondent's own answer; the others compare the culture's distributions."""

HIGHER_IS_BETTER = INDIVIDUAL_METRICS
UPPER_BOUNDS: dict[Metric, float] = {
    "kl_paper": inf,
    "accuracy_paper": 1.0,
    "kl": inf,
    "jsd": 1.0,
    "wasserstein_1": 1.0,
    "accuracy": 1.0,
    "invalid": 1.0,
}
