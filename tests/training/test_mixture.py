from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.training.mixture import MIXES, Source, apportion, parse_mixture
from clca.training.sources.builder import SOURCES


def test_every_name_of_a_mix_has_its_source() -> None:
    assert SOURCES.keys() == MIXES.keys()
    assert {source for sources in MIXES.values() for source in sources} == set(get_args(Source))


def test_a_mix_is_parts_with_weights_or_without() -> None:
    assert [part.name for part in parse_mixture("wvs+wiki").parts] == ["wvs", "wiki"]
    assert parse_mixture("wvs+wiki").weights is None
    assert parse_mixture(" clca:3 + chat:0.5").weights == (3, 0.5)
    assert parse_mixture("clca+chat").sources == ("dialogue", "intent", "chat")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clac", "'clac': no mix 'clac'; did you mean clca?"),
        ("", "'': no mix ''; there are clca, dialogue-only, intent-only, wvs"),
        ("wvs+", "'wvs+': no mix ''"),
        ("clca:1+chat", "'clca:1+chat': give every part a weight, or none"),
        ("clca:0", "'clca:0': '0' is no weight; expected a number above 0"),
        ("clca:", "'clca:': '' is no weight"),
        ("clca:nan", "'clca:nan': 'nan' is no weight"),
        ("clca:inf", "'clca:inf': 'inf' is no weight"),
        ("clca+dialogue-only", "'clca+dialogue-only': a source is named twice"),
        ("wvs+wvs", "'wvs+wvs': a source is named twice"),
    ],
)
def test_what_is_no_mix_is_said_in_words(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        parse_mixture(text)


def test_whole_numbers_come_nearest_to_the_proportions() -> None:
    assert apportion(20, [0.5, 0.3, 0.2]) == [10, 6, 4]
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(3, [0.6, 0.4, 0.0]) == [2, 1, 0]


@given(st.integers(0, 10_000), st.lists(st.floats(0.001, 1000), min_size=1, max_size=8))
def test_whole_numbers_add_up_and_none_is_off_by_one(total: int, weights: list[float]) -> None:
    counts = apportion(total, weights)
    assert sum(counts) == total
    for count, weight in zip(counts, weights, strict=True):
        assert abs(count - total * weight / sum(weights)) < 1 + 1e-6
