"""The seed scenarios: those written from within each culture, and near-duplicates among all of them.

Two seeds are near-duplicates where the TF-IDF cosine of their content words is at least `WHOLE` over setting, goals and
secrets, or at least `ONE` between a goal of one and a goal of the other, or a secret and a secret, and where the texts
share `SHARED` of them or more. Content words are stems (`clca.words`) without the names of the people; a word weighs
the logarithm of the number of texts over the number of those that have it, and counts once a text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import get_args

import pytest

from clca.content.lookup import Content
from clca.culture.profile import Country, read_profile
from clca.generation.scenarios import OWN, SEEDS, read_seeds
from clca.generation.seed_counts import OPENERS, POWERS, SeedCount, count_seeds
from clca.records import Relationship, Seed
from clca.words import content_stems, whole_word
from tests.dialogue_examples import person, scenario
from tests.test_content_check import COUNTRIES

WHOLE, ONE, SHARED = 0.2, 0.5, 3
EVERYWHERE = {
    *("worship", "matchmaking", "migrants", "domestic-work", "holiday", "bargain", "elders", "in-laws"),
    *("workplace", "school", "neighbours"),
}
"""Situations that every culture has a seed of."""

READ = {frozenset({"advice-leaving-the-team", "conflict-team-place"})}
"""Pairs of near-duplicates that were read and found to share no more than their words."""


@pytest.fixture(scope="module")
def seeds(content: Content) -> list[Seed]:
    return read_seeds(content, (SEEDS, OWN))


@pytest.fixture(scope="module")
def counts(content: Content) -> dict[str, SeedCount]:
    return {count.culture: count for count in count_seeds(content)}


# ---------------------------------------------------------------- from within a culture


@pytest.mark.parametrize("culture", COUNTRIES)
def test_a_culture_has_a_dozen_seeds_of_its_own_in_all_walks_of_life(
    counts: dict[str, SeedCount], culture: str
) -> None:
    count = counts[culture]
    assert count.seeds >= 12
    assert count.situation.keys() >= EVERYWHERE
    assert [name for name in get_args(Relationship) if not count.relationship[name]] == []
    asked = [count.power[name] for name in POWERS]
    assert asked[0] == asked[1] >= 3, "superiors ask as often as subordinates"
    assert asked[3] == 0
    assert min(count.opener[name] for name in OPENERS) >= count.seeds // 3, "either side opens"
    assert abs(count.gender["female"] - count.gender["male"]) <= 2
    assert min(count.age["18-39"], count.age["40-59"], count.age["60 and over"]) >= 3


def test_the_one_who_asks_is_as_often_the_first_as_the_second(seeds: list[Seed]) -> None:
    own = [seed for seed in seeds if seed.culture]
    for culture in COUNTRIES:
        asks = Counter(seed.asks for seed in own if seed.culture == culture)
        assert abs(asks["first"] - asks["second"]) <= 1, "or one model would always ask"


def test_both_people_of_an_own_seed_are_in_its_setting_and_want_and_hide_something(seeds: list[Seed]) -> None:
    for seed in (seed for seed in seeds if seed.culture):
        for one in seed.participants:
            assert any(re.search(whole_word(word), seed.setting) for word in one.name.split()), seed.id
            assert one.goal, seed.id
            assert one.secret, seed.id


def test_couples_and_in_laws_share_a_name_only_where_spouses_do(seeds: list[Seed], content: Content) -> None:
    profiles = [read_profile(content, f"personas/cultures/{name}.yaml") for name in COUNTRIES]
    apart = {one.id for one in profiles if isinstance(one, Country) and one.names.spouses == "own"}
    assert {"china", "south_korea", "mexico", "jordan"} <= apart
    for seed in seeds:
        if seed.culture in apart and (seed.relationship == "partner" or seed.situation == "in-laws"):
            first, second = (set(one.name.split()) for one in seed.participants)
            assert not first & second, seed.id


def test_no_goal_secret_or_setting_serves_two_seeds(seeds: list[Seed]) -> None:
    for texts in (
        [seed.setting for seed in seeds],
        [one.goal for seed in seeds for one in seed.participants],
        [one.secret for seed in seeds for one in seed.participants if one.secret],
    ):
        assert [text for text, times in Counter(texts).items() if times > 1] == []


# ---------------------------------------------------------------- near-duplicates

Texts = list[set[str]]


def stems(seed: Seed, text: str) -> set[str]:
    return content_stems(text) - content_stems(" ".join(one.name for one in seed.participants))


def similar(texts: Sequence[tuple[str, set[str]]], least: float) -> Iterator[frozenset[str]]:
    """The ids of texts whose cosine is at least that; texts of one id are not compared."""
    seen = Counter(stem for _, text in texts for stem in text)
    weights = {stem: math.log(len(texts) / number) for stem, number in seen.items()}
    norms = [math.sqrt(sum(weights[stem] ** 2 for stem in text)) for _, text in texts]
    for (name, text, norm), (other, others, size) in combinations(
        ((*pair, norm) for pair, norm in zip(texts, norms, strict=True)), 2
    ):
        common = text & others
        if name == other or len(common) < SHARED:
            continue
        if sum(weights[stem] ** 2 for stem in common) >= least * norm * size:
            yield frozenset({name, other})


def near_duplicates(seeds: Sequence[Seed]) -> set[frozenset[str]]:
    """The pairs of ids by the measure of this module."""
    whole, goals, secrets = [], [], []
    for seed in seeds:
        goals += [(seed.id, stems(seed, one.goal)) for one in seed.participants]
        secrets += [(seed.id, stems(seed, one.secret)) for one in seed.participants]
        texts = (seed.setting, *(text for one in seed.participants for text in (one.goal, one.secret)))
        whole.append((seed.id, stems(seed, " ".join(texts))))
    return {*similar(whole, WHOLE), *similar(goals, ONE), *similar(secrets, ONE)}


def test_no_two_seeds_are_about_the_same(seeds: list[Seed]) -> None:
    assert near_duplicates(seeds) - READ == set()


@pytest.mark.parametrize(
    ("goal", "secret"),
    [
        ("Have Nina ring the bell instead of letting herself in with the spare key", ""),
        ("", "He sleeps at the wheel of the lorry at night."),
    ],
)
def test_the_same_wish_or_secret_in_other_words_is_found(seeds: list[Seed], goal: str, secret: str) -> None:
    told = [
        person(
            "Ruth Vale",
            goal="Get Ida to ring the bell before letting herself in with her spare key",
            secret="She fell asleep at the wheel of her lorry one night.",
        ),
        person("Ida Moss", goal="-", secret=""),
    ]
    retold = [
        person("Nina Hall", goal=goal or "-", secret=secret),
        person("Tom Reed", goal="-", secret="", gender="male"),
    ]
    pair = [
        Seed(**{**scenario(participants=told).model_dump(), "id": "told"}),
        Seed(**{**scenario(setting="A kitchen at noon.", participants=retold).model_dump(), "id": "retold"}),
    ]
    assert frozenset({"told", "retold"}) in near_duplicates([*seeds, *pair])
