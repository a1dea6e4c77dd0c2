"""A matrix at work: what is asked in which order, what is kept, and that interruptions change nothing."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from clca.errors import ContentError
from clca.evaluation.classification.answering import TaskAnswering, TaskProgress
from clca.evaluation.classification.confusion import confusion_matrices, macro_f1
from clca.evaluation.classification.prediction_dir import TaskPredictionDir
from clca.evaluation.classification.request_group import GROUP_SIZE, ExampleRequestGroup, System, request_groups
from clca.evaluation.classification.task import LimitedTask, Task
from clca.evaluation.prediction_dir import PREDICTIONS, QUESTIONS
from clca.inference.requests import Answer
from tests.evaluation.classification.tasks import Numbered, Ruled, right

ROWS = (System("base", ""), System("japan", "japan"), System("uk", "uk"))
TASKS = (Numbered("japan", 150), Numbered("uk", 70))


def filled(path: Path, predictor: Ruled, tasks: Sequence[Task] = TASKS, rows: Sequence[System] = ROWS) -> TaskAnswering:
    with TaskPredictionDir(path, tasks, rows) as folder:
        work = TaskAnswering(folder, tasks, rows, lambda said: None)
        work.answer_pending(predictor)
        return work


def matrix(work: TaskAnswering) -> list[list[float]]:
    return [macro_f1(confusion_matrices(one)).round(4).tolist() for one in work.confusions()]


def test_an_adapter_that_knows_its_own_culture_gives_a_diagonal(tmp_path: Path) -> None:
    work = filled(tmp_path, Ruled(right))
    # Always 2 is right on every other text: precision 1/2 and recall 1 of NOT, F1 2/3, and none of OFF.
    assert matrix(work) == [[0.3333, 1.0, 0.3333], [0.3333, 0.3333, 1.0]]


def test_the_same_texts_of_all_rows_are_asked_together_task_by_task() -> None:
    order = [
        (one.task, one.number, one.row, len(one.questions)) for one in request_groups(TASKS, ROWS, lambda key: True)
    ]
    assert order[:4] == [
        *(("japan/offensive_detect", 0, row.name, 64) for row in ROWS),
        ("japan/offensive_detect", 1, "base", 64),
    ]
    assert order[6:9] == [("japan/offensive_detect", 2, row.name, 150 - 2 * GROUP_SIZE) for row in ROWS]
    assert order[-1] == ("uk/offensive_detect", 1, "uk", 70 - GROUP_SIZE)
    assert len(order) == 3 * (3 + 2)


def test_rows_are_asked_in_their_own_form_and_each_form_is_kept_once(tmp_path: Path) -> None:
    rows = (System("base", ""), System("zero-shot", ""), System("japan", "japan"))
    asked = {one.row: one.questions[3].text for one in request_groups(TASKS[:1], rows, lambda key: key[2] == 0)}
    assert asked == {"base": "text 3", "zero-shot": "In japan, text 3", "japan": "text 3"}
    with TaskPredictionDir(tmp_path, TASKS, rows) as folder:
        folder.write_prompts(TASKS, {"plain": "base", "zero-shot": "zero-shot"})
    lines = [json.loads(line) for line in (tmp_path / QUESTIONS).read_text().splitlines()]
    assert len(lines) == 2 * (150 + 70)
    assert {"test": "uk/offensive_detect", "form": "zero-shot", "place": 69, "id": "t69", "text": "In uk, text 69"} in (
        lines
    )


def test_a_choice_can_be_followed_back_to_its_text(tmp_path: Path) -> None:
    filled(tmp_path, Ruled(right))
    lines = [json.loads(line) for line in (tmp_path / PREDICTIONS).read_text().splitlines()]
    assert len(lines) == 3 * (150 + 70)
    assert lines[65] == {
        "row": "japan",
        "test": "japan/offensive_detect",
        "place": 1,
        "id": "t1",
        "gold": "NOT",
        "label": "NOT",
        "reply": "2",
        "probabilities": None,
        "mass": None,
    }


def test_the_likeliest_answer_is_the_label_and_odds_are_kept(tmp_path: Path) -> None:
    work = filled(
        tmp_path, Ruled(lambda group, place: Answer(probabilities=(1.5, 0.5), option_mass=0.8)), rows=ROWS[:1]
    )
    first = json.loads((tmp_path / PREDICTIONS).read_text().splitlines()[0])
    assert (first["label"], first["probabilities"], first["mass"]) == ("OFF", [0.75, 0.25], 0.8)
    assert matrix(work) == [[0.3333], [0.3333]]


def test_what_cannot_be_read_is_invalid_and_a_strange_gold_is_never_hit(tmp_path: Path) -> None:
    task = Numbered("japan", 4, golds=("OFF", "NOT", "OFF", "odd"))
    (scored,) = filled(
        tmp_path, Ruled(lambda group, place: Answer(reply="12x1"[place])), (task,), ROWS[:1]
    ).confusions()
    assert scored.gold.tolist() == [0, 1, 0, -1]
    assert scored.answers.tolist() == [[0, 1, -1, 0]]


# ---------------------------------------------------------------- interruptions


def test_a_matrix_that_is_interrupted_anywhere_ends_as_the_same_lines_and_asks_nothing_twice(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole", Ruled(right))
    expected = sorted((tmp_path / "whole" / PREDICTIONS).read_bytes().splitlines())
    chance = Random(6)
    for trial in range(12):
        folder, asked, done = tmp_path / str(trial), list[tuple[str, str, int]](), False
        while not done:
            predictor = Ruled(right, most=chance.randrange(6))
            try:
                work = filled(folder, predictor)
                done = True
            except KeyboardInterrupt:
                data = (folder / PREDICTIONS).read_bytes()
                # A kill leaves the next group unfinished, or takes with it what was not on the disk yet.
                torn = data[: len(data) - chance.randrange(500)] if trial % 2 else data + b'{"row":"uk","test":"uk/off'
                (folder / PREDICTIONS).write_bytes(torn)
            asked += predictor.asked
        assert sorted((folder / PREDICTIONS).read_bytes().splitlines()) == expected
        assert trial % 2 or len(asked) == len(set(asked)) == 15
        for one, other in zip(work.confusions(), whole.confusions(), strict=True):
            assert np.array_equal(one.answers, other.answers)
            assert np.array_equal(one.gold, other.gold)


def test_a_finished_matrix_asks_nothing(tmp_path: Path) -> None:
    filled(tmp_path, Ruled(right))
    again = Ruled(right)
    assert matrix(filled(tmp_path, again))[0][1] == 1.0
    assert again.asked == []


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (lambda lines: [*lines, *lines[:64]], 661, "duplicate request group"),
        (lambda lines: [lines[0], *lines], 1, "duplicate request group"),
        (
            lambda lines: [*lines[:5], *lines[6:]],
            64,
            "its request group is not part of this evaluation, or follows an incomplete one",
        ),
        (
            lambda lines: [*lines[:64], edit(lines[64], row="peru"), *lines[65:]],
            65,
            "its request group is not part of this",
        ),
        (lambda lines: [*lines[:3], edit(lines[3], gold="OFF"), *lines[4:]], 4, "its gold or its label differs"),
        (lambda lines: [*lines[:3], edit(lines[3], label="MAYBE"), *lines[4:]], 4, "its gold or its label differs"),
        (lambda lines: [*lines[:3], edit(lines[3], place=-1), *lines[4:]], 4, "place: "),
        (
            lambda lines: [*lines[:3], edit(lines[3], label="OFF"), *lines[4:]],
            4,
            "its label does not match its reply or",
        ),
        (
            lambda lines: [*lines[:3], edit(lines[3], label=None), *lines[4:]],
            4,
            "its label does not match its reply or",
        ),
        (
            lambda lines: [*lines[:3], edit(lines[3], probabilities=[0.9, 0.1]), *lines[4:]],
            4,
            "its label does not match its reply or its probabilities; remove the line, or start over with --new",
        ),
        (
            lambda lines: [*lines[:3], edit(lines[3], probabilities=[0.1, 0.8, 0.1]), *lines[4:]],
            4,
            "its label does not",
        ),
    ],
)
def test_foreign_and_repeated_lines_are_told_with_their_numbers_and_nothing_is_cut(
    tmp_path: Path, change: Any, line: int, what: str
) -> None:
    filled(tmp_path, Ruled(right))
    file = tmp_path / PREDICTIONS
    changed = b"".join(change(file.read_bytes().splitlines(keepends=True)))
    file.write_bytes(changed)
    with pytest.raises(ContentError) as caught:
        filled(tmp_path, Ruled(right))
    assert caught.value.message.startswith(f"{file}:{line}: {what}")
    assert "\n" not in caught.value.message
    assert file.read_bytes() == changed


def edit(line: bytes, **changes: object) -> bytes:
    return json.dumps({**json.loads(line), **changes}).encode() + b"\n"


# ---------------------------------------------------------------- progress, memory, limits


def test_progress_counts_whole_cells_and_tells_the_running_f1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.evaluation.classification.answering.PROGRESS_INTERVAL", 0.0)
    told: list[TaskProgress] = []
    with TaskPredictionDir(tmp_path, TASKS, ROWS) as folder:
        TaskAnswering(folder, TASKS, ROWS, told.append).answer_pending(Ruled(right))
    assert [(one.done, one.total) for one in told][5:9] == [(0, 6), (1, 6), (2, 6), (3, 6)]
    assert [one.answered for one in told][:2] == [64, 128]
    assert told[0].pending == 3 * 220 - 64
    assert [(one.row, round(one.f1, 4)) for one in told[:3]] == [("base", 0.3333), ("japan", 1.0), ("uk", 0.3333)]
    assert told[-1].pending == 0


def test_memory_grows_by_no_more_than_twenty_five_bytes_an_answer(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        filled(tmp_path / str(count), Ruled(right), (Numbered("japan", count),))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)
    small, large = peak(2_000), peak(12_000)
    # A byte an answer is kept, and of each group its key and size; the rest is what counting takes for a moment.
    assert large - small < 10_000 * len(ROWS) * 25


def test_a_limit_keeps_every_label_and_does_not_depend_on_who_is_asked() -> None:
    task = Numbered("japan", 500, golds=(*("NOT",) * 99, "OFF"))
    kept = LimitedTask(task, 4, seed=1)
    golds = [one.gold for one in kept.examples("base")]
    assert (kept.count, len(golds), set(golds)) == (4, 4, {"OFF", "NOT"})
    ids = [one.id for one in kept.examples("base")]
    assert [one.id for one in kept.examples("zero-shot")] == ids == sorted(ids, key=lambda one: int(one[1:]))
    assert [one.id for one in LimitedTask(task, 4, seed=1).examples("base")] == ids
    assert [one.id for one in LimitedTask(task, 4, seed=2).examples("base")] != ids
    assert LimitedTask(task, 1000, seed=1).count == 500
    assert LimitedTask(task, 1, seed=1).count == 1


def test_a_task_that_holds_fewer_texts_than_it_says_is_refused(tmp_path: Path) -> None:
    class Short(Numbered):
        def examples(self, row: str) -> Any:
            return list(super().examples(row))[:-1]

    with pytest.raises(ContentError, match="has 9 texts, expected 10"):
        filled(tmp_path, Ruled(right), (Short("japan", 10),))


def test_groups_know_their_adapter_and_what_they_are_answered_with() -> None:
    one = next(iter(request_groups(TASKS, ROWS[1:], lambda key: True)))
    assert isinstance(one, ExampleRequestGroup)
    assert (one.adapter, one.row, one.questions[0].labels) == ("japan", "japan", ("1", "2"))
