from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from clca.errors import StoreError
from clca.report.sample import sample_dialogues
from tests.quality.runs import talk
from tests.report.workspace import write_lines

TALKS = [talk(number) for number in range(40)]


def ids(file: Path, count: int = 5, seed: int = 1) -> list[str]:
    return [dialogue.id for dialogue in sample_dialogues(file, count, seed, "run").dialogues]


def test_the_sample_follows_from_the_seed_and_not_from_the_order_of_the_lines(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", TALKS)
    write_lines(tmp_path / "b.jsonl", Random(3).sample(TALKS, len(TALKS)))
    drawn = ids(tmp_path / "a.jsonl")
    assert ids(tmp_path / "b.jsonl") == drawn
    assert len(set(drawn)) == 5
    assert ids(tmp_path / "a.jsonl", seed=2) != drawn


def test_each_dialogue_is_drawn_about_equally_often(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", TALKS)
    times = dict.fromkeys((dialogue.id for dialogue in TALKS), 0)
    for seed in range(80):
        for name in ids(tmp_path / "a.jsonl", seed=seed):
            times[name] += 1
    assert min(times.values()) >= 2  # 10 are expected of each, with a standard deviation of 3
    assert max(times.values()) <= 22


def test_lines_that_hold_no_dialogue_are_counted_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    write_lines(file, TALKS[:4])
    with file.open("a") as lines:
        lines.write("{}\nnot json\n" + '{"id": "half')
    sample = sample_dialogues(file, 4, 1, "run")
    assert {dialogue.id for dialogue in sample.dialogues} == {dialogue.id for dialogue in TALKS[:4]}
    assert sample.lines == 6
    assert sample.unreadable <= 2


def test_a_file_that_is_a_link_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", TALKS)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "dialogues.jsonl").symlink_to(tmp_path / "a.jsonl")
    with pytest.raises(StoreError, match="cannot read"):
        sample_dialogues(tmp_path / "run" / "dialogues.jsonl", 2, 1, "run")
