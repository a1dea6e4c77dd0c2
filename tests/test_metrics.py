"""The public metrics: their worked examples, what they load, and that evaluations score by the same functions."""

from __future__ import annotations

import doctest
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from clca import metrics
from clca.evaluation import arrays, bootstrap
from clca.evaluation.classification import confusion, cspec
from clca.evaluation.wvs import metrics as wvs_metrics
from clca.evaluation.wvs.counts import AnswerCounts
from clca.evaluation.wvs.metric_names import METRICS
from tests.evaluation.wvs.survey_people import COLUMNS, person, predictions


@pytest.mark.parametrize("module", [metrics, arrays, bootstrap, confusion, cspec, wvs_metrics])
def test_worked_examples(module: ModuleType) -> None:
    failures, examples = doctest.testmod(module)
    assert examples
    assert not failures


def test_every_metric_has_a_worked_example() -> None:
    functions = [getattr(metrics, name) for name in metrics.__all__ if name != "Estimate"]
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
