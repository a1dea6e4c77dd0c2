"""The metrics of the evaluations, as pure functions of arrays.

Distances of a survey's and a predicted distribution of answers; accuracies; macro-F1; cultural specificity; bootstrap
intervals. Each function says what the axes of its arrays are, the range of its result and the formula's source.

    >>> from clca.metrics import jsd, wasserstein_1
    >>> survey, predicted = [[6, 3, 1], [1, 1, 0]], [[3, 3, 4], [1, 0, 0]]
    >>> wasserstein_1(survey, predicted).round(2).tolist(), jsd(survey, predicted).round(2).tolist()
    ([0.3, 0.25], [0.33, 0.56])
"""

from clca.evaluation.bootstrap import Estimate, bootstrap_interval
from clca.evaluation.classification.confusion import macro_f1
from clca.evaluation.classification.cspec import c_spec, chance_level, diagonal_mean
from clca.evaluation.wvs.metrics import (
    accuracy,
    accuracy_paper,
    invalid_share,
    jsd,
    kl,
    kl_paper,
    total_variation,
    valid_shares,
    wasserstein_1,
)

__all__ = [
    "Estimate",
    "accuracy",
    "accuracy_paper",
    "bootstrap_interval",
    "c_spec",
    "chance_level",
    "diagonal_mean",
    "invalid_share",
    "jsd",
    "kl",
    "kl_paper",
    "macro_f1",
    "total_variation",
    "valid_shares",
    "wasserstein_1",
]
