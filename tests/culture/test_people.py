from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.culture import CultureCatalogue
from clca.culture.localisation import localise
from clca.culture.people import (
    YEAR,
    assign_names,
    community_of,
    full_name,
    name_words,
    share_family,
    split_name,
    split_seed_name,
    usual_ages,
)
from clca.records import Community, Culture, Generation, Names, Relationship
from tests.dialogue_examples import person, scenario

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


def culture_of(catalogue: CultureCatalogue, *communities: Community) -> Culture:
    """Japan with other names, in the order of given and family name."""
    names = Names(order="given-first", spouses="shared", communities=communities)
    return catalogue.culture("japan").model_copy(update={"names": names})


def community(name: str, share: float, *, second: str = "") -> Community:
    """A community whose names say what they are: of whom, and of which generation."""

    def named(kind: str) -> tuple[tuple[str, float], ...]:
        return ((f"{name}{kind}One", 9.0), (f"{name}{kind}Two", 1.0))

    old = Generation(born_until=YEAR - 50, female=named("OldF"), male=named("OldM"))
    young = Generation(female=named("NewF"), male=named("NewM"))
    second_female = ((second, 1.0), (f"{second}Two", 1.0)) if second else ()
    family = ((f"{name}os/{name}ou", 1.0), (f"{name}as/{name}a", 1.0))
    return Community(name=name, share=share, family=family, second_female=second_female, generations=(old, young))


def test_given_names_are_of_the_generation_and_community(catalogue: CultureCatalogue) -> None:
    culture = culture_of(catalogue, community("North", 50), community("South", 50))
    for number in range(30):
        ages = (70, 12)
        first, second = assign_names(culture, ("female", "male"), number, "x", ages=ages)
        for name, kind in ((first, "OldF"), (second, "NewM")):
            given_name, family = name.split()
            assert kind in given_name
            assert given_name[:5] == family[:5]
        assert first.endswith(("ou", "a"))
        assert second.endswith(("os", "as"))
        both = assign_names(culture, ("female", "female"), number, "x", ages=ages, one_community=True)
        assert len({name[:5] for name in both}) == 1


def test_names_are_drawn_by_their_weights_and_communities_by_their_shares(catalogue: CultureCatalogue) -> None:
    culture = culture_of(catalogue, community("North", 80), community("South", 20))
    drawn = [assign_names(culture, ("female", "male"), number, "x", ages=(30, 30))[0] for number in range(600)]
    assert 0.85 < sum("One" in name for name in drawn) / 600 < 0.95  # 9 of 10
    assert 0.74 < sum("North" in name for name in drawn) / 600 < 0.86  # 80 %
    drawn = [
        name
        for number in range(300)
        for name in assign_names(catalogue.culture("south_korea"), ("male", "male"), number, "x")
    ]
    kims = sum(name.startswith("Kim ") for name in drawn) / 600
    assert 0.17 < kims < 0.27  # 21.5 % in the census
    assert kims > 8 * sum(name.startswith("Pyo ") for name in drawn) / 600


def test_one_family_has_one_name_in_both_forms_and_women_may_have_second_names(catalogue: CultureCatalogue) -> None:
    greek = culture_of(catalogue, community("North", 1))
    first, second = (name.split()[1] for name in assign_names(greek, ("female", "male"), 1, "x", one_family=True))
    assert (first, second) in {("Northou", "Northos"), ("Northa", "Northas")}
    bengali = culture_of(catalogue, community("North", 1, second="Akter"))
    names = assign_names(bengali, ("female", "male"), 1, "x", one_family=True)
    assert names[0].split()[1].startswith("Akter")
    assert names[1].split()[1] in {"Northos", "Northas"}


def test_a_name_tells_the_usual_ages_and_the_community(catalogue: CultureCatalogue) -> None:
    culture = culture_of(catalogue, community("North", 1), community("South", 1))
    assert usual_ages("SouthOldFOne Southou", "female", culture) == (50, 80)
    assert usual_ages("SouthNewFOne Southou", "female", culture) == (18, 49)
    assert usual_ages("Nobody Southou", "female", culture) == (18, 80)
    assert community_of("SouthNewFOne Southou", "female", culture) == "South"
    assert community_of("SouthNewFOne Elsewhere", "female", culture) == "South"
    assert community_of("Nobody Elsewhere", "female", culture) == "North"


def test_no_boy_has_the_name_of_an_old_man(catalogue: CultureCatalogue) -> None:
    korea, japan = catalogue.culture("south_korea"), catalogue.culture("japan")
    for number in range(40):
        boy, old = (name.split()[1] for name in assign_names(korea, ("male", "male"), number, "x", ages=(10, 80)))
        assert boy not in {"Kwangsoo", "Byungho"}
        assert old not in {"Minjun", "Seojun"}
        assert assign_names(japan, ("male", "male"), number, "y", ages=(76, 9))[0].split()[1] != "Riku"


@pytest.mark.parametrize(
    ("culture", "relationship", "older", "shared"),
    [
        ("japan", "partner", "female", True),
        ("germany", "family", "female", True),
        ("south_korea", "partner", "female", False),
        ("china", "family", "female", False),
        ("china", "family", "male", True),
        ("iraq", "family", "female", False),
    ],
)
def test_couples_and_mothers_share_a_family_name_only_where_they_do(
    catalogue: CultureCatalogue, culture: str, relationship: Relationship, older: str, shared: bool
) -> None:
    pair = person("Ann Reed", age=66, gender=older), person("Mark Reed", age=38, gender="male")
    one = catalogue.culture(culture)
    assert share_family(one, *pair, relationship) == shared
    new = localise(scenario(participants=pair, relationship=relationship), one, 42)
    families = {split_name(told.name, one)[1] for told in new.participants}
    assert (len(families) == 1) == shared
