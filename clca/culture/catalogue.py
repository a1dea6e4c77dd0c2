"""All cultures that the content holds, found by id, name, ISO code or alias."""

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
from clca.records import Culture, Hofstede, MapPosition
from clca.seeding import derive


@dataclass(frozen=True, slots=True)
class _Scored:
    scores: Hofstede
    scores_note: str
    position: MapPosition
    position_note: str


class CultureCatalogue:
    """Cultures by name. Files that only served to find a name are not noted as used."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._profiles: dict[str, Profile] = {}
        self._built: dict[str, Culture] = {}

    def ids(self) -> list[str]:
        """The ids of all cultures: countries first, then languages."""
        every = [self._profile(Path(path).stem) for path in self._content.files(f"{FOLDER}/*.yaml")]
        return [profile.id for profile in sorted(every, key=lambda one: (one.kind, one.id))]

    def aliases(self, culture: str) -> tuple[str, ...]:
        """Everything `find` knows a culture by, besides its id."""
        profile = self._profile(culture)
        codes = (profile.iso3, profile.iso2) if isinstance(profile, Country) else ()
        return (profile.name, *codes, profile.language_code, *profile.aliases)

    def find(self, name: str) -> str:
        """The id of a culture, given by id, name, country, ISO code or alias in any case.

        An ISO 639-3 code or a name that two cultures share goes to the one that lists it as an
        alias (English to the United States, as in the S2N paper).
        """
        wanted = _plain(name)
        if f"{FOLDER}/{wanted}.yaml" in self._content.files(f"{FOLDER}/*.yaml"):
            return wanted
        profiles = [self._profile(culture) for culture in self.ids()]
        for known in (_first_names, lambda one: [one.language_code], lambda one: [one.language]):
            found = [one.id for one in profiles if wanted in map(_plain, known(one))]
            if len(found) == 1:
                return found[0]
            if found:
                raise NotFoundError(f"culture {name!r} could be {' or '.join(found)}: say which")
        names = {_plain(alias): one.id for one in profiles for alias in (one.id, *_first_names(one), one.language_code)}
        hint = suggestion(wanted, names)
        raise NotFoundError(f"unknown culture {name!r}{hint} (clca cultures list shows all {len(profiles)})")

    def culture(self, culture: str) -> Culture:
        """The record of a country, or of a language with its first member's everyday material."""
        profile = self._profile(culture, note=True)
        if isinstance(profile, Language):
            return self._spoken_in(profile, profile.members[0])
        if culture not in self._built:
            self._built[culture] = self._build(profile, profile, self._score(profile))
        return self._built[culture]

    def for_scenario(self, culture: str, scenario: str, seed: int, scope: str | None = None) -> Culture:
        """The culture a scenario is played in: itself, or for a language one of its members.

        `seed` is the run's, `scope` that of the norm the scenario is written from: a member's own norm is played there.
        """
        profile = self._profile(culture, note=True)
        if isinstance(profile, Country):
            return self.culture(culture)
        member = profile.members[derive(seed, "member", culture, scenario) % len(profile.members)]
        if scope in profile.members:
            member = scope
        return self._spoken_in(profile, member)

    @cached_property
    def scores(self) -> Scores:
        return Scores(self._content)

    @cached_property
    def _bands(self) -> Bands:
        return load_bands(self._content)

    def _profile(self, culture: str, *, note: bool = False) -> Profile:
        path = f"{FOLDER}/{culture}.yaml"
        if culture not in self._profiles:
            self._profiles[culture] = read_profile(self._content, path, note=note)
        elif note and path not in self._content.used:
            self._content.text(path)  # so far only looked at for its names
        return self._profiles[culture]

    def _score(self, profile: Profile) -> _Scored:
        if isinstance(profile, Country):
            return _Scored(*self.scores.hofstede(profile.id), *self.scores.position(profile.id))
        members = [self._score(self._member(profile, member)) for member in profile.members]
        mean = f"mean over {', '.join(profile.members)}"
        position = mean_position([one.position for one in members])
        if profile.hofstede_proxy:
            scores, note = self.scores.proxy(profile.hofstede_proxy)
            return _Scored(scores, note, position, f"EVS/WVS Cultural Map 2023, {mean}")
        return _Scored(
            mean_hofstede([one.scores for one in members]),
            f"Hofstede dimension data matrix, 2015-08-16, {mean}",
            position,
            f"EVS/WVS Cultural Map 2023, {mean}",
        )

    def _member(self, profile: Language, member: str) -> Country:
        known = [Path(path).stem for path in self._content.files(f"{FOLDER}/*.yaml")]
        found = self._profile(member, note=True) if member in known else None
        if not isinstance(found, Country):
            path = f"{FOLDER}/{profile.id}.yaml"
            line = yaml_line(self._content.text(path), ("members",))
            hint = "" if found else suggestion(member, known)
            raise ContentError(self._content.shown(path), line, f"members: {member} is not a country{hint}")
        return found

    def _spoken_in(self, profile: Language, member: str) -> Culture:
        key = f"{profile.id}/{member}"
        if key not in self._built:
            self._built[key] = self._build(profile, self._member(profile, member), self._score(profile))
        return self._built[key]

    def _build(self, profile: Profile, country: Country, scored: _Scored) -> Culture:
        name = profile.name if profile is country else f"{country.name} ({profile.name})"
        return Culture(
            id=profile.id,
            name=name,
            kind=profile.kind,
            members=profile.members if isinstance(profile, Language) else (),
            language=profile.language,
            scores=scored.scores,
            scores_note=scored.scores_note,
            position=scored.position,
            position_note=scored.position_note,
            descriptors=score_descriptors(self._bands, scored.scores, scored.position),
            names=country.names,
            address=country.address,
            courtesy=country.courtesy,
            gestures=country.gestures,
            customs=country.customs,
            cities=country.cities,
            settings=country.settings,
            lexicon=country.lexicon,
        )


def _first_names(profile: Profile) -> list[str]:
    codes = [profile.iso3, profile.iso2] if isinstance(profile, Country) else []
    return [profile.id, profile.name, *codes, *profile.aliases]


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split()).replace(" ", "_")
