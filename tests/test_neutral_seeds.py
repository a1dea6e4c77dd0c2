"""Seeds of no culture name no place, weekday, school type, currency or sum; each culture has its own."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from clca.content.lookup import Content
from clca.content.parsing import read_jsonl
from clca.culture.people import name_words
from clca.records import Seed
from clca.simulator import SimulatorContent, load_simulator_content
from clca.words import names_in

_DAYS = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
_FEASTS = r"Christmas|Easter|Ramadan|Eid|New Year|weekends?"
_SCHOOLS = (
    r"(?:primary|secondary|elementary|middle|high|grammar|comprehensive|nursery|boarding|village|state|private|girls'"
    r"|boys') schools?|comprehensive|lyceum|gymnasium|kindergarten|sixth form|college"
)
_CURRENCIES = r"pounds?|euros?|dollars?|cents?|pence|yen|yuan|lira|taka|reais|pesos?|dinars?|quid|bucks"
_SUMS = r"\d+|hundred|thousand|million"
NAMED = re.compile(rf"\b(?:{_DAYS}|{_FEASTS}|(?i:{_SCHOOLS}|{_CURRENCIES})|{_SUMS})\b|[£$€¥]")


def named(text: str, people: frozenset[str] = frozenset()) -> list[str]:
    """What a text names that only one culture has; `people` are the words of its people's names."""
    places = [name for name in names_in(text) if name.removesuffix("s") not in people and name not in people]
    return [*NAMED.findall(text), *places]


@pytest.fixture(scope="module")
def seeds(content: Content) -> list[Seed]:
    paths = content.files("scenarios/seeds*.jsonl")
    return [seed for path in paths for seed in read_jsonl(path, content.text(path), Seed)]


@pytest.fixture(scope="module")
def simulator_content(content: Content) -> SimulatorContent:
    paths = [*content.files("scenarios/*.jsonl"), *content.files("scenarios/rehearsal/*")]
    return load_simulator_content({path: content.text(path) for path in paths})


@pytest.mark.parametrize(
    "text",
    [
        "They meet in Leeds.",
        "He is on the late shift on Thursday.",
        "a long Sunday lunch, as on all Sundays",
        "It costs sixty pounds.",
        "It is 40 a month.",
        "a loan of four hundred",
        "She teaches at a secondary school.",
        "They were at college together.",
        "just after Christmas",
    ],
)
def test_what_only_one_culture_has_is_found(text: str) -> None:
    assert named(text)


def test_seeds_of_no_culture_name_nothing_that_only_one_has(seeds: list[Seed]) -> None:
    assert len(seeds) == 40
    found = {}
    for seed in seeds:
        people = frozenset(word for person in seed.participants for word in name_words(person.name))
        words = [name for text in (*seed.texts.values(), *seed.localise) for name in named(text, people)]
        if words:
            found[seed.id] = words
    assert found == {}


def test_the_rehearsal_names_no_weekday_and_no_sum_in_them(
    seeds: list[Seed], simulator_content: SimulatorContent
) -> None:
    days_and_sums = re.compile(rf"\b(?:{_DAYS}|Christmas|Easter|(?:\w+ )?(?:pounds|euros|dollars|quid))\b|[£$€¥]")
    topics = simulator_content.topics
    lines = [(seed.id, line) for seed in seeds for line in topics[seed.id].lines()]
    assert [line for line in lines if days_and_sums.search(line[1])] == []
    placeholders = {word for _, line in lines for word in re.findall(r"\{(\w+)\}", line)}
    assert {"family_day", "rest_day", "work_day", "last_work_day", "price_rent", "price_goods_less"} <= placeholders


def test_either_side_opens_and_superiors_ask_as_often_as_subordinates(seeds: list[Seed]) -> None:
    opens = Counter(seed.opens for seed in seeds)
    assert min(opens["first"], opens["second"]) >= 0.45 * len(seeds)
    asks = Counter("neither" if seed.superior == "neither" else seed.superior == seed.asks for seed in seeds)
    assert set(asks) == {True, False, "neither"}
    assert asks[True] == asks[False] >= len(seeds) / 5
