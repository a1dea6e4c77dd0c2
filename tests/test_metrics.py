"""The public metrics: their worked examples, what they load, and that evaluations score by the same functions."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from clca import metrics
from clca.evaluation import arrays, bootstrap, paired_test
from clca.evaluation.classification import confusion, cspec
from clca.evaluation.wvs import metrics as wvs_metrics
from clca.evaluation.wvs.counts import AnswerCounts
from clca.evaluation.wvs.metric_names import METRICS
from tests.evaluation.wvs.survey_people import COLUMNS, person, predictions


@pytest.mark.parametrize("module", [metrics, arrays, bootstrap, paired_test, confusion, cspec, wvs_metrics])
def test_worked_examples(module: ModuleType) -> None:
    failures, examples = doctest.testmod(module)
    assert examples
    assert not failures


def test_every_metric_has_a_worked_example() -> None:
    functions = [getattr(metrics, name) for name in metrics.__all__ if name[0].islower()]
    assert [function.__name__ for function in functions if ">>>" not in function.__doc__] == []


def test_they_load_numpy_but_no_model_library() -> None:
    code = "import sys, clca.metrics; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in modules
    assert not {"torch", "transformers", "openai", "scipy", "pyarrow"} & set(modules)


def test_accuracies_are_those_of_an_evaluation() -> None:
    people = [person("p1", 0, 2, 4), person("p2", 1, None, 4), person("p3", None, 1, None)]
    predicted = {"p1": (0, 1, None), "p2": (0, 1, 4), "p3": (1, 1, 0)}
    counts = AnswerCounts(COLUMNS, people)
    for id, options in predicted.items():
        for prediction in predictions(id, *options):
            counts.add(prediction)
    survey = {item.id: np.ones(len(item.options)) for item in COLUMNS.items}
    (scores,) = COLUMNS.scores(counts.rows().sum(axis=0)[None], survey, individual=True)
    answers = [[one.answers.get(item.id, -1) for one in people] for item in COLUMNS.items]
    given = [
        [-1 if option is None else option for option in options] for options in zip(*predicted.values(), strict=True)
    ]
    assert metrics.accuracy(answers, given).tolist() == scores[METRICS.index("accuracy")].tolist()
    assert metrics.accuracy_paper(answers, given).tolist() == scores[METRICS.index("accuracy_paper")].tolist()


NAN = float("nan")
WRONG = [
    ("jsd", ([], []), "survey: is empty"),
    ("jsd", ([1, 1], []), "valid: is empty"),
    ("jsd", (1, 1), "survey: is a single number, not an array"),
    ("jsd", ([1, 1], [1, -1]), "valid[1] is below 0"),
    ("jsd", ([[1, 1], [1, -1]], [1, 1]), "survey[1, 1] is below 0"),
    ("jsd", ([NAN, 1], [1, 1]), "survey[0] is no number"),
    ("jsd", ([NAN, NAN], [1, 1]), "survey: all weights are 0 or NaN; a distribution needs one above 0"),
    ("jsd", ([0, 0], [1, 1]), "survey: all weights are 0 or NaN; a distribution needs one above 0"),
    ("jsd", ([float("inf"), 1], [1, 1]), "survey[0] is no number"),
    ("jsd", ([1, 1], [1]), "survey has 2 options and valid 1: they must be equal"),
    ("jsd", ([[1, 1]] * 2, [[1, 1]] * 3), "survey has the shape (2, 2), valid (3, 2): the batches differ"),
    ("jsd", ([[1, 1], [1]], [1, 1]), "survey: is no array of numbers with rows of equal length"),
    ("jsd", (["a", "b"], [1, 1]), "survey: is no array of numbers with rows of equal length"),
    ("wasserstein_1", ([1, 1, 1], [1, 1]), "survey has 3 options and valid 2: they must be equal"),
    ("total_variation", ([1, 1], [1, 2, 3]), "first has 2 options and second 3: they must be equal"),
    ("kl", ([1, 1], [1, -2]), "valid[1] is below 0"),
    ("kl", ([1, 1], [1, 2], -1), "amount: -1 is no number of at least 0"),
    (
        "kl_paper",
        ([1, 1], [1, 1]),
        "survey has 2 options and predicted 1 (besides the unreadable bucket of predicted): they must be equal",
    ),
    ("valid_shares", ([],), "predicted: is empty"),
    ("valid_shares", ([3],), "predicted: needs an option before the last bucket, which holds unreadable answers"),
    ("invalid_share", ([1, NAN],), "predicted[1] is no number"),
    ("accuracy", ([], []), "answers: is empty"),
    ("accuracy", ([0, 1], [0]), "answers are of 2 respondents, predicted of 1"),
    ("accuracy", ([0, 0.5], [0, 1]), "answers[1] is no whole number"),
    ("accuracy_paper", ([0, 1], [0, NAN]), "predicted[1] is no whole number"),
    ("macro_f1", ([[1, 2, 3], [1, 2, 3]],), "matrices: has the shape (2, 3); it must be square"),
    ("macro_f1", ([[1]],), "matrices: has the shape (1, 1); it needs 2 rows or more"),
    ("macro_f1", ([[1, -1], [0, 1]],), "matrices[0, 1] is below 0"),
    ("c_spec", ([],), "matrix: is empty"),
    ("c_spec", ([1, 2],), "matrix: has the shape (2,); it must be square"),
    ("c_spec", ([[1, NAN], [1, 1]],), "matrix[0, 1] is no number"),
    ("diagonal_mean", ([[1, 2]],), "matrix: has the shape (1, 2); it must be square"),
    ("chance_level", ([[[1]]],), "matrix: has the shape (1, 1, 1); it must be square"),
    ("bootstrap_interval", ([],), "rows: is empty"),
    ("silhouette", ([1, 2], ["a", "b"]), "vectors: has the shape (2,); it must be [vectors, dimensions]"),
    ("silhouette", ([[1, NAN], [1, 1]], ["a", "b"]), "vectors[0, 1] is no number"),
    ("silhouette", ([[1, 0], [1, 1]], ["a"]), "labels: has the shape (1,); it must be (2,), one for each vector"),
    ("silhouette", ([[1, 0], [1, 1]], ["a", "a"]), "labels: are all the same; there must be two or more"),
    ("knn_purity", ([[1, 0], [1, 1]], ["a", "b"]), "k: 10 is not between 1 and 1, the number of other vectors"),
    ("knn_purity_p", ([[1, 0], [1, 1]], ["a", "b"], 2), "k: 2 is not between 1 and 1, the number of other vectors"),
    ("bootstrap_interval", ([1, 2],), "rows: has the shape (2,); it must be [observations, sums]"),
    ("bootstrap_interval", ([[1, NAN]],), "rows[0, 1] is no number"),
    ("seed_spread", ([],), "values: is empty"),
    ("seed_spread", ([[1.0]],), "values: has the shape (1, 1); it must be [seeds]"),
    ("paired_test", ([[1.0]], [[1.0]]), "first: has the shape (1, 1); it must be [seeds, observations, sums]"),
    (
        "paired_test",
        ([[[1.0]]], [[[1.0], [2.0]]]),
        "first has the shape (1, 1, 1), second (1, 2, 1): observations or sums differ",
    ),
    ("paired_test", ([[[1.0]]] * 2, [[[1.0]]] * 3), "first has 2 seeds and second 3: give the same, or one"),
    ("holm", ([0.2, 1.2],), "p_values[1] is not between 0 and 1"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), WRONG)
def test_what_cannot_be_scored_is_refused(name: str, arguments: tuple[object, ...], message: str) -> None:
    more = {"statistic": lambda sums: sums[:, 0], "seed": 1} if name in ("bootstrap_interval", "paired_test") else {}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(metrics, name)(*arguments, **more)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resamples": 0}, "resamples: 0 is below 1"),
        ({"level": 1.5}, "level: 1.5 is not between 0 and 1"),
        ({"lower": 1.0, "upper": 0.0}, "lower: 1.0 is not below upper, 0.0"),
    ],
)
def test_the_settings_of_an_interval_are_checked(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        metrics.bootstrap_interval([[1.0]], lambda sums: sums[:, 0], seed=1, **changes)


def test_in_a_batch_what_nobody_answered_scores_nan() -> None:
    predicted = [[1, 1, 0], [0, 0, 0]]
    assert np.isnan(metrics.kl_paper([1, 1], predicted)).tolist() == [False, True]
    assert np.isnan(metrics.jsd([1, 1], metrics.valid_shares(predicted))).tolist() == [False, True]
