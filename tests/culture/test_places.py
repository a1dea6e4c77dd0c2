from __future__ import annotations

import pytest

from clca.culture import CultureCatalogue
from clca.culture.places import places_for
from clca.records import Norm

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
