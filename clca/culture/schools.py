"""Schools: which of a culture's take the pupils of a seed, by age and gender."""

from __future__ import annotations

from collections.abc import Collection

from clca.culture.profile import SCHOOL
from clca.records import Culture, Gender, Seed

_GROWN_UP = 19  # years: somebody at a school who is younger goes to it


def schools_for(culture: Culture, genders: Collection[Gender], ages: Collection[int] = ()) -> tuple[str, ...]:
    """The places of those schools of the culture that take pupils of these genders and ages."""
    return tuple(
        school.place
        for school in culture.schools
        if all(school.ages[0] <= age <= school.ages[1] for age in ages)
        and (school.pupils == "mixed" or {*genders} <= {school.pupils})
    )


def open_schools(seed: Seed, culture: Culture) -> tuple[str, ...]:
    """The places of those schools of the culture that take the pupils of a seed.

    Pupils are its participants under 19 years, and the one whom its place names as a former pupil.
    """
    young = [person for person in seed.participants if person.age < _GROWN_UP]
    ages = [person.age for person in young]
    genders = [person.gender for person in young]
    if seed.place is not None and seed.place.pupil_age is not None:
        ages.append(seed.place.pupil_age)
    if seed.place is not None and seed.place.pupil:
        genders.append(seed.participants[seed.place.pupil == "second"].gender)
    return schools_for(culture, genders, ages)


def school_fault(seed: Seed, culture: Culture) -> str | None:
    """Why a seed that is set at a school cannot take place in the culture, or None."""
    if seed.place is None or seed.place.kind != SCHOOL or open_schools(seed, culture):
        return None
    return "no school of the culture takes its pupils"
