"""Distances between a survey's distribution of answers and a predicted one: pure functions of numpy arrays.

Distributions lie along the last axis; leading axes are batches and broadcast. `survey` and `valid` are
[..., K] over an item's K >= 1 options, `predicted` is [..., K + 1]: a last bucket holds unreadable answers.
Weights need not add up to 1. A distribution of zeros has no shares: its results are NaN.

The two families of metrics are never mixed. `kl_paper` and `accuracy_paper` follow the CLCA paper's evaluation.
`kl`, `jsd`, `wasserstein_1` and `accuracy` are the proper ones: the distances compare valid answers only
(`valid_shares`). A prediction without any valid answer counts as uniform there, with an invalid share of 1
beside it: if the item were left out instead, a model would gain by not answering.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from clca.evaluation.arrays import Floats

SMOOTHING = 0.0005
"""What `kl` adds to the share of every option: half an answer (Jeffreys' prior) per 1,000, the paper's sample.

It does not depend on the number of respondents: otherwise the same prediction would score differently with 100
and with 1,000 of them, and two runs could not be compared.
"""


def normalised(weights: ArrayLike) -> Floats:
    """Shares that add up to 1 along the last axis, [..., K] -> [..., K]; NaN where all weights are 0.

    >>> normalised([3, 1]).tolist()
    [0.75, 0.25]
    """
    array = np.asarray(weights, dtype=np.float64)
    total = array.sum(axis=-1, keepdims=True)
    shares: Floats = np.divide(array, total, out=np.full_like(array, np.nan), where=total > 0)
    return shares


def softmax(scores: ArrayLike) -> Floats:
    """exp(x) / sum(exp(x)) along the last axis, without overflow, [..., K] -> [..., K].

    >>> softmax([1000.0, 1000.0]).tolist()
    [0.5, 0.5]
    """
    array = np.asarray(scores, dtype=np.float64)
    powers = np.exp(array - array.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def valid_shares(predicted: ArrayLike) -> Floats:
    """Shares of the options among valid answers, [..., K + 1] -> [..., K]; uniform where no answer is valid.

    >>> valid_shares([[3, 1, 4], [0, 0, 8]]).tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """
    shares = normalised(predicted)
    options = shares[..., :-1]
    total = options.sum(axis=-1, keepdims=True)
    uniform = np.where(np.isnan(total), np.nan, 1 / options.shape[-1]) + np.zeros_like(options)
    valid: Floats = np.divide(options, total, out=uniform, where=total > 0)
    return valid


def invalid_share(predicted: ArrayLike) -> Floats:
    """Share of answers that could not be read, [..., K + 1] -> [...], in [0, 1].

    >>> float(invalid_share([3, 1, 4]))
    0.5
    """
    share: Floats = normalised(predicted)[..., -1]
    return share


def relative_entropy(p: ArrayLike, q: ArrayLike) -> Floats:
    """Kullback-Leibler divergence sum p ln(p / q) in nats, [..., K] each -> [...], in [0, inf].

    0 only where p = q; an option with p = 0 adds nothing; infinite where q = 0 < p.
    Source: Kullback and Leibler 1951, "On information and sufficiency".

    0.5 ln(0.5 / 0.25) + 0.5 ln(0.5 / 0.75) = 0.3466 - 0.2027:

    >>> round(float(relative_entropy([1, 1], [1, 3])), 4)
    0.1438
    """
    first, second = np.broadcast_arrays(normalised(p), normalised(q))
    with np.errstate(divide="ignore"):
        log_ratio = np.log(np.where(first > 0, first, 1)) - np.log(np.where(first > 0, second, 1))
    # Rounding can leave a sum of cancelling terms just below 0.
    divergence: Floats = np.maximum((first * log_ratio).sum(axis=-1), 0.0)
    return divergence


def kl_paper(survey: ArrayLike, predicted: ArrayLike) -> Floats:
    """The CLCA paper's KL-D: KL(o || softmax(q)) in nats over K + 1 buckets, [..., K] and [..., K + 1] -> [...].

    Source: the authors' evaluation code. o is the survey's distribution with 0 in the last bucket, q the predicted
    one with the unreadable share there. The softmax is applied to shares, so every bucket gets at least 1 / (K + e).
    It is not a divergence of the two distributions: the survey's own distribution scores above 0 (about 0.35 over
    the 44 items), and the majority option alone scores less. At most ln(K + e), where everything is unreadable or
    on one option and people chose another.

    Everyone chose the first of two options, in the survey and predicted: -ln(e / (e + 1 + 1)):

    >>> round(float(kl_paper([1, 0], [1, 0, 0])), 4)
    0.5514
    """
    options = normalised(survey)
    padded = np.concatenate([options, np.zeros((*options.shape[:-1], 1))], axis=-1)
    return relative_entropy(padded, softmax(normalised(predicted)))


def smoothed(shares: ArrayLike, amount: float = SMOOTHING) -> Floats:
    """(share + amount) / (1 + amount K), [..., K] -> [..., K]: no option has a share of 0.

    >>> smoothed([1, 0], amount=0.5).tolist()
    [0.75, 0.25]
    """
    options = normalised(shares)
    result: Floats = (options + amount) / (1 + amount * options.shape[-1])
    return result


def kl(survey: ArrayLike, valid: ArrayLike, amount: float = SMOOTHING) -> Floats:
    """KL(o' || q') in nats of both distributions smoothed alike, [..., K] each -> [...], in [0, ln(1 + 1 / amount)].

    Smoothing is a one-to-one map applied to both sides: the result is 0 exactly where the distributions are equal,
    as without smoothing, and finite where the prediction gives 0 to an option that people chose.

    With amount 0.5, (1, 0) becomes (0.75, 0.25) and (0, 1) becomes (0.25, 0.75): 0.75 ln 3 + 0.25 ln(1/3):

    >>> round(float(kl([1, 0], [0, 1], amount=0.5)), 4)
    0.5493
    """
    return relative_entropy(smoothed(survey, amount), smoothed(valid, amount))


def jsd(survey: ArrayLike, valid: ArrayLike) -> Floats:
    """Jensen-Shannon distance, [..., K] each -> [...]: square root of the divergence in bits, a metric in [0, 1].

    0 where the distributions are equal, 1 where they share no option.
    Source: Endres and Schindelin 2003, "A new metric for probability distributions".

    (1, 0) and (1/2, 1/2) have the middle (3/4, 1/4): sqrt((log2(4/3) + (log2(2/3) + log2(2)) / 2) / 2):

    >>> round(float(jsd([1, 0], [1, 1])), 4)
    0.5579
    """
    first, second = normalised(survey), normalised(valid)
    middle = (first + second) / 2
    bits = (relative_entropy(first, middle) + relative_entropy(second, middle)) / (2 * np.log(2))
    distance: Floats = np.sqrt(np.clip(bits, 0.0, 1.0))
    return distance


def wasserstein_1(survey: ArrayLike, valid: ArrayLike) -> Floats:
    """Wasserstein-1 distance with the K options placed evenly in [0, 1], [..., K] each -> [...]: a metric in [0, 1].

    Sum of the absolute differences of the cumulative shares over K - 1 (exact in one dimension: Vallender 1974);
    0 for a single option. Where a country was asked on three points, these are the K options.

    All people one option away, where the first and the last of three are 1 apart:

    >>> float(wasserstein_1([1, 0, 0], [0, 1, 0]))
    0.5
    """
    gaps = np.abs(np.cumsum(normalised(survey), axis=-1) - np.cumsum(normalised(valid), axis=-1))
    distance: Floats = gaps[..., :-1].sum(axis=-1) / max(gaps.shape[-1] - 1, 1)
    # The last gap, 1 - 1, is left out of the sum, and with it the NaN of a single option that nobody chose.
    return np.where(np.isnan(gaps[..., -1]), np.nan, np.clip(distance, 0.0, 1.0))


def total_variation(first: ArrayLike, second: ArrayLike) -> Floats:
    """Total-variation distance, [..., K] each -> [...]: half the sum of the absolute differences, in [0, 1].

    >>> float(total_variation([1, 0], [3, 1]))
    0.25
    """
    distance: Floats = np.clip(np.abs(normalised(first) - normalised(second)).sum(axis=-1) / 2, 0.0, 1.0)
    return distance


def hit_rate(hits: ArrayLike, total: ArrayLike) -> Floats:
    """hits / total, [...] each -> [...], in [0, 1]; NaN where the total is 0.

    >>> hit_rate([1, 0], [4, 0]).tolist()
    [0.25, nan]
    """
    numerator, denominator = np.broadcast_arrays(np.asarray(hits, np.float64), np.asarray(total, np.float64))
    rate: Floats = np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
    return rate


def accuracy(answers: ArrayLike, predicted: ArrayLike) -> Floats:
    """Share of n respondents whose own answer was predicted, of those who answered, [..., n] each -> [...].

    Both are options as integers from 0; below 0 stands for no answer or an unreadable prediction, which is wrong.
    In [0, 1]; NaN where nobody answered.

    Hits on the first of three who answered; the last did not answer:

    >>> round(float(accuracy([0, 1, 2, -1], [0, 2, -1, 1])), 4)
    0.3333
    """
    own = np.asarray(answers)
    answered = own >= 0
    return hit_rate((answered & (own == np.asarray(predicted))).sum(axis=-1), answered.sum(axis=-1))


def accuracy_paper(answers: ArrayLike, predicted: ArrayLike) -> Floats:
    """Share of n respondents whose own answer was predicted, of all, [..., n] each -> [...].

    Source: the CLCA authors' evaluation code, where a respondent without an answer is a miss. Otherwise as
    `accuracy`; NaN where n = 0.

    >>> float(accuracy_paper([0, 1, 2, -1], [0, 2, -1, 1]))
    0.25
    """
    own = np.asarray(answers)
    hits = (own >= 0) & (own == np.asarray(predicted))
    return hit_rate(hits.sum(axis=-1), hits.shape[-1])
