from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clca.evaluation.classification import replicates
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.confusion import Confusion
from clca.evaluation.classification.scores import MatrixScores
from tests.evaluation.classification.answers import scored

# Three tests of two cultures. On ara/hate: base 1/2 right, ara all, deu none.
TESTS = [
    scored("ara/hate", [0, 1], {"base": [0, 0], "ara": [0, 1], "deu": [1, 0]}),
    scored("ara/spam", [0, 1], {"base": [0, 1], "ara": [0, -1], "deu": [0, 1]}),
    scored("deu/hate", [0, 1, 1, 1], {"base": [-1, -1, 1, 1], "ara": [0, 0, 0, 1], "deu": [0, 1, 1, 1]}),
]


@pytest.fixture(scope="module")
def scores() -> MatrixScores:
    return score(TESTS, seed=42, resamples=200)


def value(scores: MatrixScores, row: str, where: str, metric: str = "f1") -> float:
    result = scores.result(row)
    assert result is not None
    figures = {**result.tests, **result.cultures, "average": result.average, "pooled": result.pooled}[where]
    estimate = getattr(figures, metric)
    assert estimate is not None
    assert estimate.low <= estimate.value <= estimate.high
    return float(estimate.value)


def test_tests_make_cultures_and_cultures_the_average(scores: MatrixScores) -> None:
    # base: yes 2 / 3, no 0 on ara/hate; all right on ara/spam; yes 0, no 4 / 5 on deu/hate.
    assert value(scores, "base", "ara/hate") == pytest.approx(1 / 3)
    assert value(scores, "base", "ara/spam") == pytest.approx(1)
    assert value(scores, "base", "deu/hate") == pytest.approx(0.4)
    assert value(scores, "base", "ara") == pytest.approx(2 / 3)
    assert value(scores, "base", "average") == pytest.approx((2 / 3 + 0.4) / 2)
    result = scores.result("base")
    assert result is not None
    assert result.over_tests.f1 is not None
    assert result.over_tests.f1.value == pytest.approx((1 / 3 + 1 + 0.4) / 3)


def test_all_texts_can_be_taken_as_one_test(scores: MatrixScores) -> None:
    # base over 8 texts: 3 yes of which 2 are right, answered 3 times; 5 no, 3 right, answered 3 times; 2 invalid.
    assert value(scores, "base", "pooled") == pytest.approx((4 / 6 + 6 / 8) / 2)
    assert value(scores, "base", "pooled", "accuracy") == pytest.approx(5 / 8)
    assert value(scores, "base", "pooled", "invalid") == pytest.approx(2 / 8)
    # By test: 0 of 2, 0 of 2, 2 of 4; by culture 0 and 1 / 2.
    assert value(scores, "base", "average", "invalid") == pytest.approx(1 / 4)


def test_labels_that_differ_have_no_pooled_f1_but_a_pooled_accuracy() -> None:
    other = scored("deu/hate", [2, 0], {"base": [2, 1]}, ("a", "b", "c"))
    result = score([scored("ara/hate", [0, 1], {"base": [0, -1]}), other], seed=1, resamples=10).result("base")
    assert result is not None
    assert result.pooled.f1 is None
    assert result.pooled.accuracy is not None
    assert result.pooled.accuracy.value == 0.5
    assert result.pooled.accuracy.low is not None


def test_the_matrix_has_the_adapters_and_its_specificity(scores: MatrixScores) -> None:
    one = scores.specificity
    assert one is not None
    assert one.cultures == ("ara", "deu") == scores.adapters
    # ara on ara: (1 + (1 + 0) / 2) / 2. ara on deu: yes 2 / 4, no 2 / 4. deu on ara: (0 + 1) / 2. deu on deu: 1.
    assert np.allclose(one.matrix, [[0.75, 0.5], [0.5, 1.0]])
    assert one.cspec is not None
    assert one.cspec.value == 1.0
    assert one.diagonal_mean.value == pytest.approx(0.875)
    assert one.invalid == ((0.25, 0.0), (0.0, 0.0))
    assert scores.own("ara") == scores.results[1].cultures["ara"]
    assert scores.own("base") is None


