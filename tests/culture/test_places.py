from __future__ import annotations

import re

import pytest

from clca.culture import CultureCatalogue
from clca.culture.places import nearest, places_for
from clca.records import Norm
from clca.seeding import Rng
from tests.test_content_check import COUNTRIES

TEXTS = dict.fromkeys(("text", "breach", "explain", "remedy", "inspiration"), "x")
TRANSPORT = ("a city bus in Izmir", "the bus station in Ankara", "a train to Konya", "a trainer's van")


@pytest.mark.parametrize(
    ("venues", "places"),
    [
        ((), TRANSPORT),
        (("bus",), TRANSPORT[:2]),
        (("city bus", "train"), (TRANSPORT[0], TRANSPORT[2])),
        (("Train",), (TRANSPORT[2],)),
        (("tram",), TRANSPORT),
    ],
)
def test_a_norm_is_played_at_the_places_that_suit_it(
    catalogue: CultureCatalogue, venues: tuple[str, ...], places: tuple[str, ...]
) -> None:
    culture = catalogue.culture("turkey").model_copy(update={"settings": {"transport": TRANSPORT}})
    norm = Norm.model_validate(
        {
            "id": "x",
            "scope": "turkey",
            "situation": "x",
            "place": "transport",
            "venues": venues,
            "relationship": "friend",
            **TEXTS,
        }
    )
    assert places_for(norm, culture) == places


@pytest.mark.parametrize("culture", COUNTRIES)
def test_a_stall_for_anything_is_in_no_market_of_one_trade(catalogue: CultureCatalogue, culture: str) -> None:
    """Nobody has sold fruit in a fish market, or at a yard sale, for half her life."""
    markets = catalogue.culture(culture).settings["market"]
    chosen = {nearest("a covered market", markets, Rng(number)) for number in range(20)}
    assert [place for place in chosen if re.search(r"\b(?:fish|flowers?|birds?|flea|sale|antiques)\b", place)] == []
