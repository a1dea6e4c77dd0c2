from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.training.split import part_of

GROUPS = [f"scenario-{number}" for number in range(4000)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_about_the_share_is_held_out(share: float) -> None:
    held_out = sum(part_of(group, share, 42) == "held-out" for group in GROUPS)
    assert held_out == pytest.approx(share * len(GROUPS), abs=100)
    assert share or not held_out


def test_another_seed_holds_out_others() -> None:
    first, second = ({group for group in GROUPS if part_of(group, 0.1, seed) == "held-out"} for seed in (1, 2))
    assert len(first & second) < len(first) / 2


@given(st.text(), st.floats(0, 0.99), st.floats(0, 0.99), st.integers(0, 2**31 - 1))
def test_what_a_smaller_share_holds_out_a_larger_one_does_too(group: str, one: float, other: float, seed: int) -> None:
    small, large = sorted((one, other))
    assert part_of(group, small, seed) == "train" or part_of(group, large, seed) == "held-out"
