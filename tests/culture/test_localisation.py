from __future__ import annotations

from collections.abc import Iterator

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.culture.localisation import localise, mark_fault
from clca.culture.places import whole
from clca.generation.scenarios import SeedScenarios
from clca.records import Place, Scenario, Seed
from clca.words import names_in
from tests.dialogue_examples import person, scenario

SEED = Seed(
    id="last-loaf",
    setting="Mrs Vale and the Mosses meet at the market in Leeds. At the market in Leeds Ruth has a pot of tea,"
    " and marks it.",
    relationship="neighbour",
    participants=(
        person("Ruth Vale", goal="Get Mark Moss to mark Ruth's loaf"),
        person("Mark Moss", gender="male", age=71, secret="Ruth once gave him a pot of tea."),
    ),
    place=Place(text="the market in Leeds", kind="market"),
    localise={"a pot of tea": "drink"},
)


def seeds(content: Content) -> Iterator[Seed]:
    for seed in SeedScenarios(content, None, 42):
        assert isinstance(seed, Seed)
        yield seed


def test_no_name_place_or_thing_of_a_seed_is_left_in_any_culture(content: Content, catalogue: CultureCatalogue) -> None:
    for culture_id in ("japan", "germany", "mexico", "uk"):
        culture = catalogue.culture(culture_id)
        for seed in seeds(content):
            localised = localise(seed, culture, 42)
            people = {word for person in seed.participants for word in person.name.split()}
            assert seed.place is not None
            texts = [*(person.name for person in localised.participants), *localised.texts.values()]
            left = {name for text in texts for name in (*names_in(text), *text.split()[:1])}
            assert not left & people, seed.id
            places = {place for each in culture.settings[seed.place.kind] for place in (each, whole(each))}
            assert any(place in localised.setting for place in places), seed.id
            assert not any(thing in text for thing in seed.localise for text in texts)
            assert [person.age for person in localised.participants] == [person.age for person in seed.participants]
            genders = tuple(person.gender for person in localised.participants)
            assert genders == tuple(person.gender for person in seed.participants), seed.id


def test_whole_words_are_swapped_and_their_forms_kept(catalogue: CultureCatalogue) -> None:
    new = localise(SEED, catalogue.culture("japan"), 42)
    assert type(new) is Scenario
    ruth, mark = (person.name.split() for person in new.participants)
    assert new.setting.startswith(f"{ruth[0]}-san and the {mark[0]} family meet at the")
    assert f" {ruth[1]} has a" in new.setting
    assert "Leeds" not in new.setting
    assert new.setting.endswith(", and marks it.")
    assert new.participants[0].goal == f"Get {' '.join(mark)} to mark {ruth[1]}'s loaf"
    assert "a pot of tea" not in new.participants[1].secret


def test_names_that_the_scenario_mentions_are_not_assigned(catalogue: CultureCatalogue) -> None:
    japan = catalogue.culture("japan")
    young = [name for name, _ in japan.names.communities[0].generations[-1].female]
    others = [name for name in japan.names.female if name not in young]
    told = "They speak of " + ", ".join((*young[2:], *others[2:30])) + "."
    girls = (
        person("Ann Reed", age=9, background=told[:600], goal=", ".join(japan.names.family[4:])[:400]),
        person("Mary Moss", age=10),
    )
    new = localise(scenario(participants=girls), japan, 42)
    assert {person.name.split()[1] for person in new.participants} == set(young[:2])
    assert {person.name.split()[0] for person in new.participants} <= set(japan.names.family[:4])


def test_people_of_one_family_keep_one_family_name(catalogue: CultureCatalogue) -> None:
    couple = scenario(participants=(person("Ann Reed"), person("Mark Reed", gender="male")))
    new = localise(couple, catalogue.culture("germany"), 42)
    assert len({person.name.split(" ", 1)[1] for person in new.participants}) == 1


def test_a_scenario_without_annotations_keeps_its_place(catalogue: CultureCatalogue) -> None:
    new = localise(scenario(setting="Ruth Vale waits in Leeds."), catalogue.culture("japan"), 42)
    assert new.setting == f"{new.participants[0].name} waits in Leeds."


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"place": Place(text="the market", kind="market")}, "'Leeds' is part of no annotation"),
        ({}, None),
        ({"place": Place(text="the market in Lee", kind="market")}, "place.text: 'the market in Lee' is not in"),
        ({"place": Place(text="the market in Leeds", kind="markt")}, "place.kind: 'markt' is unknown"),
        ({"localise": {"a pot of te": "drink"}}, "localise: 'a pot of te' is not in"),
        ({"localise": {"a pot of tea": "drinks"}}, "localise: 'drinks' is unknown"),
    ],
)
def test_annotations_are_checked(changes: dict[str, object], fault: str | None) -> None:
    found = mark_fault(SEED.model_copy(update=changes))
    assert (found is None) if fault is None else (found or "").startswith(fault)


def test_the_annotations_of_all_seeds_are_sound(content: Content) -> None:
    assert [fault for seed in seeds(content) if (fault := mark_fault(seed))] == []
