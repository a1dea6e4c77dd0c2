"""Metrics, prompts and imports against outside oracles: the paper's formula restated, SciPy, scikit-learn, lm-eval.

Nothing here shares code with what it checks.
"""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import jinja2
import numpy as np
import pytest
import yaml
from scipy import stats
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from sklearn.metrics import confusion_matrix, f1_score

from clca.content.lookup import Content
from clca.content.wvs_items import load_items
from clca.evaluation.bootstrap import bootstrap, interval
from clca.evaluation.classification.confusion import confusion_matrices, macro_f1
from clca.evaluation.mmlu.answer_extraction import LetterReader
from clca.evaluation.mmlu.prompts import MmluPrompts
from clca.evaluation.mmlu.questions import MmluItem
from clca.evaluation.mmlu.subjects import load_subjects
from clca.evaluation.mmlu.task import MmluTask
from clca.evaluation.wvs import metrics
from clca.evaluation.wvs.aggregate import resampled_scores
from clca.evaluation.wvs.baselines import survey_from_respondents
from clca.evaluation.wvs.counts import AnswerCounts
from clca.evaluation.wvs.metric_names import METRICS
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.evaluation.wvs.microdata.respondents import open_respondents
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.inference.prompt_format import TextFormat
from clca.records import Prediction, Respondent
from tests.evaluation.classification.answers import scored
from tests.evaluation.wvs.survey_files import demographics, people, values

ITEMS = load_items(Content()).items
UNREADABLE = -1


# ---------------------------------------------------------------- the paper's formula


def paper_kl(answers: list[list[int]], predicted: list[list[int]], options: list[int]) -> float:
    """KL-D as the CLCA authors compute it, from answers by item; below 0 is missing, or unreadable.

    By item: both counted over K + 1 buckets, the survey without its missing answers; both divided by their sums;
    softmax over the predicted shares; KL(survey || softmax) in nats. Then the mean over items.
    """
    divergences = []
    for own, guessed, count in zip(answers, predicted, options, strict=True):
        survey = [own.count(option) for option in range(count)] + [0]
        buckets = [guessed.count(option) for option in range(count)] + [guessed.count(UNREADABLE)]
        p = [number / sum(survey) for number in survey]
        q = [number / sum(buckets) for number in buckets]
        total = sum(math.exp(share) for share in q)
        divergences.append(
            sum(share * math.log(share / (math.exp(other) / total)) for share, other in zip(p, q, strict=True) if share)
        )
    return sum(divergences) / len(divergences)


@pytest.mark.parametrize("part", range(4))
def test_the_papers_kl_is_its_formula_over_200_random_sets(part: int) -> None:
    """Random answers of a random number of people to a random choice of the items, through all of the scoring."""
    for number in range(50):
        chance = np.random.default_rng(50 * part + number)
        items = [
            ITEMS[index] for index in sorted(chance.choice(len(ITEMS), size=chance.integers(1, 12), replace=False))
        ]
        options = [len(item.options) for item in items]
        size = int(chance.integers(2, 30))
        answers = [chance.integers(0, count, size).tolist() for count in options]
        predicted = [chance.integers(UNREADABLE, count, size).tolist() for count in options]
        layout = ScoreLayout(items)
        respondents = [
            Respondent(
                id=f"r{person}",
                country="japan",
                demographics={},
                answers={item.id: own[person] for item, own in zip(items, answers, strict=True)},
            )
            for person in range(size)
        ]
        counts = AnswerCounts(layout, respondents)
        for item, guessed in zip(items, predicted, strict=True):
            for person, option in enumerate(guessed):
                counts.add(
                    Prediction(
                        culture="japan",
                        method="persona",
                        respondent=f"r{person}",
                        item=item.id,
                        order="given",
                        option=None if option == UNREADABLE else option,
                    )
                )
        survey = survey_from_respondents("japan", respondents, layout, seed=1)
        scores, _ = resampled_scores(counts, survey, seed=1, resamples=0)
        expected = paper_kl(answers, predicted, options)
        assert scores[METRICS.index("kl_paper")].mean() == pytest.approx(expected, abs=1e-12)


# ---------------------------------------------------------------- SciPy and scikit-learn


def random_pairs() -> list[tuple[np.ndarray, np.ndarray]]:  # type: ignore[type-arg]
    chance = np.random.default_rng(3)
    pairs = []
    for _ in range(200):
        options = int(chance.integers(2, 8))
        first, second = chance.dirichlet(np.ones(options) * 0.7, 2)
        first[chance.random(options) < 0.2] = 0  # options that nobody chose
        pairs.append((first / first.sum() if first.sum() else np.eye(options)[0], second))
    return pairs


def test_distances_are_those_of_scipy() -> None:
    for survey, predicted in random_pairs():
        places = np.linspace(0, 1, len(survey))
        a = metrics.SMOOTHING
        smooth = [(shares + a) / (1 + a * len(shares)) for shares in (survey, predicted)]
        assert float(metrics.jsd(survey, predicted)) == pytest.approx(
            jensenshannon(survey, predicted, base=2), abs=1e-9
        )
        assert float(metrics.wasserstein_1(survey, predicted)) == pytest.approx(
            stats.wasserstein_distance(places, places, survey, predicted), abs=1e-12
        )
        assert float(metrics.relative_entropy(survey, predicted)) == pytest.approx(stats.entropy(survey, predicted))
        assert float(metrics.kl(survey, predicted)) == pytest.approx(stats.entropy(*smooth), abs=1e-12)
        assert metrics.softmax(predicted) == pytest.approx(softmax(predicted), abs=1e-15)
        unreadable = np.append(0.75 * predicted, 0.25)
        assert float(metrics.kl_paper(survey, unreadable)) == pytest.approx(
            stats.entropy(np.append(survey, 0), softmax(unreadable)), abs=1e-12
        )


