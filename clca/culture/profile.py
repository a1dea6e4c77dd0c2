"""Culture profiles: the files in `personas/cultures/`."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.culture.address import address_fault
from clca.culture.gestures import gesture_fault
from clca.errors import ContentError
from clca.records import Address, Company, Courtesy, Gestures, Names, Reader, School, Slug, Week
from clca.words import beginning

FOLDER = "personas/cultures"

PLACES = [
    "cafe",
    "bar",
    "restaurant",
    "home",
    "apartment_building",
    "street",
    "market",
    "shop",
    "office",
    "workshop",
    "school",
    "university",
    "clinic",
    "transport",
    "park",
    "worship",
    "festival",
    "government_office",
    "sports",
    "hotel",
    "library",
    "countryside",
]
THINGS = [
    "drink",
    "meal",
    "snack",
    "gift",
    "sport",
    "holiday",
    "transport",
]
PRICES = ["collection", "goods", "goods_less", "repair", "repair_less", "rent", "rent_less", "loan"]
"""Prices by kind: a share of a present for a colleague, something second-hand, a small repair, a month in a room, and
what a friend lends. A kind in `_less` holds the offers below the asking prices of its kind, one for each."""

SCHOOL = "school"
LONGEST_NAME = 39  # characters of a given or family name
NonEmpty = Annotated[tuple[str, ...], Field(min_length=1)]


class _Base(BaseModel):
    """What all profiles have. `name_in_text` is the name within a sentence, where it differs: the United States."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    name: str
    name_in_text: str | None = None
    language: str
    language_code: Annotated[str, Field(pattern="^[a-z]{3}$")]
    aliases: tuple[str, ...] = ()


class Country(_Base):
    """A country: names, forms of address, manners, places and things. Its scores are in the tables under its `id`.

    `sources` says what its parts rest on, `read_by` which people of the culture have read it.
    """

    kind: Literal["country"]
    iso2: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    iso3: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    names: Names
    address: Address
    courtesy: Courtesy
    gestures: Gestures
    customs: NonEmpty
    cities: NonEmpty
    settings: dict[str, NonEmpty]
    lexicon: dict[str, NonEmpty]
    prices: dict[str, NonEmpty]
    week: Week
    schools: Annotated[tuple[School, ...], Field(min_length=1)]
    company: Company

    sources: tuple[str, ...] = ()
    read_by: tuple[Reader, ...] = ()

    @property
    def places(self) -> dict[str, tuple[str, ...]]:
        """The places of all kinds, schools included."""
        return {**self.settings, SCHOOL: tuple(school.place for school in self.schools)}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if SCHOOL in self.settings:
            raise ValueError(f"settings: {SCHOOL} belongs to schools, each with place, ages and pupils")
        for kind in PLACES:
            if kind not in self.places:
                raise ValueError(f"settings: missing key {kind}")
        for thing in THINGS:
            if thing not in self.lexicon:
                raise ValueError(f"lexicon: missing key {thing}")
        for kind in PRICES:
            if kind not in self.prices:
                raise ValueError(f"prices: missing key {kind}")
            if len(self.prices[kind]) != len(self.prices[PRICES[0]]):
                raise ValueError(f"prices.{kind}: needs as many prices as {PRICES[0]}")
        for part, kinds in (("settings", self.places), ("lexicon", self.lexicon), ("prices", self.prices)):
            for kind, phrases in kinds.items():
                if any(brace in phrase for phrase in phrases for brace in "{}"):
                    raise ValueError(f"{part}.{kind}: braces are not allowed, nothing is filled in here")
        if fault := _name_fault(self.names) or address_fault(self.address, _communities(self.names)):
            raise ValueError(fault)
        for kind in Gestures.model_fields:
            for gesture in getattr(self.gestures, kind):
                if fault := gesture_fault(gesture):
                    raise ValueError(f"gestures.{kind}: {fault}")
        return self


def _communities(names: Names) -> frozenset[str]:
    return frozenset(community.name for community in names.communities)


def _is_name(name: str) -> bool:
    """Whether a name, or both its forms, can be half of a person's name (`clca.records.PersonName`)."""
    forms = name.split("/")
    return all(form.strip() and len(form) <= LONGEST_NAME and form.isprintable() and ":" not in form for form in forms)


def _name_fault(names: Names) -> str | None:
    """What is wrong with the names of a profile, or None."""
    for number, community in enumerate(names.communities):
        key = f"names.communities.{number}"
        years = [part.born_until for part in community.generations]
        inner = [year for year in years[:-1] if year is not None]
        if not years or years[-1] is not None or len(inner) != len(years) - 1 or inner != sorted(set(inner)):
            return f"{key}.generations: years must rise, and only the last generation has no `born_until`"
        if not 0 < community.share < math.inf:
            return f"{key}.share: {community.share:g} is no share above 0"
        lists = {"family": community.family, "second_female": community.second_female}
        for index, part in enumerate(community.generations):
            lists |= {f"generations.{index}.female": part.female, f"generations.{index}.male": part.male}
        for name, pairs in lists.items():
            listed = [pair[0] for pair in pairs]
            if not listed and name != "second_female":
                return f"{key}.{name}: no name"
            if wrong := next((given for given in listed if not _is_name(given)), None):
                return f"{key}.{name}: {beginning(wrong, 60)!r} is no name: a line of up to {LONGEST_NAME} characters"
            if duplicate := next((given for given, count in Counter(listed).items() if count > 1), None):
                return f"{key}.{name}: duplicate {duplicate}"
    for key in ("female", "male", "family"):
        if len(getattr(names, key)) < 40:
            return f"names: {len(getattr(names, key))} distinct {key} names, at least 40 are needed"
    if both := set(names.female) & set(names.male):
        return f"names: {min(both)} is a name of women and of men; give it to one of them"
    return None


class Language(_Base):
    """A linguistic culture of several countries; each scenario is played in one of `members`.

    Its scores are the members' mean, or those of the regional row `hofstede_proxy`.
    """

    kind: Literal["language"]
    members: Annotated[tuple[Slug, ...], Field(min_length=2)]
    hofstede_proxy: str | None = None


Profile = Country | Language


class _Kind(BaseModel):
    kind: Literal["country", "language"]


def read_profile(content: Content, path: str, *, note: bool = True) -> Profile:
    """The profile in a content file; `note` records the file as used. Raises `ContentError`."""
    shown = content.shown(path)
    profile = _parsed(shown, content.text(path, note=note))
    if profile.id != Path(path).stem:
        raise ContentError(shown, None, f"id: {profile.id!r} must be the file's name, {Path(path).stem!r}")
    return profile


@lru_cache(maxsize=64)
def _parsed(shown: str, text: str) -> Profile:
    """The profile of a text. A profile is long, and several parts of a command read it: it is parsed once."""
    model: type[Profile] = Language if read_yaml(shown, text, _Kind).kind == "language" else Country
    return read_yaml(shown, text, model)


def unread_cultures(content: Content) -> list[str]:
    """The ids of the countries whose profiles no native reader has read. Raises `ContentError`."""
    profiles = [read_profile(content, path, note=False) for path in content.files(f"{FOLDER}/*.yaml")]
    return [profile.id for profile in profiles if isinstance(profile, Country) and not profile.read_by]
