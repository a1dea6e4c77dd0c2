"""Every content file that is shipped."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any, get_args

import pytest

from clca.content.lookup import Content
from clca.content.parsing import read_jsonl
from clca.content_check import check
from clca.culture import CultureCatalogue
from clca.culture.profile import FOLDER, PLACES, PRICES, THINGS, Country, read_profile
from clca.culture.scores import HOFSTEDE, MAP
from clca.records import Relationship, Seed
from tests.conftest import Overlay

COUNTRIES = [
    "argentina",
    "bangladesh",
    "brazil",
    "china",
    "germany",
    "greece",
    "iraq",
    "japan",
    "jordan",
    "mexico",
    "south_korea",
    "turkey",
    "uk",
    "usa",
]
LANGUAGES = ["ara", "spa"]
SITUATIONS = {
    "request",
    "apology",
    "invitation",
    "bargain",
    "conflict",
    "hospitality",
    "workplace",
    "public-space",
    "school",
    "neighbours",
}
DAY = re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b")
_SMALL = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety"
NUMBERS = {
    "half": 0.5,
    **{word: number for number, word in enumerate(f"{_SMALL} eighteen nineteen".split(), start=1)},
    **{word: 10 * number for number, word in enumerate(_TENS.split(), start=1)},
}
SCALES = {"thousand": 1e3, "million": 1e6}


@pytest.fixture(scope="module")
def seeds(content: Content) -> list[Seed]:
    paths = content.files("scenarios/seeds*.jsonl")
    return [seed for path in paths for seed in read_jsonl(path, content.text(path), Seed)]


def country(content: Content, culture: str) -> Country:
    profile = read_profile(content, f"{FOLDER}/{culture}.yaml")
    assert isinstance(profile, Country)
    return profile


def table(content: Content, path: str) -> dict[str, dict[str, str]]:
    return {row["culture"]: row for row in csv.DictReader(content.text(path).splitlines()) if row["culture"]}


def number(cell: str) -> float | None:
    return float(cell) if cell else None


def repeated(values: list[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


def test_the_content_check_finds_no_fault() -> None:
    assert [fault.message for fault in check(Content())] == []


def test_the_content_check_reads_what_training_and_one_culture_read(overlay: Overlay) -> None:
    faulty = {
        "prompts/train-intent.j2": "{% block system %}{{ goal }}{% endblock %}",
        "trainers/mine.yaml": "extends: clca\nlora: {rr: 8}\n",
        "eval/wvs/shares.csv": "culture\njapan\n",
        "scenarios/own/japan.jsonl": "{}\n",
    }
    shown = sorted(fault.message for fault in check(overlay(faulty)))
    assert [any(path in fault for path in faulty) for fault in shown] == [True] * 4


def test_the_content_check_names_a_seed_that_would_not_happen_in_a_culture(overlay: Overlay) -> None:
    seeds = Content().text("scenarios/seeds-1.jsonl")
    alone = '"alone": true, "pairs": [["female", "female"], ["male", "male"]]'
    assert alone in seeds
    mexico = Content().text("personas/cultures/mexico.yaml")
    faulty = {
        "scenarios/seeds-1.jsonl": seeds.replace(alone, '"alone": true', 1),
        "personas/cultures/mexico.yaml": mexico.replace("ages: [6, 12]", "ages: [6, 8]"),
    }
    assert [fault.message.rpartition("/")[2] for fault in check(overlay(faulty))] == [
        "seeds-1.jsonl:5: apology-wrong-blame: in Bangladesh a woman and a man who are not related would be alone",
        "seeds-3.jsonl:6: school-lion-part: in Mexico no school of the culture takes its pupils",
    ]


def test_the_content_check_takes_a_recipe_of_ones_own(overlay: Overlay) -> None:
    assert check(overlay({"trainers/mine.yaml": "extends: clca\nsummary: mine\n"})) == []


@pytest.mark.parametrize("path", ["eval/offense/published.csv", "eval/mmlu/published.csv", "eval/mmlu/subjects.csv"])
def test_the_content_check_names_the_faults_of_tables(overlay: Overlay, path: str) -> None:
    header, row, *rest = Content().text(path).split("\n")
    broken = "\n".join([header, row.replace(",", ",Ω,", 1), *rest])
    assert [path in fault.message for fault in check(overlay({path: broken}))] == [True]


@pytest.mark.parametrize("path", ["eval/mmlu/demo/test/virology_test.csv", "prompts/mmlu.j2", "prompts/mmlu-paper.j2"])
def test_the_content_check_asks_the_questions_of_the_demonstration_of_knowledge(overlay: Overlay, path: str) -> None:
    broken = "What?,a,b,c,d,E\n" if path.endswith(".csv") else Content().text(path).replace("{{ question", "{{ qestion")
    assert [path in fault.message for fault in check(overlay({path: broken}))] == [True]


# ---------------------------------------------------------------- scenarios


def test_there_are_40_seeds_with_ids_of_their_own(seeds: list[Seed]) -> None:
    assert len(seeds) == 40
    assert repeated([seed.id for seed in seeds]) == []
    assert repeated([seed.setting for seed in seeds]) == []


def test_seeds_cover_every_relationship_and_situation(seeds: list[Seed]) -> None:
    assert {seed.relationship for seed in seeds} == set(get_args(Relationship))
    situations = Counter(seed.situation for seed in seeds)
    assert min(situations[one] for one in SITUATIONS) >= 2


def test_seeds_have_people_of_all_ages_and_of_both_genders(seeds: list[Seed]) -> None:
    people = [person for seed in seeds for person in seed.participants]
    assert min(person.age for person in people) < 20
    assert max(person.age for person in people) >= 75
    genders = Counter(person.gender for person in people)
    assert min(genders["female"], genders["male"]) > len(people) / 3


def test_the_two_of_a_seed_differ_in_name_and_want_something_each(seeds: list[Seed]) -> None:
    for seed in seeds:
        first, second = seed.participants
        assert first.name != second.name, seed.id
        assert first.goal != second.goal, seed.id


def test_no_goal_or_secret_serves_two_people(seeds: list[Seed]) -> None:
    people = [person for seed in seeds for person in seed.participants]
    assert repeated([person.goal for person in people]) == []
    assert repeated([person.secret for person in people if person.secret]) == []


# ---------------------------------------------------------------- cultures


def test_the_cultures_are_the_14_countries_and_two_languages(catalogue: CultureCatalogue) -> None:
    assert catalogue.ids() == COUNTRIES + LANGUAGES


@pytest.mark.parametrize("culture", COUNTRIES)
def test_scores_are_those_of_the_tables(content: Content, catalogue: CultureCatalogue, culture: str) -> None:
    record = catalogue.culture(culture)
    row = table(content, HOFSTEDE)[culture]
    assert record.scores.model_dump() == {key: number(row[key.upper()]) for key in record.scores.model_dump()}
    place = table(content, MAP)[culture]
    assert record.position.secular == float(place["traditional_vs_secular_rational"])
    assert record.position.expression == float(place["survival_vs_self_expression"])
    assert country(content, culture).iso3 == row["iso3"] == place["iso3"]
    assert "Hofstede" in record.scores_note
    assert place["survey_year"] in record.position_note


def test_japan_and_mexico_have_the_published_scores(catalogue: CultureCatalogue) -> None:
    japan, mexico = catalogue.culture("japan"), catalogue.culture("mexico")
    assert tuple(japan.scores.model_dump().values()) == (54, 46, 95, 92, 88, 42)
    assert tuple(mexico.scores.model_dump().values()) == (81, 30, 69, 82, 24, 97)


@pytest.mark.parametrize("culture", COUNTRIES)
def test_a_profile_is_complete(content: Content, culture: str) -> None:
    profile = country(content, culture)
    assert profile.sources
    assert set(PLACES) <= profile.places.keys()
    assert set(THINGS) <= profile.lexicon.keys()
    assert min(len(of_kind) for of_kind in profile.places.values()) >= 2
    assert len(profile.customs) >= 8
    assert len(profile.cities) >= 5
    assert len(profile.courtesy.small_talk) >= 5
    for words in texts(profile.model_dump(exclude={"id", "iso2", "iso3", "language_code", "names", "read_by"})):
        assert words == words.strip() != ""


@pytest.mark.parametrize("culture", COUNTRIES)
def test_small_talk_suits_people_of_any_age_and_family(content: Content, culture: str) -> None:
    """A woman of 80 has no grandmother who dances, and a boy of 15 no son."""
    kin = r"\b[Mm]y (?:grand\w+|mother|father|mum|mom|dad|parents|husband|wife|sons?|daughters?|children|kids)\b"
    talk = [line for pair in country(content, culture).courtesy.small_talk for line in pair]
    assert [line for line in talk if re.search(kin, line)] == []


@pytest.mark.parametrize("culture", COUNTRIES)
def test_courtesy_is_said_in_whole_sentences(content: Content, culture: str) -> None:
    courtesy = country(content, culture).courtesy
    for sentence in texts(courtesy.model_dump()):
        ends = ".!?,:" if sentence in courtesy.soften else ".!?"  # 'Look, just between us:' leads on to what follows
        assert sentence[0].isupper(), sentence
        assert sentence.endswith(tuple(ends)), sentence


@pytest.mark.parametrize("culture", COUNTRIES)
def test_prices_pair_up(content: Content, culture: str) -> None:
    prices = country(content, culture).prices
    assert set(prices) == set(PRICES)
    for level in range(len(prices["rent"])):
        price = {kind: amount(prices[kind][level]) for kind in PRICES}
        for kind in ("goods", "repair", "rent"):
            assert 0.7 * price[kind] <= price[f"{kind}_less"] < price[kind], kind
        assert price["collection"] < price["goods_less"] < price["rent_less"]
        assert price["repair"] < price["rent"] < price["loan"]


@pytest.mark.parametrize("culture", COUNTRIES)
def test_pupils_of_all_ages_and_of_either_gender_have_a_school(content: Content, culture: str) -> None:
    schools = country(content, culture).schools
    for age, gender in product(range(7, 18), ("female", "male")):
        open_ = [one for one in schools if one.ages[0] <= age <= one.ages[1] and one.pupils in ("mixed", gender)]
        assert open_, (age, gender)


@pytest.mark.parametrize("culture", COUNTRIES)
def test_no_place_but_a_festival_is_tied_to_a_weekday(content: Content, culture: str) -> None:
    places = country(content, culture).places
    tied = [place for kind, of_kind in places.items() if kind != "festival" for place in of_kind if DAY.search(place)]
    assert tied == []


def test_no_text_serves_two_cultures(content: Content) -> None:
    found = defaultdict(set)
    for culture in COUNTRIES:
        profile = country(content, culture)
        gestures = [gesture["does"] for kind in profile.gestures.model_dump().values() for gesture in kind]
        for words in texts([profile.courtesy.model_dump(), gestures, profile.customs, profile.places, profile.cities]):
            found[words.casefold()].add(culture)
    assert {words: cultures for words, cultures in found.items() if len(cultures) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_members_of_a_language_speak_it(catalogue: CultureCatalogue, language: str) -> None:
    record = catalogue.culture(language)
    assert len(record.members) == 2
    assert {catalogue.culture(member).language for member in record.members} == {record.language}


def texts(value: Any) -> Iterator[str]:
    """Every string in nested lists and mappings, keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)