def test_confusions_and_macro_f1_are_those_of_scikit_learn() -> None:
    chance = np.random.default_rng(4)
    for _ in range(100):
        size = int(chance.integers(2, 7))
        gold, answers = chance.integers(-1, size, (2, int(chance.integers(2, 60)))).tolist()
        test = scored("ara/hate", gold, {"base": answers}, [f"l{label}" for label in range(size)])
        labels = list(range(size))
        everything = [*labels, UNREADABLE]  # the last row and column of ours
        assert confusion_matrices(test)[0].tolist() == confusion_matrix(gold, answers, labels=everything).tolist()
        with warnings.catch_warnings():  # it warns where a label is nowhere
            warnings.simplefilter("ignore")
            theirs = f1_score(
                gold,
                [size + 1 if answer < 0 else answer for answer in answers],
                labels=labels,
                average="macro",
                zero_division=0,
            )
        assert macro_f1(confusion_matrices(test))[0] == pytest.approx(theirs, abs=1e-12)


def test_intervals_are_the_basic_bootstrap_of_scipy() -> None:
    """Their percentiles exactly; their whole bootstrap, which draws other samples, nearly."""
    observations = np.random.default_rng(5).gamma(2.0, size=(150, 1))
    value = float(observations.mean())
    replicates = bootstrap(observations, seed=1, name="japan", resamples=4000)[:, 0] / 150
    ours = interval(value, replicates)
    assert ours is not None
    assert ours.low is not None
    assert ours.high is not None
    low, high = stats.mstats.mquantiles(replicates, [0.025, 0.975], alphap=1, betap=1)
    assert (ours.low, ours.high) == pytest.approx((2 * value - high, 2 * value - low), abs=1e-12)
    theirs = stats.bootstrap(
        (observations[:, 0],), np.mean, n_resamples=4000, method="basic", rng=2
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs), abs=0.1 * (theirs.high - theirs.low))


# ---------------------------------------------------------------- lm-eval and WorldValuesBench

QUESTION = MmluItem(1, "  What is\n3 + 3?", ("3", "4", "5", "6"), "D")
SHOTS = (MmluItem(1, "What is 2 + 2?\n", ("3", "4", "5", "6"), "B"), MmluItem(2, "Which?", ("a", "b", "c", "d"), "D"))


@pytest.mark.skipif(find_spec("lm_eval") is None, reason="lm-eval is not installed")
def test_mmlu_prompts_are_those_of_lm_eval(content: Content) -> None:
    """Of every subject, from the task files of the installed lm-eval."""
    spec = find_spec("lm_eval")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "tasks" / "mmlu" / "default"
    template = yaml.safe_load((folder / "_default_template_yaml").read_text())
    text = jinja2.Template(template["doc_to_text"])

    def asked(item: MmluItem) -> str:
        return text.render(question=item.question, choices=item.choices)

    for subject in load_subjects(content).values():
        description = yaml.safe_load((folder / f"mmlu_{subject.id}.yaml").read_text())["description"]
        worked = [f"{asked(item)} {template['doc_to_choice']['ABCD'.index(item.answer)]}\n\n" for item in SHOTS]
        task = MmluTask(subject, SHOTS, (QUESTION,), MmluPrompts(content, "corrected"), LetterReader("corrected"))
        (example,) = task.examples("base")
        ours = TextFormat().prompt(task.system_prompt("base"), example.text)
        assert ours == description + "".join(worked) + asked(QUESTION)


def test_shares_of_world_values_bench_are_those_counted_in_its_files(content: Content, tmp_path: Path) -> None:
    """Its two tables as its repository lays them out: labels and blanks, joined by D_INTERVIEW."""
    codebook, rows = load_codebook(content), people({"JPN": 40, "DEU": 25}, seed=9)
    (tmp_path / "full_demographic_qa.tsv").write_bytes(demographics(rows, codebook.fields))
    (tmp_path / "full_value_qa.tsv").write_bytes(values(rows))
    import_survey([tmp_path / "full_demographic_qa.tsv", tmp_path / "full_value_qa.tsv"], codebook, tmp_path / "out")
    imported = open_respondents(tmp_path / "out")
    layout = ScoreLayout(ITEMS)
    tables = [
        {row["D_INTERVIEW"]: row for row in csv.DictReader(io.StringIO((tmp_path / name).read_text()), delimiter="\t")}
        for name in ("full_demographic_qa.tsv", "full_value_qa.tsv")
    ]
    for country, culture in (("Japan", "japan"), ("Germany", "germany")):
        survey = survey_from_respondents(culture, imported.respondents([culture]), layout, seed=1)
        ids = [id for id, row in tables[0].items() if row["B_COUNTRY"] == country]
        for item in ITEMS:
            answers = Counter(int(float(cell)) for id in ids if (cell := tables[1][id][item.id]))
            shares = [answers[code] / answers.total() for code in range(1, len(item.options) + 1)]
            assert survey.shares[item.id] == pytest.approx(shares, abs=1e-12), (country, item.id)
