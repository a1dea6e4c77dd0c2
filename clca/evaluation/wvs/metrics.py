"""Distances between a survey's distribution of answers and a predicted one: pure functions of numpy arrays.

Distributions lie along the last axis; leading axes are batches and broadcast. `survey` and `valid` are
[..., K] over an item's K >= 1 options, `predicted` is [..., K + 1]: one last bucket for what could not be read.
What is given need not add up to 1. Without anything to go by (all zeros) a result is NaN, never a guess.

Two families, never to be mixed: `kl_paper` is the formula of the CLCA paper's evaluation; `kl`, `jsd` and
`emd` look at valid answers only. A prediction without any valid answer says nothing about the options and
counts as uniform there (`valid_part`), with `invalid` = 1 beside it: were the item left out instead, a model
would gain by not answering.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from clca.evaluation.arrays import Floats

SMOOTHING = 0.0005
"""What `kl` adds to the share of every option: half an answer (Jeffreys' prior) per 1,000, the paper's sample.

It does not depend on how many respondents answered: else the same prediction would score differently with
100 and with 1,000 of them, and two runs could not be compared.
"""


def normalised(weights: ArrayLike) -> Floats:
    """Shares adding up to 1 along the last axis; NaN where there is nothing to share."""
    given = np.asarray(weights, dtype=np.float64)
    total = given.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(given, total, out=np.full_like(given, np.nan), where=total > 0)
    return shares


def softmax(scores: ArrayLike) -> Floats:
    """exp(x) / sum(exp(x)) along the last axis, without overflow."""
    given = np.asarray(scores, dtype=np.float64)
    powers = np.exp(given - given.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def valid_part(predicted: ArrayLike) -> Floats:
    """[..., K + 1] -> [..., K]: the shares among valid answers; uniform where there is none."""
    given = normalised(predicted)
    options = given[..., :-1]
    total = options.sum(axis=-1, keepdims=True)
    uniform = np.where(np.isnan(total), np.nan, 1 / options.shape[-1]) + np.zeros_like(options)
    shares: Floats = np.divide(options, total, out=uniform, where=total > 0)
    return shares


def invalid(predicted: ArrayLike) -> Floats:
    """[..., K + 1] -> [...]: the share that could not be read, in [0, 1]."""
    share: Floats = normalised(predicted)[..., -1]
    return share


def relative_entropy(p: ArrayLike, q: ArrayLike) -> Floats:
    """Kullback-Leibler divergence sum p ln(p / q) in nats, [..., K] each, in [0, inf].

    0 only where p = q; an option with p = 0 adds nothing; infinite where q = 0 < p.
    """
    one, other = np.broadcast_arrays(normalised(p), normalised(q))
    with np.errstate(divide="ignore"):
        ratio = np.log(np.where(one > 0, one, 1)) - np.log(np.where(one > 0, other, 1))
    # Rounding can leave a sum of cancelling terms just below 0.
    result: Floats = np.maximum((one * ratio).sum(axis=-1), 0.0)
    return result


def kl_paper(survey: ArrayLike, predicted: ArrayLike) -> Floats:
    """The CLCA paper's KL-D: KL(o || softmax(q)) in nats over K + 1 buckets.

    Source: the authors' evaluation. o is the survey's distribution with 0 in the last bucket, q the predicted
    one with the unreadable share there; the softmax is over numbers that are shares already, so that no bucket
    gets less than 1 / (K + e) of it. Not a divergence of the two distributions:
    the survey's own distribution scores above 0 (about 0.35 over the 44 items) and the majority option alone
    scores less. Finite: at most ln(K + e), where everything is unreadable or on one option and people chose another.
    """
    options = normalised(survey)
    padded = np.concatenate([options, np.zeros((*options.shape[:-1], 1))], axis=-1)
    return relative_entropy(padded, softmax(normalised(predicted)))


def smoothed(shares: ArrayLike, amount: float = SMOOTHING) -> Floats:
    """(share + amount) / (1 + amount K): no option is quite impossible."""
    given = normalised(shares)
    result: Floats = (given + amount) / (1 + amount * given.shape[-1])
    return result


def kl(survey: ArrayLike, valid: ArrayLike, amount: float = SMOOTHING) -> Floats:
    """KL(o' || q') in nats, [..., K] each, both smoothed alike: in [0, ln(1 + 1 / amount)].

    Both sides are smoothed, by the same one-to-one map: so it is 0 where the distributions are equal and only
    there, as without smoothing, and finite where the prediction leaves out what the survey has.
    """
    return relative_entropy(smoothed(survey, amount), smoothed(valid, amount))


def jsd(survey: ArrayLike, valid: ArrayLike) -> Floats:
    """Jensen-Shannon distance, [..., K] each: square root of the divergence in bits, a metric in [0, 1].

    Source: Endres and Schindelin 2003, "A new metric for probability distributions". 1 where no option is shared.
    """
    one, other = normalised(survey), normalised(valid)
    middle = (one + other) / 2
    bits = (relative_entropy(one, middle) + relative_entropy(other, middle)) / (2 * np.log(2))
    result: Floats = np.sqrt(np.clip(bits, 0.0, 1.0))
    return result


def emd(survey: ArrayLike, valid: ArrayLike) -> Floats:
    """Wasserstein-1 distance with the K options placed evenly in [0, 1], [..., K] each: a metric in [0, 1].

    Sum of the differences of the cumulative shares over K - 1 (exact in one dimension); 0 for a single option.
    An option that a country was not offered keeps its place, empty.
    """
    gaps = np.abs(np.cumsum(normalised(survey), axis=-1) - np.cumsum(normalised(valid), axis=-1))
    result: Floats = gaps[..., :-1].sum(axis=-1) / max(gaps.shape[-1] - 1, 1)
    # The last sum, 1 - 1, is left out above, and with it the NaN of a single option that nobody chose.
    return np.where(np.isnan(gaps[..., -1]), np.nan, np.clip(result, 0.0, 1.0))


def variation(one: ArrayLike, other: ArrayLike) -> Floats:
    """Total-variation distance, [..., K] each: half the sum of the differences, in [0, 1]."""
    result: Floats = np.clip(np.abs(normalised(one) - normalised(other)).sum(axis=-1) / 2, 0.0, 1.0)
    return result


def macro(values: ArrayLike) -> Floats:
    """The plain mean over items along the last axis, NaN left out; NaN where no item has a value."""
    given = np.asarray(values, dtype=np.float64)
    there = ~np.isnan(given)
    count = there.sum(axis=-1)
    total = np.where(there, given, 0.0).sum(axis=-1)
    mean: Floats = np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
    return mean
