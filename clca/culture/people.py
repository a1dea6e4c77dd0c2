"""Names for people of a culture."""

from __future__ import annotations

from clca.records import Culture
from clca.seeding import chooser


def pick_names(culture: Culture, count: int, seed: int, scenario: str) -> tuple[tuple[str, str], ...]:
    """`count` pairs (gender, full name) for a scenario, female and male in turn, with distinct names.

    The names follow from `seed`, the run's, the culture and the scenario's id.
    """
    random = chooser(seed, "names", culture.name, scenario)
    given_names = {
        "female": random.sample(culture.names.female, (count + 1) // 2),
        "male": random.sample(culture.names.male, count // 2),
    }
    family = random.sample(culture.names.family, count)
    picked = []
    for index in range(count):
        gender = "male" if index % 2 else "female"
        picked.append((gender, full_name(culture, given_names[gender][index // 2], family[index])))
    return tuple(picked)


def full_name(culture: Culture, given: str, family: str) -> str:
    """The given and family name in the culture's order."""
    return f"{family} {given}" if culture.names.order == "family-first" else f"{given} {family}"