def test_change_is_against_base_over_the_same_texts(scores: MatrixScores) -> None:
    base, ara, _ = scores.results
    assert base.change is None
    assert ara.change is not None
    assert ara.change.f1 is not None
    assert ara.change.f1.value == pytest.approx((0.75 + 0.5) / 2 - (2 / 3 + 0.4) / 2)
    # A row that answers like base changes in no resample, however uncertain both are.
    same = score([scored("ara/hate", [0, 1, 0, 1], {"base": [0, 0, 1, 1], "ara": [0, 0, 1, 1]})], seed=1, resamples=50)
    change = same.results[1].change
    assert change is not None
    assert change.f1 is not None
    assert (change.f1.low, change.f1.value, change.f1.high) == (0, 0, 0)
    average = same.results[1].average.f1
    assert average is not None
    assert average.low is not None
    assert average.low < average.value


def test_the_interval_of_accuracy_is_about_as_wide_as_the_binomial_one() -> None:
    generator = np.random.default_rng(0)
    right = generator.random(1000) < 0.7
    one = scored("ara/hate", [0] * 1000, {"base": np.where(right, 0, 1).tolist()})
    accuracy = score([one], seed=3, resamples=1000).results[0].average.accuracy
    assert accuracy is not None
    assert accuracy.low is not None
    assert accuracy.high is not None
    assert accuracy.high - accuracy.low == pytest.approx(2 * 1.96 * np.sqrt(0.7 * 0.3 / 1000), rel=0.15)


def test_the_same_seed_gives_the_same_scores_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score(TESTS, seed=5, resamples=100)
    assert score(TESTS, seed=5, resamples=100) == whole
    assert score(TESTS, seed=6, resamples=100) != whole
    monkeypatch.setattr(replicates, "_CELLS", 30)  # one row at a time
    assert score(TESTS, seed=5, resamples=100) == whole


def test_the_texts_of_a_test_do_not_depend_on_which_rows_and_tests_are_beside_it(scores: MatrixScores) -> None:
    alone = score(
        [scored("deu/hate", [0, 1, 1, 1], {"deu": [0, 1, 1, 1], "base": [-1, -1, 1, 1]})], seed=42, resamples=200
    )
    first, second = scores.result("base"), alone.result("base")
    assert first is not None
    assert second is not None
    assert first.tests["deu/hate"] == second.tests["deu/hate"]


def test_a_single_class_has_no_f1_but_by_the_papers_scoring_and_keeps_the_rest() -> None:
    tests = [
        scored("usa/hate", [0, 0, 0, 0], {"base": [0, 0, 0, -1], "usa": [0, 0, 0, 0]}),
        scored("usa/spam", [0, 1], {"base": [0, 0], "usa": [0, 1]}),
        scored("uk/hate", [1, 1], {"base": [1, 1], "usa": [0, 0]}),
    ]
    paper, corrected = (score(tests, seed=1, resamples=5, single_class=one) for one in (True, False))
    # All that are yes called yes: 2 * 3 / (4 + 3) and nothing for no.
    assert value(paper, "base", "usa/hate") == pytest.approx(3 / 7)
    assert value(paper, "base", "usa") == pytest.approx((3 / 7 + 1 / 3) / 2)
    base = corrected.result("base")
    assert base is not None
    assert base.tests["usa/hate"].f1 is None
    assert base.cultures["uk"].f1 is None
    assert value(corrected, "base", "usa/hate", "accuracy") == 3 / 4
    assert value(corrected, "base", "usa/hate", "invalid") == 1 / 4
    assert value(corrected, "base", "usa") == value(corrected, "base", "average") == pytest.approx(1 / 3)
    assert value(corrected, "base", "usa", "accuracy") == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert corrected.specificity is not None
    assert corrected.specificity.matrix == ((1.0,),)
    said = " ".join(corrected.notes())
    assert "left out of means of F1 and of C-SPEC: usa/hate (yes), uk/hate (no)." in said
    assert "scored as the paper does, though their F1 says little: usa/hate (yes)" in " ".join(paper.notes())


