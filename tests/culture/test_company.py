from __future__ import annotations

import re

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.culture.company import company_fault, paired, pairs_fault, turned, with_genders
from clca.culture.localisation import localise
from clca.generation.scenarios import SeedScenarios
from clca.records import Gender, Seed
from tests.dialogue_examples import person

FEMALE, MALE = ("female", "female"), ("male", "male")


def seed(**changes: object) -> Seed:
    fields = {
        "id": "spare-room",
        "setting": "Ruth Vale shows Mark Moss her spare room.",
        "relationship": "acquaintance",
        "participants": (
            person("Ruth Vale", background="She lives there with her child. A cousin gave her the house."),
            person("Mark Moss", gender="male", age=20, background="He keeps his tools with him."),
        ),
        "alone": True,
        "pairs": (FEMALE, MALE),
    }
    return Seed(**{**fields, **changes})


@pytest.mark.parametrize(
    ("text", "to", "expected"),
    [
        ("She likes her house, and it likes her.", "male", "He likes his house, and it likes him."),
        ("Her child waits for her in the yard.", "male", "His child waits for him in the yard."),
        ("She blames herself; the widow's husband sang.", "male", "He blames himself; the widower's wife sang."),
        ("The girl told her that she left.", "male", "The boy told him that he left."),
        ("He likes his boss, and the boss likes him.", "female", "She likes her boss, and the boss likes her."),
        ("Others see this; the hero heard the theme.", "female", "Others see this; the hero heard the theme."),
    ],
)
def test_the_words_of_a_gender_are_turned(text: str, to: Gender, expected: str) -> None:
    assert turned(text, {"female": to, "male": to}) == expected


def test_only_the_words_of_the_gender_that_changes_are_turned() -> None:
    assert (
        turned("She met him and his friend.", {"female": "female", "male": "female"}) == "She met her and her friend."
    )
    assert turned("She met him and her friend.", {"female": "male", "male": "female"}) == "He met her and his friend."


def test_a_pair_changes_as_a_whole(catalogue: CultureCatalogue) -> None:
    man, woman = with_genders(seed(), ("male", "female")).participants
    assert (man.gender, man.background) == ("male", "He lives there with his child. A cousin gave him the house.")
    assert (woman.gender, woman.background) == ("female", "She keeps her tools with her.")
    turned_to = {
        tuple(each.gender for each in paired(seed(id=f"s{n}"), catalogue.culture("iraq")).participants)
        for n in range(9)
    }
    assert turned_to == {FEMALE, MALE}
    assert paired(seed(), catalogue.culture("uk")) == seed()


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, False),
        ({"alone": False}, True),
        ({"alone": False, "relationship": "friend"}, False),
        ({"relationship": "partner"}, True),
        ({"relationship": "family"}, True),
        ({"participants": (person("Ruth Vale"), person("Mark Moss", gender="male", age=11))}, True),
        ({"participants": (person("Ruth Vale"), person("Mark Moss", gender="male", age=12))}, False),
        ({"participants": (person("Ruth Vale"), person("Ann Moss"))}, True),
    ],
)
def test_who_may_be_alone_with_whom(catalogue: CultureCatalogue, changes: dict[str, object], fits: bool) -> None:
    each = seed(**changes)
    assert (company_fault(each, catalogue.culture("iraq"), alone=each.alone) is None) == fits
    assert company_fault(each, catalogue.culture("brazil"), alone=each.alone) is None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"pairs": ()}, None),
        ({"participants": (person("Ruth Vale"), person("Ann Moss"))}, "only a seed of a woman and a man can be turned"),
        ({"pairs": (("female", "male"),)}, "female and male is no other pair"),
        ({"pairs": (("female", "other"),)}, "female and other is no other pair"),
        ({"setting": "Ruth Vale and her son meet Mark Moss."}, "setting mentions 'son', whose pronouns"),
        ({"setting": "A friend of hers meets Mark Moss and Ruth Vale."}, "setting mentions 'hers'"),
    ],
)
def test_pairs_are_checked(changes: dict[str, object], fault: str | None) -> None:
    found = pairs_fault(seed(**changes))
    assert (found is None) if fault is None else fault in (found or "")


def test_no_seed_leaves_a_woman_and_a_man_alone_where_that_is_not_done(
    content: Content, catalogue: CultureCatalogue
) -> None:
    changed = 0
    for culture in map(catalogue.culture, catalogue.ids()):
        for each in SeedScenarios(content, None, 42):
            assert isinstance(each, Seed)
            localised = localise(each, culture, 42)
            assert company_fault(localised, culture, alone=each.alone) is None, (culture.id, each.id)
            changed += [one.gender for one in localised.participants] != [one.gender for one in each.participants]
    assert changed >= 30  # three countries and a language, ten seeds and more


def test_turned_seeds_speak_of_nobody_as_of_the_other_gender(content: Content) -> None:
    others = {FEMALE: r"\b(he|him|his|himself|man|boy)\b", MALE: r"\b(she|her|hers|herself|woman|girl)\b"}
    for each in SeedScenarios(content, None, 42):
        assert isinstance(each, Seed)
        for pair in each.pairs:
            for text in with_genders(each, pair).texts.values():
                assert not re.search(others[pair], text, re.I), (each.id, text)
