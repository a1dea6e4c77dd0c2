from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.errors import NotFoundError
from clca.evaluation.drawing import draw
from clca.records import Respondent


def people(country: str, n: int) -> list[Respondent]:
    return [Respondent(id=f"{country}-{k}", country=country, demographics={}, answers={}) for k in range(n)]


EVERYONE = [*people("iraq", 40), *people("jordan", 40), *people("japan", 40)]


def ids(respondents: tuple[Respondent, ...]) -> list[str]:
    return [one.id for one in respondents]


@given(st.permutations(EVERYONE), st.integers(min_value=1, max_value=90))
def test_the_order_of_the_file_does_not_matter(shuffled: list[Respondent], n: int) -> None:
    assert draw(shuffled, ["iraq", "jordan"], n, 42) == draw(EVERYONE, ["iraq", "jordan"], n, 42)


@given(st.integers(min_value=1, max_value=80), st.integers(min_value=0, max_value=10**6))
def test_nobody_is_drawn_twice_and_countries_have_equal_parts(n: int, seed: int) -> None:
    found = draw(EVERYONE, ["iraq", "jordan"], n, seed).respondents
    assert len(set(ids(found))) == n
    of = Counter(one.country for one in found)
    assert (of["iraq"], of["jordan"]) == ((n + 1) // 2, n // 2)


@given(st.integers(min_value=1, max_value=40), st.integers(min_value=1, max_value=40))
def test_a_larger_draw_goes_on_from_a_smaller_one(a: int, b: int) -> None:
    few, many = sorted((2 * a, 2 * b))
    smaller = draw(EVERYONE, ["iraq", "jordan"], few, 42).respondents
    assert draw(EVERYONE, ["iraq", "jordan"], many, 42).respondents[:few] == smaller


def test_the_seed_decides_who_is_drawn() -> None:
    assert set(ids(draw(EVERYONE, ["japan"], 10, 1).respondents)) != set(
        ids(draw(EVERYONE, ["japan"], 10, 2).respondents)
    )


def test_everyone_has_the_same_chance() -> None:
    counts = Counter(one for seed in range(400) for one in ids(draw(EVERYONE, ["japan"], 10, seed).respondents))
    assert len(counts) == 40
    assert min(counts.values()) > 60  # expected 100, standard deviation 8.7
    assert max(counts.values()) < 140


def test_where_there_are_too_few_all_are_taken_and_it_is_said() -> None:
    drawn = draw([*people("iraq", 3), *people("jordan", 40)], ["iraq", "jordan"], 20, 42)
    assert Counter(one.country for one in drawn.respondents) == {"iraq": 3, "jordan": 10}
    assert drawn.short == {"iraq": 3}
    assert draw(EVERYONE, ["japan"], 40, 42).short == {}


def test_a_culture_of_which_nobody_was_asked_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"^no respondent of greece among those imported$"):
        draw(EVERYONE, ["greece"], 10, 42)
