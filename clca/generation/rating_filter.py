"""The filter by ratings, a pure function: which rated dialogues are discarded, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from clca.records import Dimension, Rating, Ratings

DIMENSIONS: tuple[str, ...] = get_args(Dimension)
BEST = 10
RATED_BELOW = " rated below "


def least_scores(texts: Sequence[str]) -> dict[str, int]:
    """The least score of each dimension that a text such as `believability=5` names.

    Raises `ValueError` for an unknown dimension, one that is named twice, and a score that is not from 0 to 10.

    >>> least_scores(["believability=5", "secret=10"])
    {'believability': 5, 'secret': 10}
    """
    least: dict[str, int] = {}
    for text in texts:
        name, _, score = (part.strip() for part in text.partition("="))
        if name not in DIMENSIONS:
            raise ValueError(f"no dimension {name!r}; there are {', '.join(DIMENSIONS)}: give one as believability=5")
        if not (score.isascii() and score.isdigit() and int(score) <= BEST):
            raise ValueError(f"{name}={score}: give a whole number from 0 to {BEST}, as in {name}=5")
        if name in least:
            raise ValueError(f"{name} is given twice")
        least[name] = int(score)
    return least


def too_low(ratings: Ratings, least: Mapping[str, int]) -> str | None:
    """The reason to discard a dialogue: its first dimension below its least score; None where there is none.

    A dialogue in which nobody has a secret passes any least score of it.
    """
    for name, score in least.items():
        rating: Rating | None = getattr(ratings, name)
        if rating is not None and rating.score < score:
            return f"{name}{RATED_BELOW}{score}"
    return None
