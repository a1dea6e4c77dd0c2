from __future__ import annotations

from clca.generation.judge_metrics import FlawCounts, measure_judge


def test_recall_and_precision_by_hand() -> None:
    metrics = measure_judge(
        [
            ("repeats", "discarded", 6),
            ("repeats", "discarded", 1),
            ("repeats", "kept", 1),
            ("off setting", "discarded", 2),
            ("off setting", "kept", 2),
            (None, "discarded", 3),
            (None, "kept", 85),
        ]
    )
    # 9 of 12 planted are caught; of 12 discarded 9 were planted.
    assert (metrics.planted, metrics.caught, metrics.recall) == (12, 9, 0.75)
    assert (metrics.clean, metrics.false_alarms, metrics.precision) == (88, 3, 0.75)
    assert metrics.by_flaw == {
        "repeats": FlawCounts(planted=8, caught=7),
        "off setting": FlawCounts(planted=4, caught=2),
    }


def test_failed_dialogues_count_in_neither() -> None:
    metrics = measure_judge([("repeats", "failed", 5), (None, "failed", 5), ("repeats", "kept", 1)])
    assert (metrics.planted, metrics.caught, metrics.clean, metrics.false_alarms) == (1, 0, 0, 0)


def test_without_a_planted_flaw_there_is_no_recall() -> None:
    metrics = measure_judge([(None, "kept", 9), (None, "discarded", 1)])
    assert (metrics.recall, metrics.precision) == (None, 0.0)


def test_without_a_discarded_dialogue_there_is_no_precision() -> None:
    metrics = measure_judge([("repeats", "kept", 2)])
    assert (metrics.recall, metrics.precision) == (0.0, None)


def test_of_nothing_nothing_is_known() -> None:
    assert (measure_judge([]).recall, measure_judge([]).precision) == (None, None)
