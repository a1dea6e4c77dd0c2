"""The names of a culture, by community and generation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator

from clca.records.base import Record


def _weighted(value: object) -> object:
    """Names with their weights, from the weights with their names of a profile (`{3: [Yoko, Keiko], 1: [Sumi]}`)."""
    if not isinstance(value, Mapping):
        return value
    pairs: list[tuple[object, float]] = []
    for weight, names in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < 1e6:
            raise ValueError(f"{weight!r} is no weight: write numbers above 0, each with a list of names")
        if not isinstance(names, list | tuple):
            raise ValueError(f"{weight}: needs a list of names")
        pairs.extend((name, weight) for name in names)
    return tuple(pairs)


Weighted = Annotated[tuple[tuple[str, float], ...], BeforeValidator(_weighted)]
"""Names with weights: how often one is drawn against the others of its list."""


class Generation(Record):
    """Given names of the people born up to the year `born_until`; None for those born since."""

    born_until: int | None = None
    female: Weighted
    male: Weighted


class Community(Record):
    """Names that go together: those of a people, a religion or a part of a country, `share` of its inhabitants (%).

    A family name `Papadopoulos/Papadopoulou` has a form for men and one for women. Where women have second names of
    their own, as in Bangladesh, these are `second_female`. Generations stand in the order of their years.
    """

    name: str
    share: float
    family: Weighted
    second_female: Weighted = ()
    generations: tuple[Generation, ...]

    @cached_property
    def given(self) -> frozenset[str]:
        """All given names."""
        return frozenset(name for part in self.generations for name, _ in (*part.female, *part.male))

    @cached_property
    def families(self) -> frozenset[str]:
        """All family names, in both forms."""
        names = (*self.family, *self.second_female)
        return frozenset(form for name, _ in names for form in name.split("/"))


class Names(Record):
    """The names of a culture by community and generation, and the order of given and family name.

    `spouses` says whether a couple has one family name. Where each keeps their own, children have their father's.
    """

    order: Literal["given-first", "family-first"]
    spouses: Literal["shared", "own"]
    communities: tuple[Community, ...]

    @cached_property
    def female(self) -> tuple[str, ...]:
        """All given names of women, each once."""
        parts = (part for community in self.communities for part in community.generations)
        return tuple(dict.fromkeys(name for part in parts for name, _ in part.female))

    @cached_property
    def male(self) -> tuple[str, ...]:
        """All given names of men, each once."""
        parts = (part for community in self.communities for part in community.generations)
        return tuple(dict.fromkeys(name for part in parts for name, _ in part.male))

    @cached_property
    def family(self) -> tuple[str, ...]:
        """All family names, each form once."""
        pairs = (pair for community in self.communities for pair in (*community.family, *community.second_female))
        return tuple(dict.fromkeys(form for name, _ in pairs for form in name.split("/")))
