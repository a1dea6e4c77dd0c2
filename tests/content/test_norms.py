"""The norms in `scenarios/norms-*.jsonl`."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from clca.content.lookup import Content
from clca.content.parsing import read_jsonl
from clca.content_check import check_norms
from clca.culture import CultureCatalogue
from clca.culture.places import places_for
from clca.culture.profile import PLACES, Country, Profile, read_profile
from clca.errors import ContentError
from clca.records import Norm
from clca.words import content_stems
from tests.conftest import Overlay

LEAST_IN_ALL, LEAST_OWN, MOST_OF_A_FEW = 30, 20, 6
LEAST_SITUATIONS, LEAST_PLACES = 12, 9
MOST_ALIKE, MOST_ALIKE_ELSEWHERE = 0.35, 0.5  # stems that two norms share, of all they have: in one culture, in two
INSPIRATIONS = (
    "everyday custom as commonly described (",
    "etiquette guidance of the Culture Atlas kind (",
    "common travel etiquette guidance (",
    "everyday rules of thumb of the Social Chemistry 101 kind (",
    "Hofstede: ",
)
FIELDS: dict[str, Any] = {
    "id": "x",
    "scope": "general",
    "situation": "time",
    "place": "cafe",
    "relationship": "friend",
    **dict.fromkeys(("text", "breach", "explain", "remedy", "inspiration"), "waiting for it"),
}


@pytest.fixture(scope="module")
def norms(content: Content) -> list[Norm]:
    paths = content.files("scenarios/norms*.jsonl")
    return [norm for path in paths for norm in read_jsonl(path, content.text(path), Norm)]


@pytest.fixture(scope="module")
def profiles(content: Content) -> list[Profile]:
    return [read_profile(content, path) for path in content.files("personas/cultures/*.yaml")]


@pytest.fixture(scope="module")
def countries(profiles: list[Profile]) -> list[str]:
    return [profile.id for profile in profiles if isinstance(profile, Country)]


def held(norms: list[Norm], country: str) -> list[Norm]:
    return [norm for norm in norms if norm.holds_in(country)]


def own(norms: list[Norm], country: str) -> list[Norm]:
    return [norm for norm in held(norms, country) if not norm.is_general]


def test_at_least_30_norms_hold_in_every_country_and_20_are_its_own_or_of_a_few(
    norms: list[Norm], countries: list[str]
) -> None:
    assert len(countries) == 14
    assert {country for country in countries if len(held(norms, country)) < LEAST_IN_ALL} == set()
    assert {country for country in countries if len(own(norms, country)) < LEAST_OWN} == set()
    assert {norm.id for norm in norms if not norm.is_general and len(norm.scope) > MOST_OF_A_FEW} == set()


def test_the_norms_of_a_country_are_from_all_of_its_life(norms: list[Norm], countries: list[str]) -> None:
    for country in countries:
        here = own(norms, country)
        assert {"mourning", "money", "gift", "meal", "greeting"} <= (situations := {norm.situation for norm in here})
        assert {"family", "neighbour", "colleague", "friend", "stranger"} <= {norm.relationship for norm in here}
        assert "home" in (places := {norm.place for norm in here})
        assert len(situations) >= LEAST_SITUATIONS, country
        assert len(places) >= LEAST_PLACES, country


def test_every_norm_is_of_its_own_and_says_what_inspired_it(norms: list[Norm]) -> None:
    for key in ("id", "text", "breach", "explain", "remedy"):
        times = Counter(getattr(norm, key) for norm in norms)
        assert [value for value, number in times.items() if number > 1] == []
    assert {norm.place for norm in norms} <= set(PLACES)
    assert [norm.id for norm in norms if len(norm.inspiration) < 10 or "survey" in norm.inspiration.lower()] == []
    of_one = {norm.id: norm.scope[0] for norm in norms if len(norm.scope) == 1}
    assert [norm for norm, scope in of_one.items() if not norm.startswith(f"{scope}-")] == []


def stems_of(*texts: str) -> set[str]:
    return content_stems(" ".join(texts))


def likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


def test_no_two_norms_say_the_same(norms: list[Norm], countries: list[str]) -> None:
    stems = {norm.id: stems_of(norm.text, norm.breach, norm.remedy) for norm in norms}
    held_in = {norm.id: {country for country in countries if norm.holds_in(country)} for norm in norms}
    alike = []
    for one, other in combinations(stems, 2):
        likely = likeness(stems[one], stems[other])
        if likely > (MOST_ALIKE if held_in[one] & held_in[other] else MOST_ALIKE_ELSEWHERE):
            alike.append((one, other, round(likely, 2)))
    assert alike == []


def test_the_same_norm_in_other_words_is_alike(norms: list[Norm]) -> None:
    said_again = stems_of(
        "In a shop people wait for their turn, in the order of their coming.",
        "slipping in at the front of the line with just one thing",
        "ask the person at the front before going ahead",
    )
    (queue,) = (norm for norm in norms if norm.id == "general-queue-turn")
    assert likeness(stems_of(queue.text, queue.breach, queue.remedy), said_again) > MOST_ALIKE


@pytest.mark.parametrize("key", ["text", "breach", "explain", "remedy"])
def test_a_norm_can_be_spoken(norms: list[Norm], key: str) -> None:
    """The simulator's frames put the breach after "is", the remedy after "please", and say the explanation."""
    for norm in norms:
        line = getattr(norm, key)
        if key in ("text", "explain"):
            assert line.endswith("."), norm.id
            assert line[0].isupper() or line[0] == "'", norm.id
        else:
            assert line[0].islower(), norm.id
            assert not line.endswith("."), norm.id
            assert not re.search(r"\b(?:his|her|him|he|she|yours)\b", line), norm.id
    if key == "breach":
        assert [norm.id for norm in norms if not re.match(r"\w+ing\b", norm.breach)] == []


