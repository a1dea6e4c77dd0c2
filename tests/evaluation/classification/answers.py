"""Answers to tests, to score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clca.evaluation.classification.confusion import Confusion


def scored(
    test: str, gold: Sequence[int], rows: dict[str, Sequence[int]], labels: Sequence[str] = ("yes", "no")
) -> Confusion:
    """`ara/hate` is of the culture `ara`; labels are given by their places."""
    return Confusion(
        culture=test.partition("/")[0],
        test=test,
        labels=tuple(labels),
        systems=tuple(rows),
        gold=np.array(gold, dtype=np.int8),
        answers=np.array([list(one) for one in rows.values()], dtype=np.int8).reshape(len(rows), len(gold)),
    )