def amount(price: str) -> float:
    """The number that a price says, in figures or in words: 'four hundred and fifty pesos' is 450."""
    if figures := re.match(r"[\d,]+", price):
        return float(figures[0].replace(",", ""))
    if half := re.fullmatch(r"(.*) and a half(?: (thousand|million))?.*", price):
        return (amount(half[1]) + 0.5) * SCALES.get(half[2], 1)
    if cents := re.fullmatch(r"(.*) (?:euros?|pounds) (\w+)", price):
        return amount(cents[1]) + NUMBERS[cents[2]] / 100
    total = part = 0.0
    for word in re.findall(r"[a-z]+", price):
        if word in SCALES:
            total, part = total + (part or 1) * SCALES[word], 0.0
        elif word == "hundred":
            part = (part or 1) * 100
        else:
            part += NUMBERS.get(word, 0)
    return total + part or 1.0  # 'a dinar'


@pytest.mark.parametrize(
    ("price", "value"),
    [
        ("160 yen", 160),
        ("10,000 yen", 10000),
        ("fifteen hundred dinars", 1500),
        ("four hundred and fifty thousand pesos", 450_000),
        ("half a million pesos", 500_000),
        ("four and a half thousand yuan", 4500),
        ("a dinar and a half", 1.5),
        ("half a dinar", 0.5),
        ("two euros fifty", 2.5),
        ("twenty-five taka", 25),
        ("a hundred thousand won", 100_000),
        ("a thousand dinars", 1000),
    ],
)
def test_prices_are_read_as_people_say_them(price: str, value: float) -> None:
    assert amount(price) == value
