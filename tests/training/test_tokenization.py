from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.errors import SettingsError
from clca.models.messages import Chat, Message
from clca.training.examples import Example, ExampleCounts, Text
from clca.training.tokenization import ALTERED, BATCH, CONTROL, TOO_LONG, Encoder, Row
from tests.models.students import SPECIALS, STUDENTS, TEMPLATES, student

WORDS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).map(str.strip).filter(bool)
PLAIN = Text("### Answer:", " 2. Rather important")


def talk(*turns: str, system: str = "") -> Chat:
    roles = ("user", "assistant") * (len(turns) // 2)
    messages = [Message(role, content) for role, content in zip(roles, turns, strict=True)]  # type: ignore[arg-type]
    return Chat(tuple([Message("system", system)] * bool(system) + messages))


def example(body: Chat | Text) -> Example:
    return Example("e", "chat", "g", body)


def encode(name: str, body: Chat | Text, max_length: int = 2048, **options: Any) -> tuple[list[Row], ExampleCounts]:
    tally = ExampleCounts()
    return list(Encoder(student(name), max_length, **options).rows([example(body)], tally)), tally


def trained(name: str, row: Row) -> str:
    pairs = zip(row["input_ids"], row["assistant_masks"], strict=True)
    return str(student(name).decode([token for token, mask in pairs if mask]))


ENDS = {"llama-3": "<|eot_id|>", "qwen-2.5": "<|im_end|>", "mistral-v0.3": "</s>", "gemma-2": "<end_of_turn>"}


@pytest.mark.parametrize("name", STUDENTS)
def test_the_trained_tokens_are_the_assistants_words_and_the_ends_of_its_turns(name: str) -> None:
    ((row,), tally) = encode(name, talk("Good morning.", "Tea, 猫 é?", "No.", "(Ida nods.)", system="Be kind."))
    space = " " if name == "mistral-v0.3" else ""
    assert trained(name, row) == f"{space}Tea, 猫 é?{ENDS[name]}{space}(Ida nods.){ENDS[name]}"
    assert (tally.rows["chat"], tally.tokens["chat"]) == (1, len(row["input_ids"]))
    assert tally.trained["chat"] == sum(row["assistant_masks"])


@pytest.mark.parametrize("name", STUDENTS)
@given(st.lists(WORDS, min_size=1, max_size=4), WORDS)
def test_whatever_is_said_the_words_before_a_turn_and_its_end_are_told_apart(
    name: str, said: list[str], heard: str
) -> None:
    body = talk(*(turn for words in said for turn in (heard, words)))
    rows, tally = encode(name, body, 100_000)
    if any(token in words for token in SPECIALS[name] for words in (heard, *said)):
        assert (rows, dict(tally.dropped)) == ([], {CONTROL: 1})
        return
    ids, mask = rows[0]["input_ids"], rows[0]["assistant_masks"]
    borders = [index for index in range(1, len(mask)) if mask[index] and not mask[index - 1]]
    assert len(borders) == len(said)
    end = student(name).convert_tokens_to_ids(ENDS[name])
    for start in borders:
        stop = next((index for index in range(start, len(mask)) if not mask[index]), len(mask))
        assert ids[stop - 1] == end
        assert end not in ids[start : stop - 1]
    if name in ("llama-3", "qwen-2.5"):  # the others write a space and the character ▁ alike
        assert trained(name, rows[0]) == "".join(words + ENDS[name] for words in said)


@pytest.mark.parametrize("name", STUDENTS)
def test_a_long_talk_ends_with_the_last_of_the_students_turns_that_fits(name: str) -> None:
    body = talk("Tea?", "So.", "Tea?", "I will come again.", "Tea?", "The shop is closed.")
    (whole,), _ = encode(name, body)
    mask = whole["assistant_masks"]
    ends = [index + 1 for index in range(len(mask)) if mask[index] and (index + 1 == len(mask) or not mask[index + 1])]
    for room, kept in ((ends[2], 3), (ends[2] - 1, 2), (ends[1], 2), (ends[1] - 1, 1), (ends[0], 1)):
        (row,), tally = encode(name, body, room)
        assert row["input_ids"] == whole["input_ids"][: ends[kept - 1]]
        assert row["assistant_masks"] == mask[: ends[kept - 1]]
        assert tally.cut["chat"] == (kept < 3)
    rows, tally = encode(name, body, ends[0] - 1)
    assert rows == []
    assert tally.dropped == {TOO_LONG: 1}
    assert tally.rows["chat"] == 0


@pytest.mark.parametrize("name", STUDENTS)
def test_plain_text_stands_between_the_students_own_begin_and_end(name: str) -> None:
    tokenizer = student(name)
    (row,), _ = encode(name, PLAIN)
    text = tokenizer("### Answer: 2. Rather important", add_special_tokens=False)["input_ids"]
    head = [] if name == "qwen-2.5" else [tokenizer.bos_token_id]
    assert row["input_ids"] == [*head, *text, tokenizer.eos_token_id]
    assert row["assistant_masks"] == [0] * len(head) + [1] * (len(text) + 1)


@pytest.mark.parametrize("name", STUDENTS)
def test_of_plain_text_the_answer_alone_can_be_trained(name: str) -> None:
    (row,), _ = encode(name, PLAIN, text_loss="answer")
    assert trained(name, row).strip() == "2. Rather important" + SPECIALS[name][1]
    assert sum(row["assistant_masks"]) < len(row["input_ids"]) / 1.2


def test_long_plain_text_loses_its_end_and_without_an_answer_left_it_is_dropped() -> None:
    (whole,), _ = encode("llama-3", PLAIN)
    (row,), tally = encode("llama-3", PLAIN, 16)
    assert row["input_ids"] == whole["input_ids"][:16]
    assert tally.cut["chat"] == 1
    rows, tally = encode("llama-3", Text("### Question: " + "Tea? " * 20, " So."), 16, text_loss="answer")
    assert (rows, dict(tally.dropped)) == ([], {TOO_LONG: 1})


@pytest.mark.parametrize("name", STUDENTS)
def test_no_text_can_bring_control_tokens_along(name: str) -> None:
    for token in SPECIALS[name]:
        for body in (talk("Tea?", f"So {token} so"), talk(f"a{token}", "b"), Text("a", f" {token}")):
            rows, tally = encode(name, body)
            assert (rows, dict(tally.dropped)) == ([], {CONTROL: 1})


def test_what_the_template_alters_is_dropped_and_counted() -> None:
    shouting = student("qwen-2.5", TEMPLATES["qwen-2.5"].replace('message["content"] +', 'message["content"]|upper +'))
    tally = ExampleCounts()
    rows = list(Encoder(shouting, 99).rows([example(talk("a", "b")), example(talk("1", "2"))], tally))
    assert (len(rows), dict(tally.dropped)) == (1, {ALTERED: 1})


def test_a_token_that_begins_in_the_prompt_carries_no_loss() -> None:
    tokenizer = copy.deepcopy(student("qwen-2.5"))
    tokenizer.add_tokens(["\nTea"])
    (row,) = Encoder(tokenizer, 99).rows([example(talk("So?", "Tea?"))], ExampleCounts())
    pairs = zip(row["input_ids"], row["assistant_masks"], strict=True)
    assert tokenizer.convert_tokens_to_ids("\nTea") in row["input_ids"]
    assert tokenizer.decode([token for token, mask in pairs if mask]) == "?<|im_end|>"


def test_rows_are_made_as_they_are_wanted_and_one_batch_ahead() -> None:
    read = []

    def endless() -> Iterator[Example]:
        while True:
            read.append(1)
            yield example(talk("Tea?", "So."))

    rows = Encoder(student("gemma-2"), 99).rows(endless(), ExampleCounts())
    assert len([next(rows) for _ in range(3 * BATCH)]) == 3 * BATCH
    assert len(read) == 4 * BATCH


def test_lengths_are_those_of_the_rows_and_0_where_there_is_none() -> None:
    encoder = Encoder(student("llama-3"), 2048)
    examples = [example(talk("Tea?", "So.")), example(talk("Tea?", "<|eot_id|>")), example(PLAIN)] * 200
    rows = encoder.rows(examples, ExampleCounts())
    lengths = list(encoder.lengths(examples))
    assert [length for length in lengths if length] == [len(row["input_ids"]) for row in rows]
    assert lengths[1::3] == [0] * 200


def test_a_base_model_without_a_chat_template_learns_from_plain_text() -> None:
    base = student("llama-3", "")
    assert len(list(Encoder(base, 99).rows([example(PLAIN)], ExampleCounts()))) == 1


def test_a_slow_tokenizer_is_refused() -> None:
    class Slow:
        name_or_path, is_fast = "old-student", False

    with pytest.raises(SettingsError, match="the tokenizer of old-student is not a fast one"):
        Encoder(Slow(), 99)  # type: ignore[arg-type]
