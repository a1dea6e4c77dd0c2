from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clca.inference.batching import PassBudget
from clca.inference.memory import ModelShape
from clca.inference.tokenization import common_length

LLAMA_3_8B = ModelShape(
    layers=32, hidden=4096, inner=14336, heads=32, kv_heads=8, head_dim=128, vocabulary=128256, number_bytes=2
)


@given(st.lists(st.lists(st.integers(0, 2), max_size=8), min_size=1, max_size=6))
def test_the_common_beginning_is_the_longest_that_all_have(rows: list[list[int]]) -> None:
    length = common_length(rows)
    assert all(row[:length] == rows[0][:length] for row in rows)
    assert any(len(row) == length for row in rows) or len({row[length] for row in rows}) > 1


def test_the_cache_of_a_llama_of_8_billion_takes_128_kib_a_token() -> None:
    assert LLAMA_3_8B.cache_bytes(1) == 128 * 1024


def test_a_pass_that_keeps_its_rows_takes_the_cache_of_all_layers() -> None:
    once = LLAMA_3_8B.pass_bytes(10, 150, 60, keep=False)
    kept = LLAMA_3_8B.pass_bytes(10, 150, 60, keep=True)
    assert kept - once == LLAMA_3_8B.cache_bytes(10 * 210) * 31 // 32


lengths = st.lists(st.integers(1, 300), min_size=1, max_size=60)


@given(lengths, st.integers(2**20, 2**33), st.integers(1, 5000), st.sampled_from([0, 16]))
def test_batches_hold_every_row_once_and_stay_within_bounds(
    rows: list[int], memory: int, tokens: int, extra: int
) -> None:
    room = PassBudget(LLAMA_3_8B, memory, tokens)
    numbered = list(enumerate(rows))
    batches = room.batches(numbered, lambda row: row[1], 150, extra)
    assert sorted(row for batch in batches for row in batch) == numbered
    for batch in batches:
        width = max(length for _, length in batch)
        assert len(batch) == 1 or len(batch) * width <= tokens
        assert len(batch) == 1 or LLAMA_3_8B.pass_bytes(len(batch), 150 + extra, width, keep=extra > 0) <= memory / (
            4 if extra else 2
        )
    ordered = [length for batch in batches for _, length in batch]
    assert ordered == sorted(rows, reverse=True)


@given(lengths, st.integers(2**20, 2**33), st.integers(1, 50_000))
def test_prefixes_take_half_of_the_memory_at_most(rows: list[int], memory: int, tokens: int) -> None:
    groups = PassBudget(LLAMA_3_8B, memory, tokens).prefix_groups(rows, lambda length: length, lambda length: 0)
    assert sorted(length for group in groups for length in group) == sorted(rows)
    for group in groups:
        assert len(group) == 1 or LLAMA_3_8B.cache_bytes(len(group) * max(group)) <= memory / 2


def test_a_thousand_rows_of_8_billion_weights_are_bounded_by_memory_where_that_is_small() -> None:
    large, small = PassBudget(LLAMA_3_8B, 100 * 2**30, 32768), PassBudget(LLAMA_3_8B, 2**30, 32768)
    counts = [len(room.batches([60] * 1000, lambda length: length, 150, 16)) for room in (large, small)]
    assert counts[0] == 2
    assert counts[1] > 20
    assert replace(small, tokens=60).batches([60], lambda length: length, 150, 16) == [[60]]
