"""Names for people of a culture."""

from __future__ import annotations

from clca.records import Culture
from clca.seeding import chooser


def pick_names(culture: Culture, count: int, seed: int, scenario: str) -> tuple[tuple[str, str], ...]:
    """`count` distinct (gender, full name), women and men in turn, for one scenario of a run."""
    random = chooser(seed, "names", culture.name, scenario)
    given = {
        "female": random.sample(culture.names.female, (count + 1) // 2),
        "male": random.sample(culture.names.male, count // 2),
    }
    family = random.sample(culture.names.family, count)
    picked = []
    for index in range(count):
        gender = "male" if index % 2 else "female"
        picked.append((gender, full_name(culture, given[gender][index // 2], family[index])))
    return tuple(picked)


def full_name(culture: Culture, given: str, family: str) -> str:
    return f"{family} {given}" if culture.names.order == "family-first" else f"{given} {family}"
