"""Probabilities of labels from the likeliest tokens that a server returns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from clca.inference.api_response import TokenLogprobs
from clca.inference.requests import Answer


def label_probabilities(positions: Sequence[TokenLogprobs], labels: Sequence[str], lead: str) -> tuple[Answer, int]:
    """The probabilities of labels at the first position with any of them, and how many are not among its tokens.

    A label that is not among the likeliest tokens is no likelier than the last of them, and all such labels together
    take no more than those tokens leave: each gets the smaller of the last token's probability and an equal part of
    the rest, so that it is rather overrated than underrated. Without any label all are equally likely.
    """
    tokens: TokenLogprobs = positions[0] if positions else []
    known: dict[str, float] = {}
    for position in positions:
        known = {label: p for label in labels if (p := _probability(position, label, lead)) is not None}
        if known:
            tokens = position
            break
    shares = [math.exp(logprob) for _, logprob in tokens]
    outside = len(labels) - len(known)
    unseen_share = max(0.0, 1.0 - sum(shares))
    bound = min(min(shares, default=1.0), unseen_share / outside) if outside else 0.0
    bounded = [known.get(label, bound) for label in labels]
    total = sum(bounded)
    uniform = (1 / len(labels),) * len(labels)
    probabilities = tuple(share / total for share in bounded) if total > 0 else uniform
    return Answer(probabilities=probabilities, option_mass=min(1.0, total)), outside


def _probability(tokens: TokenLogprobs, label: str, lead: str) -> float | None:
    """The probability of the token that is the label exactly, else of one that is but for white space."""
    exact = [logprob for token, logprob in tokens if token in (label, lead + label)]
    alike = exact or [logprob for token, logprob in tokens if token.strip() == label]
    return math.exp(max(alike)) if alike else None
