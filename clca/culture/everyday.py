"""Things of everyday life by key: those of a culture's lexicon, its prices by kind, and its days.

The keys are those that a seed's `localise` names, and the placeholders of the rehearsal's lines: `drink`,
`price_rent`, `family_day`.
"""

from __future__ import annotations

from clca.culture.profile import PRICES, THINGS
from clca.records import Culture
from clca.seeding import Rng

DAYS = ["work_day", "last_work_day", "rest_day", "family_day"]
"""A working day before the last one, the last one before the rest, a day of rest that is not the family's, and the day
on which families meet."""
KEYS = [*THINGS, *DAYS, *(f"price_{kind}" for kind in PRICES)]


def things(culture: Culture, key: str) -> tuple[str, ...]:
    """The things of a key in a culture, in the order of its profile; empty for an unknown key."""
    if key in DAYS:
        return _days(culture)[key]
    if key.startswith("price_"):
        return culture.prices.get(key.removeprefix("price_"), ())
    return culture.lexicon.get(key, ())


def lexicon(culture: Culture, scenario_id: str) -> dict[str, str]:
    """A value per placeholder for this scenario in this culture, the same in every dialogue.

    All prices are of one level, so that an offer stays below the asking price.
    """
    values: dict[str, str] = {}
    for key in dict.fromkeys((*culture.lexicon, *KEYS)):
        items = things(culture, key)
        if items:
            topic = "price" if key.startswith("price_") else key
            values[key] = items[int(Rng(culture.id, scenario_id, topic).uniform() * len(items))]
    values["city"] = Rng(culture.id, scenario_id, "city").choice(culture.cities) if culture.cities else "the city"
    return values


def _days(culture: Culture) -> dict[str, tuple[str, ...]]:
    week = culture.week
    return {
        "work_day": week.working[:-1],
        "last_work_day": week.working[-1:],
        "rest_day": tuple(day for day in week.rest if day != week.family) or (week.family,),
        "family_day": (week.family,),
    }
