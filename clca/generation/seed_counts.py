"""Counts of the seed scenarios: by relationship, situation, power, opener, gender and age, for each culture.

Power is who asks whom: the one of higher standing the other, the other way round, or neither stands higher. Ages are
those of both participants in years.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import get_args

from pydantic import Field

from clca.content.lookup import Content
from clca.generation.scenarios import OWN, SEEDS, read_seeds
from clca.records import Gender, Record, Relationship, Seed

ANY, ALL = "(any)", "(all)"
POWERS = ("superior asks", "subordinate asks", "neither is superior", "not said")
OPENERS = ("who asks", "who is asked")
AGES = {"under 18": 0, "18-39": 18, "40-59": 40, "60 and over": 60}
"""The bands of ages, by the least age of each."""


class SeedCount(Record):
    """The seeds of one culture, or of none in particular, counted by their properties."""

    culture: str = Field(description="The culture's id; (any) for seeds of no culture, (all) for the sum.")
    seeds: int
    relationship: dict[str, int]
    power: dict[str, int]
    opener: dict[str, int] = Field(description="Which of the two takes the first turn.")
    gender: dict[str, int] = Field(description="Participants, two a seed.")
    age: dict[str, int] = Field(description="Participants, two a seed.")
    situation: dict[str, int] = Field(description="Only those that occur, the most frequent first.")

    @classmethod
    def of(cls, culture: str, seeds: Iterable[Seed]) -> SeedCount:
        """Count some seeds."""
        seeds = list(seeds)
        people = [person for seed in seeds for person in seed.participants]
        situations = Counter(seed.situation or "not said" for seed in seeds)
        return cls(
            culture=culture,
            seeds=len(seeds),
            relationship=_counts(get_args(Relationship), (seed.relationship for seed in seeds)),
            power=_counts(POWERS, map(power, seeds)),
            opener=_counts(OPENERS, (OPENERS[seed.opens != seed.asks] for seed in seeds)),
            gender=_counts(get_args(Gender), (person.gender for person in people)),
            age=_counts(AGES, (age_band(person.age) for person in people)),
            situation=dict(sorted(situations.items(), key=lambda item: (-item[1], item[0]))),
        )


def count_seeds(content: Content) -> list[SeedCount]:
    """The counts of the seeds of no culture, of each culture that has any of its own, and of all together.

    Raises `ContentError` for a broken or duplicate seed.
    """
    seeds = read_seeds(content, (SEEDS, OWN))
    cultures = ["", *sorted({seed.culture for seed in seeds} - {""})]
    each = [SeedCount.of(name or ANY, (seed for seed in seeds if seed.culture == name)) for name in cultures]
    return [*each, SeedCount.of(ALL, seeds)]


def markdown(counts: list[SeedCount]) -> str:
    """The counts as tables in Markdown: one each for relationships, power and opener, gender and age, situations."""
    situations = {row.culture: row.situation for row in counts}
    names = list(situations[ALL])
    tables = [
        _table(counts, ("seeds", {row.culture: row.seeds for row in counts}), ["relationship"]),
        _table(counts, None, ["power", "opener"]),
        _table(counts, None, ["gender", "age"]),
        "\n".join(
            ["| situation | seeds |", "|---|---:|", *(f"| {name} | {situations[ALL][name]} |" for name in names)]
        ),
    ]
    return "\n\n".join(tables)


def power(seed: Seed) -> str:
    """Who asks whom in a seed, one of `POWERS`."""
    if seed.superior == "neither":
        return POWERS[2]
    if not seed.superior:
        return POWERS[3]
    return POWERS[seed.superior != seed.asks]


def _table(counts: list[SeedCount], first: tuple[str, Mapping[str, int]] | None, groups: list[str]) -> str:
    """A table of one line for each culture; of the columns in `groups` those where every line is 0 are left out."""
    columns: list[tuple[str, Mapping[str, int]]] = [first] if first else []
    for group in groups:
        for name in getattr(counts[-1], group):
            if getattr(counts[-1], group)[name]:
                title = {"who asks": "who asks opens", "who is asked": "who is asked opens"}.get(name, name)
                columns.append((title, {row.culture: getattr(row, group)[name] for row in counts}))
    head = f"| culture | {' | '.join(title for title, _ in columns)} |"
    lines = [f"| {row.culture} | {' | '.join(str(cells[row.culture]) for _, cells in columns)} |" for row in counts]
    return "\n".join([head, f"|---|{'---:|' * len(columns)}", *lines])


def _counts(names: Iterable[str], values: Iterable[str]) -> dict[str, int]:
    counted = Counter(values)
    return {name: counted[name] for name in names}


def age_band(age: int) -> str:
    """The band of an age in years, one of `AGES`."""
    return [name for name, least in AGES.items() if age >= least][-1]
