from __future__ import annotations

import pytest
from pydantic import ValidationError

from clca.culture import CultureCatalogue
from clca.culture.everyday import DAYS, KEYS, lexicon, things
from clca.culture.profile import PRICES
from clca.records import Week


@pytest.mark.parametrize(
    ("rest", "working"),
    [
        (("Saturday", "Sunday"), ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")),
        (("Friday", "Saturday"), ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday")),
        (("Friday",), ("Saturday", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday")),
    ],
)
def test_the_working_days_follow_the_rest(rest: tuple[str, ...], working: tuple[str, ...]) -> None:
    assert Week.model_validate({"rest": rest, "family": rest[0]}).working == working


def test_families_meet_on_a_day_of_rest() -> None:
    with pytest.raises(ValidationError, match="family: Monday is no day of rest"):
        Week.model_validate({"rest": ["Sunday"], "family": "Monday"})


@pytest.mark.parametrize(
    ("culture", "family", "rest", "last"),
    [
        ("germany", "Sunday", "Saturday", "Friday"),
        ("iraq", "Friday", "Saturday", "Thursday"),
        ("bangladesh", "Friday", "Saturday", "Thursday"),
        ("ara", "Friday", "Saturday", "Thursday"),
    ],
)
def test_days_are_those_of_the_culture(
    catalogue: CultureCatalogue, culture: str, family: str, rest: str, last: str
) -> None:
    record = catalogue.culture(culture)
    for scenario in ("a", "b", "c"):
        values = lexicon(record, scenario)
        assert (values["family_day"], values["rest_day"], values["last_work_day"]) == (family, rest, last)
        assert values["work_day"] not in (family, rest, last)


def test_where_one_day_is_free_it_is_the_family_s(catalogue: CultureCatalogue) -> None:
    record = catalogue.culture("japan").model_copy(update={"week": Week(rest=("Sunday",), family="Sunday")})
    assert things(record, "rest_day") == ("Sunday",)


def test_an_offer_is_that_of_the_asking_price(catalogue: CultureCatalogue) -> None:
    for culture in map(catalogue.culture, catalogue.ids()):
        for scenario in map(str, range(6)):
            values = lexicon(culture, scenario)
            level = culture.prices["rent"].index(values["price_rent"])
            for kind in PRICES:
                assert values[f"price_{kind}"] == culture.prices[kind][level]


def test_every_key_has_something_in_every_culture(catalogue: CultureCatalogue) -> None:
    assert set(DAYS) < set(KEYS)
    for culture in map(catalogue.culture, catalogue.ids()):
        assert [key for key in KEYS if not things(culture, key)] == []
        assert things(culture, "price_cake") == things(culture, "cake") == ()
