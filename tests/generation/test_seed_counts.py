from __future__ import annotations

from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.generation.seed_counts import SeedCount, count_seeds, markdown, power
from clca.records import Seed
from tests.dialogue_examples import person, scenario

README = Path(__file__).parents[2] / "scenarios" / "README.md"


def seed(**changes: object) -> Seed:
    return Seed(**{**scenario().model_dump(), **changes})


def test_seeds_are_counted_by_their_properties() -> None:
    old = [person("Ruth Vale", age=17), person("Tom Moss", age=60, gender="male")]
    count = SeedCount.of(
        "uk",
        [
            seed(situation="holiday", opens="first", asks="second", superior="second"),
            seed(situation="bargain", relationship="family", superior="second", participants=old),
            seed(situation="holiday", superior="neither"),
        ],
    )
    assert (count.culture, count.seeds) == ("uk", 3)
    assert {key: number for key, number in count.relationship.items() if number} == {"neighbour": 2, "family": 1}
    assert list(count.power.values()) == [1, 1, 1, 0]
    assert count.opener == {"who asks": 2, "who is asked": 1}
    assert count.gender == {"female": 5, "male": 1, "other": 0}
    assert count.age == {"under 18": 1, "18-39": 0, "40-59": 2, "60 and over": 3}
    assert count.situation == {"holiday": 2, "bargain": 1}


@pytest.mark.parametrize(
    ("asks", "superior", "expected"),
    [
        ("first", "first", "superior asks"),
        ("second", "first", "subordinate asks"),
        ("second", "neither", "neither is superior"),
        ("second", "", "not said"),
    ],
)
def test_power_is_who_asks_whom(asks: str, superior: str, expected: str) -> None:
    assert power(seed(asks=asks, superior=superior)) == expected


def test_the_tables_of_the_readme_are_what_the_command_prints(content: Content) -> None:
    shown = README.read_text(encoding="utf-8").partition("<!-- clca content counts -->\n")[2]
    tables = shown.partition("\n<!-- end of counts -->")[0]
    assert tables == markdown(count_seeds(content)), "put the output of `clca content counts` there"
