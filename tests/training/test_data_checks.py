"""What is shown and refused before training, on rows made by hand and by real tokenizers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.models.chat_template import Tokenizer
from clca.training.data_checks import (
    SAMPLES,
    Checked,
    CheckError,
    check,
    control_ids,
    pieces,
    refuse,
    spans,
)
from clca.training.tokenization import Encoder, Row
from tests.models.students import STUDENTS, student
from tests.training.material import material, numbered, write

END = 9
CONTROL = {END}


def row(ids: list[int], mask: list[int]) -> Row:
    return Row(input_ids=ids, assistant_masks=mask)


def checked(tmp_path: Path, tokenizer: Tokenizer, max_length: int = 2048, **data: Any) -> Checked:
    one = material(write(tmp_path / "dialogues.jsonl", numbered(3)), **data)
    return check(one, Encoder(tokenizer, max_length), tokenizer)


def test_spans_are_the_runs_of_trained_tokens() -> None:
    assert list(spans([0, 1, 1, 0, 0, 1])) == [(1, 3), (5, 6)]
    assert list(spans([0, 0])) == []


def test_row_whose_turns_end_is_accepted() -> None:
    refuse(row([1, 2, END, 3, 4, END], [0, 1, 1, 0, 1, 1]), CONTROL)


@pytest.mark.parametrize(
    ("ids", "mask", "reason"),
    [
        ([1, 2, END], [0, 0, 0], "a row trains nothing"),
        ([1, 2, END], [1, 1, 1], "a chat trains everything"),
        ([1, 2, END], [0, 1, 0], "does not train the token that ends it"),
        ([1, 2, 3, 4, END], [0, 1, 0, 1, 1], "does not train the token that ends it"),
    ],
)
def test_row_that_would_teach_the_wrong_thing_is_refused(ids: list[int], mask: list[int], reason: str) -> None:
    with pytest.raises(CheckError, match=reason):
        refuse(row(ids, mask), CONTROL)


@pytest.mark.parametrize("name", STUDENTS)
def test_samples_show_what_the_student_has_to_write(tmp_path: Path, name: str) -> None:
    found = checked(tmp_path, student(name))
    assert len(found.samples) == SAMPLES
    assert [sample.task for sample in found.samples] == ["dialogue", "intent", "dialogue"]
    end = {"llama-3": "<|eot_id|>", "qwen-2.5": "<|im_end|>", "mistral-v0.3": "</s>", "gemma-2": "<end_of_turn>"}[name]
    asked, answered = (
        [piece for piece, trained in found.samples[0].pieces if trained is which] for which in (False, True)
    )
    assert [piece.removesuffix(end).strip() for piece in answered] == [
        "Is that the last loaf?",
        "(Ruth Vale says nothing.)",
    ]
    assert all(piece.endswith(end) for piece in answered)
    assert "You are Ruth Vale" in asked[0]
    assert not any("last loaf?" in piece for piece in asked)


@pytest.mark.parametrize("name", STUDENTS)
def test_pieces_add_up_to_the_text_of_the_row(tmp_path: Path, name: str) -> None:
    tokenizer: Any = student(name)
    ids = tokenizer("Good morning. Would you like some tea?", add_special_tokens=False)["input_ids"]
    whole = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    for place in range(1, len(ids)):
        mask = [int(index >= place) for index in range(len(ids))]
        found = pieces(row(ids, mask), tokenizer)
        assert "".join(piece for piece, _ in found) == whole
        assert [trained for _, trained in found] == [False, True]


def test_counts_are_those_of_every_row(tmp_path: Path) -> None:
    tokenizer = student("llama-3")
    one = material(write(tmp_path / "dialogues.jsonl", numbered(30)), held_out=0.3)
    found = check(one, Encoder(tokenizer, 2048), tokenizer)
    both = [len(part.lengths) for part in (found.train, found.held_out)]
    assert sum(both) == 30 * 3
    assert min(both) > 0
    for part in (found.train, found.held_out):
        assert part.tokens == part.counts.tokens.total() == sum(part.lengths)
        assert 0 < part.trained < part.tokens
        assert part.longest == max(part.lengths)


def test_plain_text_may_be_trained_altogether(tmp_path: Path) -> None:
    found = checked(tmp_path, student("llama-3"), mix="wvs")
    assert found.train.trained == found.train.tokens - len(found.train.lengths)  # all but the first token


def test_material_that_gives_no_row_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(
        CheckError, match=r"nothing would be trained: no example gives a row \(dropped: 9 x example without"
    ):
        checked(tmp_path, student("llama-3"), max_length=16)


def test_control_tokens_are_the_special_ones() -> None:
    tokenizer: Any = student("qwen-2.5")
    assert control_ids(tokenizer) == {
        tokenizer.convert_tokens_to_ids(token) for token in ("<|endoftext|>", "<|im_end|>", "<|im_start|>")
    }
