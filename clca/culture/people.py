"""Names of people of a culture: assigned, joined, taken apart, and as forms of address."""

from __future__ import annotations

import re

from clca.records import Culture, Gender, Participant
from clca.seeding import Rng

_TITLES = re.compile(r"^(mr|mrs|ms|miss|dr|prof)\.?\s+", re.I)


def assign_names(
    culture: Culture,
    genders: tuple[Gender, Gender],
    seed: int,
    scenario: str,
    *,
    avoid: frozenset[str] = frozenset(),
    one_family: bool = False,
) -> tuple[str, str]:
    """Two full names of the culture for the people of a scenario, by gender.

    They share no name, unless `one_family` gives both the same family name, and no word with `avoid`, as long as the
    culture has others. The names follow from `seed`, the run's, the culture and the scenario's id.
    """
    rng = Rng(seed, "names", culture.id, scenario)
    lists = {"female": culture.names.female, "male": culture.names.male}
    taken: set[str] = set()

    def draw(names: tuple[str, ...]) -> str:
        free = [name for name in names if not taken & name_words(name)]
        name = rng.choice([name for name in free if not avoid & name_words(name)] or free or names)
        taken.update(name_words(name))
        return name

    given = [draw(lists.get(gender) or culture.names.female + culture.names.male) for gender in genders]
    family = draw(culture.names.family)
    families = (family, family if one_family else draw(culture.names.family))
    return full_name(culture, given[0], families[0]), full_name(culture, given[1], families[1])


def full_name(culture: Culture, given: str, family: str) -> str:
    """The given and family name in the culture's order."""
    return f"{family} {given}" if culture.names.order == "family-first" else f"{given} {family}"


def split_name(full: str, culture: Culture) -> tuple[str, str]:
    """(given, family) of a full name as the culture writes it; family may be empty."""
    name = _TITLES.sub("", full.strip())
    words = name.split()
    if len(words) < 2:
        return name, ""
    if culture.names.order == "family-first":
        for family in culture.names.family:
            if name.startswith(family + " "):
                return name[len(family) + 1 :], family
        return " ".join(words[1:]), words[0]
    for family in culture.names.family:
        if " " in family and name.endswith(" " + family):
            return name[: -len(family) - 1], family
    for given in culture.names.female + culture.names.male:
        if " " in given and name.startswith(given + " "):
            return given, name[len(given) + 1 :]
    return words[0], " ".join(words[1:])


def name_words(name: str) -> set[str]:
    """The words of a name by which its bearer can be known: not a title, and not the *de* of *de Jong*."""
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", _TITLES.sub("", name.strip()))
    return {word for word in words if len(word) > 1 and not word.islower()}


def split_seed_name(full: str) -> tuple[str, str]:
    """(given, family) of a name as seeds write it: given name first, titles left out."""
    words = _TITLES.sub("", full.strip()).split()
    return (words[0], " ".join(words[1:])) if words else ("", "")


def fill_address(form: str, person: Participant, culture: Culture) -> str:
    """An address form filled with a person's names."""
    given, family = split_name(person.name, culture)
    return form.replace("{given}", given).replace("{family}", family or given)
