from __future__ import annotations

import doctest

from hypothesis import given
from hypothesis import strategies as st

from clca import seeding
from clca.seeding import Lowest, chooser, derive

words = st.one_of(st.integers(), st.text(st.characters(exclude_categories=["Cs", "Cc"])))
parts = st.tuples(words, words, words)


def test_a_seed_is_the_same_on_every_machine() -> None:
    # The first 31 bits of the 8-byte BLAKE2b digest of the parts, joined by the unit separator.
    assert derive(42, "japan-request-late-shift-1", "turn", 3, 0) == 1623013990


@given(st.lists(words))
def test_a_seed_fits_where_servers_take_one(some: list[object]) -> None:
    assert 0 <= derive(*some) < 2**31


@given(parts, parts)
def test_different_parts_give_different_seeds(left: tuple[object, ...], right: tuple[object, ...]) -> None:
    assert (derive(*left) == derive(*right)) == ([*map(str, left)] == [*map(str, right)])


def test_where_a_word_ends_matters() -> None:
    assert derive("ab", "c") != derive("a", "bc")


def test_a_chooser_repeats_itself() -> None:
    first, second, other = chooser(7, "names"), chooser(7, "names"), chooser(8, "names")
    drawn = [first.random() for _ in range(5)]
    assert drawn == [second.random() for _ in range(5)]
    assert drawn != [other.random() for _ in range(5)]


def test_doctests() -> None:
    assert doctest.testmod(seeding).failed == 0


def test_the_lowest_ranks_stay_and_of_equal_ones_the_earlier() -> None:
    lowest = Lowest[str](2)
    for item in ("first", "second", "third"):
        lowest.offer(1, item)
    assert lowest.items() == ["first", "second"]
    nothing = Lowest[str](0)
    nothing.offer(1, "first")
    assert (nothing.items(), nothing.offered) == ([], 1)
