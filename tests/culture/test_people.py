from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.culture import CultureCatalogue
from clca.culture.people import assign_names, full_name, name_words, split_name, split_seed_name

GENDERS = st.sampled_from(["female", "male", "other"])


def test_the_family_name_stands_where_the_culture_puts_it(catalogue: CultureCatalogue) -> None:
    assert full_name(catalogue.culture("japan"), "Kenji", "Sato") == "Sato Kenji"
    assert full_name(catalogue.culture("uk"), "Ruth", "Vale") == "Ruth Vale"


def test_the_same_key_gives_the_same_names(catalogue: CultureCatalogue) -> None:
    japan = catalogue.culture("japan")
    names = assign_names(japan, ("female", "male"), 42, "request-late-shift")
    assert names == assign_names(japan, ("female", "male"), 42, "request-late-shift")
    assert names != assign_names(japan, ("female", "male"), 42, "request-spare-key")
    assert names != assign_names(japan, ("female", "male"), 43, "request-late-shift")


@given(first=GENDERS, second=GENDERS, key=st.text(max_size=10), one_family=st.booleans())
def test_names_fit_the_genders_and_are_distinct(
    catalogue: CultureCatalogue, first: str, second: str, key: str, one_family: bool
) -> None:
    for culture in (catalogue.culture("mexico"), catalogue.culture("japan")):
        avoid = frozenset({*culture.names.female[:20], *culture.names.male[:20], *culture.names.family[:20]})
        names = assign_names(culture, (first, second), 42, key, avoid=avoid, one_family=one_family)  # type: ignore[arg-type]
        split = [split_name(name, culture) for name in names]
        lists = {"female": culture.names.female, "male": culture.names.male}
        for gender, (given_name, family) in zip((first, second), split, strict=True):
            assert given_name in lists.get(gender, culture.names.female + culture.names.male)
            assert family in culture.names.family
        assert split[0][0] != split[1][0]
        assert (split[0][1] == split[1][1]) == one_family
        assert not avoid & {word for name in names for word in name_words(name)}


def test_where_all_names_are_to_be_avoided_some_are_assigned_all_the_same(catalogue: CultureCatalogue) -> None:
    uk = catalogue.culture("uk")
    avoid = frozenset({*uk.names.female, *uk.names.family})
    first, second = assign_names(uk, ("female", "female"), 1, "x", avoid=avoid)
    assert first.split()[0] != second.split()[0]
    assert first.split()[1] != second.split()[1]


@pytest.mark.parametrize(
    ("name", "words"), [("Dr Ruth Vale", {"Ruth", "Vale"}), ("Jan de Jong", {"Jan", "Jong"}), ("O'Neil", {"O'Neil"})]
)
def test_the_words_of_a_name(name: str, words: set[str]) -> None:
    assert name_words(name) == words


def test_a_title_is_no_given_name() -> None:
    assert split_seed_name("Mrs Ruth Vale") == ("Ruth", "Vale")
