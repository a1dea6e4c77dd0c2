"""Names of people of a culture: assigned, joined and taken apart."""

from __future__ import annotations

import re

from clca.records import Community, Culture, Gender, Generation, Participant, Relationship
from clca.records.names import Weighted
from clca.seeding import Rng

YEAR = 2025
"""The year in which everybody has the age that a scenario gives."""
_TITLES = re.compile(r"^(mr|mrs|ms|miss|dr|prof)\.?\s+", re.I)


def assign_names(
    culture: Culture,
    genders: tuple[Gender, Gender],
    seed: int,
    scenario: str,
    *,
    ages: tuple[int | None, int | None] = (None, None),
    avoid: frozenset[str] = frozenset(),
    one_family: bool = False,
    one_community: bool = False,
) -> tuple[str, str]:
    """Two full names of the culture for the people of a scenario, by gender and age, drawn by their weights.

    An age that is not known yet is drawn from 20 to 69.

    They share no name, unless `one_family` gives both the same family name, and no word with `avoid`, as long as
    the culture has others. Both names of a person are of one community; with `one_family` or `one_community` the
    two are of the same. Of two cultures the first is given names of the one, the second of the other. The names
    follow from `seed`, the run's, the culture and the scenario's id.
    """
    if culture.guest is not None:  # they are of two families
        host = culture.model_copy(update={"guest": None})
        name, _ = assign_names(host, genders, seed, scenario, ages=ages, avoid=avoid)
        avoid |= name_words(name)
        return name, assign_names(culture.guest, genders, seed, scenario, ages=ages, avoid=avoid)[1]
    rng = Rng(seed, "names", culture.id, scenario)
    first = _community(culture, rng)
    second = first if one_family or one_community else _community(culture, rng)
    taken: set[str] = set()

    def draw(*lists: Weighted) -> str:
        """A name of the first list that has one which is free; if none has, any of the last."""
        for wanted in (taken | avoid, taken):
            for names in lists:
                if free := {name: weight for name, weight in names if not wanted & name_words(name)}:
                    name = rng.weighted_choice(free)
                    taken.update(name_words(name))
                    return name
        return rng.weighted_choice(dict(lists[-1]))

    years = [20 + int(50 * rng.uniform()) if age is None else age for age in ages]
    everybody = [part for community in culture.names.communities for part in community.generations]
    given = []
    for community, gender, age in zip((first, second), genders, years, strict=True):
        parts = (generation_of(community, age), *community.generations, *everybody)
        given.append(draw(*(_of_gender(part, gender) for part in parts)))
    families = [draw(*_second_names(culture, first, genders[0]))]
    if one_family and not first.second_female:
        families.append(families[0])
    else:
        families.append(draw(*_second_names(culture, second, genders[1])))
    names = [
        full_name(culture, name, family.split("/")[-1 if gender == "female" else 0])
        for name, family, gender in zip(given, families, genders, strict=True)
    ]
    return names[0], names[1]


def _community(culture: Culture, rng: Rng) -> Community:
    communities = culture.names.communities
    return communities[rng.weighted_choice({index: part.share for index, part in enumerate(communities)})]


def generation_of(community: Community, age: int) -> Generation:
    """The generation of the people of that age in `YEAR`."""
    born = YEAR - age
    return next(part for part in community.generations if part.born_until is None or born <= part.born_until)


def _of_gender(generation: Generation, gender: Gender) -> Weighted:
    if gender == "other":
        return generation.female + generation.male
    return generation.female if gender == "female" else generation.male


def _second_names(culture: Culture, community: Community, gender: Gender) -> list[Weighted]:
    """The names that come with a given name: of the community, and of all others in case that these are taken."""
    own = community.second_female if gender == "female" and community.second_female else community.family
    return [own, community.family, *(other.family for other in culture.names.communities)]


def share_family(culture: Culture, first: Participant, second: Participant, relationship: Relationship) -> bool:
    """Whether two relatives, or a couple, can have one family name.

    Where spouses keep their own, couples have two names, and so have a woman and somebody a generation younger: their
    mother's or grandmother's name is not theirs.
    """
    if culture.names.spouses == "shared" or relationship not in ("partner", "family"):
        return True
    older, younger = sorted((first, second), key=lambda person: -person.age)
    return relationship == "family" and not (older.gender == "female" and older.age - younger.age >= 16)


def usual_ages(name: str, gender: Gender, culture: Culture) -> tuple[int, int]:
    """The ages, 18 to 80 at most, of people whose generation has the given name of a full name."""
    given = split_name(name, culture)[0]
    ages: set[int] = set()
    for community in culture.names.communities:
        youngest = 18
        for part in reversed(community.generations):
            oldest = 80
            index = community.generations.index(part)
            if index:
                earlier = community.generations[index - 1].born_until
                oldest = YEAR - earlier - 1 if earlier is not None else 80
            if given in dict(_of_gender(part, gender)) and youngest <= oldest:
                ages |= {youngest, oldest}
            youngest = max(18, oldest + 1)
    return (min(ages), max(ages)) if ages else (18, 80)


def community_of(name: str, gender: Gender, culture: Culture) -> str:
    """The community of a full name: the first that has both its names, else one of them, else the first of all."""
    given, family = split_name(name, culture)
    communities = culture.names.communities
    with_both = (part for part in communities if given in part.given and family in part.families)
    with_one = (part for part in communities if given in part.given or family in part.families)
    return next(with_both, next(with_one, communities[0])).name


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
