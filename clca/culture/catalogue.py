"""The cultures in `personas/cultures/`, found by id, name, ISO code or alias."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from clca.content.lookup import Content
from clca.content.parsing import suggestion, yaml_line
from clca.culture.descriptors import Bands, load_bands, score_descriptors
from clca.culture.profile import FOLDER, Country, Language, Profile, read_profile
from clca.culture.scores import Scores, mean_hofstede, mean_position
from clca.errors import ContentError, NotFoundError
from clca.records import Culture, Hofstede, MapPosition, Norm, Scenario, Seed
from clca.seeding import derive

AND = "+"
"""Between the ids of two cultures that meet, that of the place first."""


@dataclass(frozen=True, slots=True)
class _Scores:
    """A culture's scores and map position, each with a note on its source."""

    scores: Hofstede
    scores_note: str
    position: MapPosition
    position_note: str


class CultureCatalogue:
    """The cultures of the content. A profile that is read only for its names is not recorded as used."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._profiles: dict[str, Profile] = {}
        self._built: dict[str, Culture] = {}

    def ids(self) -> list[str]:
        """The ids of all cultures: countries first, then languages."""
        profiles = [self._profile(Path(path).stem) for path in self._content.files(f"{FOLDER}/*.yaml")]
        return [profile.id for profile in sorted(profiles, key=lambda profile: (profile.kind, profile.id))]

    def aliases(self, culture: str) -> tuple[str, ...]:
        """The names and codes of a culture, besides its id: its name, ISO codes, language code and aliases."""
        profile = self._profile(culture)
        codes = (profile.iso3, profile.iso2) if isinstance(profile, Country) else ()
        return (profile.name, *codes, profile.language_code, *profile.aliases)

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of each culture by its id, as screens, tables and figures show it."""
        return {culture: self.aliases(culture)[0] for culture in self.ids()}

    def find(self, name: str) -> str:
        """The id of a culture by its id, name, ISO code, language or an alias, in any case.

        An ISO 639-3 code or a name that two cultures share refers to the one that lists it as an alias (English to
        the United States, as in the S2N paper). Raises `NotFoundError` for an unknown or ambiguous name.
        """
        wanted = plain_name(name)
        if f"{FOLDER}/{wanted}.yaml" in self._content.files(f"{FOLDER}/*.yaml"):
            return wanted
        profiles = [self._profile(culture) for culture in self.ids()]
        for names_of in (_names, lambda profile: [profile.language_code], lambda profile: [profile.language]):
            matches = [profile.id for profile in profiles if wanted in map(plain_name, names_of(profile))]
            if len(matches) == 1:
                return matches[0]
            if matches:
                raise NotFoundError(f"culture {name!r} is ambiguous: give {' or '.join(matches)}")
        names = {plain_name(known) for profile in profiles for known in (*_names(profile), profile.language_code)}
        hint = suggestion(wanted, names)
        raise NotFoundError(f"unknown culture {name!r}{hint} (clca cultures list shows all {len(profiles)})")

    def find_meeting(self, name: str) -> str:
        """The culture of a run: one as `find` finds it, or `japan+mexico` by any two names with a plus.

        Raises `NotFoundError` as `find` does.
        """
        return AND.join(map(self.find, name.split(AND, maxsplit=1)))

    def culture(self, culture: str) -> Culture:
        """The record of a culture; a language has the names, places and manners of its first member.

        Raises `ContentError` if its profile or its scores are broken.
        """
        profile = self._profile(culture, note=True)
        if isinstance(profile, Language):
            return self._spoken_in(profile, profile.members[0])
        if culture not in self._built:
            self._built[culture] = self._build(profile, profile, self._score(profile))
        return self._built[culture]

    def for_scenario(self, culture: str, scenario: str, seed: int, source: Scenario | Norm | None = None) -> Culture:
        """The culture in which a scenario is played: the culture itself, or for a language one of its members.

        Of two, `japan+mexico`, it is the first, with the second as its guest. The member follows from `seed`,
        the run's, and `scenario`, an id. It is one of those where `source`, the norm that the scenario is
        written from, holds, if it holds in any, and the one that a seed is of alone. A member has its own
        scores there, unless the language has a proxy because they are missing.
        """
        place, _, guest = culture.partition(AND)
        if guest:
            host = self.for_scenario(place, scenario, seed, source)
            return self.with_guest(host, self.for_scenario(guest, scenario, seed))
        profile = self._profile(culture, note=True)
        if isinstance(profile, Country):
            return self.culture(culture)
        members = [member for member in profile.members if _is_of(source, member)] or profile.members
        member = members[derive(seed, "member", culture, scenario) % len(members)]
        return self._spoken_in(profile, member, own_scores=profile.hofstede_proxy is None)

    def with_guest(self, culture: Culture, guest: Culture) -> Culture:
        """The culture of a place and of a first participant, with that of the second."""
        key = f"{id(culture)}+{id(guest)}"  # both are kept here
        if key not in self._built:
            self._built[key] = culture.model_copy(update={"guest": guest})
        return self._built[key]

    @cached_property
    def scores(self) -> Scores:
        """The published score tables."""
        return Scores(self._content)

    @cached_property
    def _bands(self) -> Bands:
        return load_bands(self._content)

    def _profile(self, culture: str, *, note: bool = False) -> Profile:
        path = f"{FOLDER}/{culture}.yaml"
        if culture not in self._profiles:
            self._profiles[culture] = read_profile(self._content, path, note=note)
        elif note and path not in self._content.used:
            self._content.text(path)  # so far read for its names only
        return self._profiles[culture]

    def _score(self, profile: Profile) -> _Scores:
        if isinstance(profile, Country):
            return _Scores(*self.scores.hofstede(profile.id), *self.scores.position(profile.id))
        members = [self._score(self._member(profile, member)) for member in profile.members]
        mean = f"mean over {', '.join(profile.members)}"
        position = mean_position([member.position for member in members])
        if profile.hofstede_proxy:
            scores, note = self.scores.proxy(profile.hofstede_proxy)
            return _Scores(scores, note, position, f"EVS/WVS Cultural Map 2023, {mean}")
        return _Scores(
            mean_hofstede([member.scores for member in members]),
            f"Hofstede dimension data matrix, 2015-08-16, {mean}",
            position,
            f"EVS/WVS Cultural Map 2023, {mean}",
        )

    def _member(self, profile: Language, member: str) -> Country:
        known = [Path(path).stem for path in self._content.files(f"{FOLDER}/*.yaml")]
        country = self._profile(member, note=True) if member in known else None
        if not isinstance(country, Country):
            path = f"{FOLDER}/{profile.id}.yaml"
            line = yaml_line(self._content.text(path), ("members",))
            hint = "" if country else suggestion(member, known)
            raise ContentError(self._content.shown(path), line, f"members: {member} is not a country{hint}")
        return country

    def _spoken_in(self, profile: Language, member: str, *, own_scores: bool = False) -> Culture:
        key = f"{profile.id}/{member}/{own_scores}"
        if key not in self._built:
            country = self._member(profile, member)
            self._built[key] = self._build(profile, country, self._score(country if own_scores else profile))
        return self._built[key]

    def _build(self, profile: Profile, country: Country, scores: _Scores) -> Culture:
        suffix = "" if profile is country else f" ({profile.name})"
        return Culture(
            id=profile.id,
            name=f"{country.name}{suffix}",
            name_in_text=f"{country.name_in_text or country.name}{suffix}",
            kind=profile.kind,
            members=profile.members if isinstance(profile, Language) else (),
            language=profile.language,
            scores=scores.scores,
            scores_note=scores.scores_note,
            position=scores.position,
            position_note=scores.position_note,
            descriptors=score_descriptors(self._bands, scores.scores, scores.position),
            names=country.names,
            address=country.address,
            courtesy=country.courtesy,
            gestures=country.gestures,
            customs=country.customs,
            cities=country.cities,
            settings=country.places,
            lexicon=country.lexicon,
            prices=country.prices,
            week=country.week,
            schools=country.schools,
            company=country.company,
            sources=country.sources,
            read_by=country.read_by,
        )


def _is_of(source: Scenario | Norm | None, culture: str) -> bool:
    if isinstance(source, Norm):
        return source.holds_in(culture)
    return not isinstance(source, Seed) or source.culture in ("", culture)


def _names(profile: Profile) -> list[str]:
    codes = [profile.iso3, profile.iso2] if isinstance(profile, Country) else []
    return [profile.id, profile.name, *codes, *profile.aliases]


def is_of_two(culture: str) -> bool:
    """Whether that is the name of two cultures that meet, as in `japan+mexico`."""
    return AND in culture


def plain_name(name: str) -> str:
    """A name as it is compared: small letters, words joined by underscores."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split()).replace(" ", "_")
