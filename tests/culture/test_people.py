from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clca.culture import CultureCatalogue
from clca.culture.people import full_name, pick_names


def test_the_family_name_stands_where_the_culture_puts_it(catalogue: CultureCatalogue) -> None:
    assert full_name(catalogue.culture("japan"), "Kenji", "Sato") == "Sato Kenji"
    assert full_name(catalogue.culture("uk"), "Ruth", "Vale") == "Ruth Vale"


def test_the_same_key_gives_the_same_names(catalogue: CultureCatalogue) -> None:
    japan = catalogue.culture("japan")
    assert pick_names(japan, 6, 42, "request-late-shift") == pick_names(japan, 6, 42, "request-late-shift")
    assert pick_names(japan, 6, 42, "request-late-shift") != pick_names(japan, 6, 42, "request-spare-key")
    assert pick_names(japan, 6, 42, "request-late-shift") != pick_names(japan, 6, 43, "request-late-shift")


@given(count=st.integers(0, 40), key=st.text(max_size=10))
def test_names_are_distinct_and_of_women_and_men_in_turn(catalogue: CultureCatalogue, count: int, key: str) -> None:
    culture = catalogue.culture("mexico")
    picked = pick_names(culture, count, 42, key)
    assert [gender for gender, _ in picked] == [("female", "male")[index % 2] for index in range(count)]
    assert len({name for _, name in picked}) == count
    for gender, name in picked:
        given_names = culture.names.female if gender == "female" else culture.names.male
        assert any(name == f"{one} {family}" for one in given_names for family in culture.names.family)


def test_no_name_of_one_list_comes_twice(catalogue: CultureCatalogue) -> None:
    culture = catalogue.culture("japan")
    picked = [name.split()[0] for _, name in pick_names(culture, len(culture.names.family), 42, "all")]
    assert sorted(picked) == sorted(culture.names.family)
