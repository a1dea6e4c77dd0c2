"""Culture profiles: the files in `personas/cultures/`."""

from __future__ import annotations

from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.errors import ContentError
from clca.records import Address, Company, Courtesy, Gestures, Names, School, Slug, Week
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
NonEmpty = Annotated[tuple[str, ...], Field(min_length=1)]


class _Base(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    name: str
    language: str
    language_code: Annotated[str, Field(pattern="^[a-z]{3}$")]
    aliases: tuple[str, ...] = ()


class Country(_Base):
    """A country: names, forms of address, manners, places and things. Its scores are in the tables under its `id`."""

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
        for key in ("female", "male", "family"):
            names = getattr(self.names, key)
            if len(set(names)) < 40:
                raise ValueError(f"names.{key}: {len(set(names))} distinct names, at least 40 are needed")
            if len(set(names)) < len(names):
                duplicate = next(name for name in names if names.count(name) > 1)
                raise ValueError(f"names.{key}: duplicate {duplicate}")
        for level in Address.model_fields:
            if set(getattr(self.address, level)) != {"female", "male", "other"}:
                raise ValueError(f"address.{level}: needs female, male and other")
            for form in getattr(self.address, level).values():
                if not _is_form(form):
                    fault = f"{beginning(form, 60)!r} may use only {{given}} and {{family}}, each once"
                    raise ValueError(f"address.{level}: {fault}")
        return self


def _is_form(text: str) -> bool:
    """Whether a form of address holds no placeholder but plain ones of the two names, each once at most."""
    try:
        parts = [part[1:] for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        return False
    plain = [("given", "", None), ("family", "", None)]
    return len(set(parts)) == len(parts) and all(part in plain for part in parts)


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
    text, shown = content.text(path, note=note), content.shown(path)
    model: type[Profile] = Language if read_yaml(shown, text, _Kind).kind == "language" else Country
    profile = read_yaml(shown, text, model)
    if profile.id != Path(path).stem:
        raise ContentError(shown, None, f"id: {profile.id!r} must be the file's name, {Path(path).stem!r}")
    return profile
