from __future__ import annotations

from pathlib import Path

from clca.training.examples import ExampleCounts
from clca.training.kept_dialogues import DUPLICATE, NOT_ACCEPTED, REJECTED
from tests.storage.test_reviews import add, review
from tests.training.material import dialogue, labelled, material, numbered, of, write


def test_a_dialogue_that_stands_in_several_runs_word_for_word_is_taken_once_and_counted(tmp_path: Path) -> None:
    small = write(tmp_path / "small.jsonl", numbered(2, run="japan/small"))
    large = write(tmp_path / "large.jsonl", numbered(5, run="japan/large"))
    counts = ExampleCounts()
    examples = of(material(small, large), tally=counts)
    assert counts.dropped == {DUPLICATE: 2}
    assert [example.id for example in examples] == [example.id for example in of(material(large))]
    assert of(material(small, large)) == examples


def test_another_dialogue_of_the_same_id_is_no_duplicate(tmp_path: Path) -> None:
    other = dialogue((labelled("Ruth Vale", "Something else.", "Ruth asks."),))
    files = [write(tmp_path / f"{name}.jsonl", [one]) for name, one in (("one", dialogue()), ("two", other))]
    counts = ExampleCounts()
    assert len(of(material(*files), tally=counts)) == 5
    assert not counts.dropped[DUPLICATE]


def test_what_a_reviewer_rejected_is_left_out_and_on_request_all_that_none_accepted(tmp_path: Path) -> None:
    file = write(tmp_path / "dialogues.jsonl", numbered(4))
    add(tmp_path, review(id="japan-scene-0-1"), review(id="japan-scene-1-1", verdict="rejected"))
    counts = ExampleCounts()
    examples = of(material(file), tally=counts)
    assert {example.id.split(":")[0] for example in examples} == {f"japan-scene-{n}-1" for n in (0, 2, 3)}
    assert counts.dropped == {REJECTED: 1}
    counts = ExampleCounts()
    examples = of(material(file, reviewed=True), tally=counts)
    assert {example.id.split(":")[0] for example in examples} == {"japan-scene-0-1"}
    assert counts.dropped == {REJECTED: 1, NOT_ACCEPTED: 2}