def test_general_norms_may_name_cultures_where_they_do_not_hold() -> None:
    norm = Norm.model_validate({**FIELDS, "not_in": ["iraq"]})
    assert (norm.is_general, norm.holds_in("japan"), norm.holds_in("iraq")) == (True, True, False)
    few = Norm.model_validate({**FIELDS, "scope": ["iraq", "jordan"]})
    assert (few.is_general, few.holds_in("japan"), few.holds_in("iraq")) == (False, False, True)
    assert Norm.model_validate({**FIELDS, "scope": "iraq"}).scope == ("iraq",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scope": ["general", "iraq"]}, "general stands alone"),
        ({"scope": "iraq", "not_in": ["jordan"]}, "only a general norm has exceptions"),
        ({"scope": ["iraq", "iraq"]}, "names a culture twice"),
        ({"scope": []}, "at least 1 item"),
    ],
)
def test_a_scope_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Norm.model_validate({**FIELDS, **changes})


def test_a_norm_with_venues_has_some_wherever_it_holds(norms: list[Norm], catalogue: CultureCatalogue) -> None:
    with_venues = [norm for norm in norms if norm.venues]
    assert len(with_venues) > 20
    for norm in with_venues:
        for culture in map(catalogue.culture, norm.scope):
            suiting = places_for(norm, culture)
            words = [word for word in norm.venues if any(word.lower() in place.lower() for place in suiting)]
            assert words, (norm.id, culture.id)
            assert all(any(word.lower() in place.lower() for word in norm.venues) for place in suiting), norm.id


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"scope": ["japan", "japn"]}, "scope: no culture 'japn'; did you mean japan?"),
        ({"not_in": ["atlantis"]}, "not_in: no culture 'atlantis'"),
        ({"place": "moon"}, "place: 'moon' is unknown"),
    ],
)
def test_an_unknown_culture_or_place_is_named(overlay: Overlay, changes: dict[str, Any], fault: str) -> None:
    path = "scenarios/norms-mine.jsonl"
    content = overlay({path: json.dumps(FIELDS) + "\n" + json.dumps({**FIELDS, **changes})})
    with pytest.raises(ContentError, match=re.escape(f"{path}:2: {fault}")):
        check_norms(content, path, {"japan"})


def test_the_table_of_the_readme_counts_the_norms(content: Content, norms: list[Norm], profiles: list[Profile]) -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", content.text("scenarios/README.md"), re.M)
    counted = {}
    for profile in profiles:
        places = (profile.id,) if isinstance(profile, Country) else profile.members
        here = [norm for norm in norms if any(norm.holds_in(place) for place in places)]
        alone = sum(len(norm.scope) == 1 and not norm.is_general for norm in here)
        general = sum(norm.is_general for norm in here)
        counted[profile.id] = (alone, len(here) - alone - general, general, len(here))
    assert {culture: tuple(map(int, numbers)) for culture, *numbers in rows} == counted


def test_the_readme_says_of_each_file_what_its_norms_rest_on(content: Content) -> None:
    readme = content.text("scenarios/README.md")
    for path in content.files("scenarios/norms*.jsonl"):
        inspired_by = [norm.inspiration for norm in read_jsonl(path, content.text(path), Norm)]
        counts = [sum(text.startswith(kind) for text in inspired_by) for kind in INSPIRATIONS]
        assert sum(counts) == len(inspired_by), "each is of one kind"
        assert f"| `{Path(path).name}` | {' | '.join(map(str, counts))} | {len(inspired_by)} |" in readme


def test_the_norm_of_the_readme_is_one(content: Content) -> None:
    (example,) = re.findall(r"^```json\n(.*)\n```$", content.text("scenarios/README.md"), re.M)
    assert Norm.model_validate_json(example).scope == ("greece", "turkey")
