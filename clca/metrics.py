"""The metrics of the evaluations, as pure functions of arrays.

Distances of a survey's and a predicted distribution of answers; accuracies; macro-F1; cultural specificity; bootstrap
intervals; spread and paired tests over several seeds; how far labels separate in a space of vectors. Each function
says what the axes of its arrays are, the range of its result and the formula's source. Arguments that cannot be scored
(empty, negative or NaN, of different lengths) raise a `ValueError` that names them.

    >>> from clca.metrics import jsd, wasserstein_1
    >>> survey, predicted = [[6, 3, 1], [1, 1, 0]], [[3, 3, 4], [1, 0, 0]]
    >>> wasserstein_1(survey, predicted).round(2).tolist(), jsd(survey, predicted).round(2).tolist()
    ([0.3, 0.25], [0.33, 0.56])
"""

from clca.analysis import separability
from clca.evaluation import bootstrap
from clca.evaluation import paired_test as several_seeds
from clca.evaluation.bootstrap import Estimate
from clca.evaluation.classification import confusion, cspec
from clca.evaluation.metric_arguments import (
    checked,
    chosen_options,
    distributions,
    labelled_vectors,
    observations,
    p_values,
    seeds_of_observations,
    square,
    values_of_seeds,
)
from clca.evaluation.paired_test import PairedTest, SeedSpread
from clca.evaluation.wvs import metrics

kl_paper = checked(metrics.kl_paper, distributions("survey", "predicted", unreadable="predicted"))
kl = checked(metrics.kl, distributions("survey", "valid"))
jsd = checked(metrics.jsd, distributions("survey", "valid"))
wasserstein_1 = checked(metrics.wasserstein_1, distributions("survey", "valid"))
total_variation = checked(metrics.total_variation, distributions("first", "second"))
valid_shares = checked(metrics.valid_shares, distributions("predicted", unreadable="predicted"))
invalid_share = checked(metrics.invalid_share, distributions("predicted", unreadable="predicted"))
accuracy = checked(metrics.accuracy, chosen_options)
accuracy_paper = checked(metrics.accuracy_paper, chosen_options)
macro_f1 = checked(confusion.macro_f1, square("matrices", least=2))
c_spec = checked(cspec.c_spec, square("matrix"))
diagonal_mean = checked(cspec.diagonal_mean, square("matrix"))
chance_level = checked(cspec.chance_level, square("matrix", batch=False))
bootstrap_interval = checked(bootstrap.bootstrap_interval, observations)
seed_spread = checked(several_seeds.seed_spread, values_of_seeds)
paired_test = checked(several_seeds.paired_test, seeds_of_observations)
holm = checked(several_seeds.holm, p_values)
silhouette = checked(separability.silhouette, labelled_vectors)
knn_purity = checked(separability.knn_purity, labelled_vectors)
knn_purity_p = checked(separability.knn_purity_p, labelled_vectors)

__all__ = [
    "Estimate",
    "PairedTest",
    "SeedSpread",
    "accuracy",
    "accuracy_paper",
    "bootstrap_interval",
    "c_spec",
    "chance_level",
    "diagonal_mean",
    "holm",
    "invalid_share",
    "jsd",
    "kl",
    "kl_paper",
    "knn_purity",
    "knn_purity_p",
    "macro_f1",
    "paired_test",
    "seed_spread",
    "silhouette",
    "total_variation",
    "valid_shares",
    "wasserstein_1",
]