def test_one_absent_label_of_several_counts_and_is_named() -> None:
    one = score([scored("ara/hate", [0, 2], {"base": [0, 2]}, "abc")], seed=1, resamples=5, single_class=False)
    assert value(one, "base", "ara/hate") == pytest.approx(2 / 3)
    assert "counted in macro-F1 all the same: ara/hate (b)." in " ".join(one.notes())


def test_pooled_numbers_of_cultures_are_over_their_texts_and_so_is_the_change() -> None:
    one = score(TESTS, seed=42, resamples=50, pooled=True)
    alone = score(TESTS[:2], seed=42, resamples=50)
    for mine, pool in zip(one.results, alone.results, strict=True):
        assert mine.cultures["ara"] == pool.pooled
    ara = one.results[1]
    assert ara.change is not None
    assert ara.change.f1 is not None
    assert ara.change.f1.value == pytest.approx(value(one, "ara", "pooled") - value(one, "base", "pooled"))


def test_an_invalid_answer_may_count_as_a_label_and_stays_invalid() -> None:
    one = replace(scored("ara/hate", [0, 0, 1, 1], {"base": [-1, 1, -1, 1]}), default=0)
    found = score([one], seed=1, resamples=5)
    assert value(found, "base", "average", "accuracy") == 1 / 2
    assert value(found, "base", "average") == pytest.approx(1 / 2)
    assert value(found, "base", "average", "invalid") == 1 / 2
    assert found.tests[0].invalid == {"base": 2}


def test_a_test_without_any_gold_label_of_the_list_has_no_score_and_is_named() -> None:
    tests = [
        scored("ara/hate", [0, 1], {"ara": [0, 1]}),
        scored("ara/odd", [-1, -1], {"ara": [0, -1]}),
        scored("deu/odd", [], {"ara": []}),
    ]
    one = score(tests, seed=1, resamples=10)
    assert value(one, "ara", "ara") == 1.0
    assert value(one, "ara", "ara/odd", "invalid") == 0.5
    assert one.results[0].tests["ara/odd"].f1 is None
    assert one.results[0].cultures["deu"].f1 is None
    assert value(one, "ara", "average") == 1.0
    assert one.specificity is not None
    assert one.specificity.cultures == ("ara",)
    assert "left out of means: ara/odd, deu/odd" in " ".join(one.notes())
    assert "ara/odd 2 of 2" in " ".join(one.notes())


def test_noise_lowers_c_spec_and_chance_alike() -> None:
    """Five adapters that are all right in 70 % of 200 texts of each culture: the true C-SPEC is 1, and so is chance."""
    generator, names = np.random.default_rng(1), "abcde"
    gold = np.arange(200, dtype=np.int8) % 2
    found, held = [], []
    for seed in range(40):
        answers = [np.where(generator.random((5, 200)) < 0.7, gold, 1 - gold).astype(np.int8) for _ in names]
        tests = [
            Confusion(one, f"{one}/hate", ("yes", "no"), tuple(names), gold, said)
            for one, said in zip(names, answers, strict=True)
        ]
        of = score(tests, seed=seed, resamples=100).specificity
        assert of is not None
        assert of.cspec is not None
        assert of.cspec.high is not None
        found.append((of.cspec.value, of.chance))
        held.append(of.cspec.high >= 1 - 1e-9)
    assert np.mean(found, axis=0) == pytest.approx([0.95, 0.95], abs=0.01)
    assert 0.6 < np.mean(held) < 0.85


def test_scores_are_read_back_as_they_were_written(scores: MatrixScores) -> None:
    assert MatrixScores.model_validate_json(scores.model_dump_json()) == scores


def test_tests_have_to_have_the_same_rows() -> None:
    with pytest.raises(ValueError, match="the same systems"):
        score([TESTS[0], scored("deu/x", [0], {"base": [0]})], seed=1)
    with pytest.raises(ValueError, match="duplicate"):
        score([TESTS[0], TESTS[0]], seed=1)
    with pytest.raises(ValueError, match="no test"):
        score([], seed=1)
