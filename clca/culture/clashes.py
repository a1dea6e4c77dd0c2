"""Names and codes by which two cultures could be meant: `clca content check` reports them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clca.content.lookup import Content
from clca.content.parsing import yaml_line
from clca.culture.catalogue import plain_name
from clca.culture.profile import FOLDER, Country, Profile, read_profile
from clca.errors import ContentError


def check_names(content: Content, also: Mapping[str, Sequence[str]]) -> list[ContentError]:
    """An error for each name, code or alias of a profile that is the id of another culture or one of its names.

    `also` are further names by culture, in other data sets. A language and its code may be shared by several cultures.
    Raises `ContentError` for a broken profile.
    """
    profiles = [read_profile(content, path) for path in content.files(f"{FOLDER}/*.yaml")]
    ids = {profile.id for profile in profiles}
    owners: dict[str, str] = {}
    errors = []
    for profile in profiles:
        path = f"{FOLDER}/{profile.id}.yaml"
        for keys, name in _names(profile, also.get(profile.id, ())):
            plain = plain_name(name)
            owner = plain if plain in ids else owners.setdefault(plain, profile.id)
            if owner != profile.id:
                what = "the id of a culture" if plain in ids else f"a name of {owner}"
                line = yaml_line(content.text(path, note=False), keys) if keys else None
                key = f"{keys[0]}: " if keys else ""
                errors.append(ContentError(content.shown(path), line, f"{key}{name!r} is {what}, too"))
    return errors


def _names(profile: Profile, also: Sequence[str]) -> Iterator[tuple[tuple[object, ...], str]]:
    """Each name of a culture with its place in the profile; () for those of other data sets."""
    yield ("name",), profile.name
    if isinstance(profile, Country):
        yield ("iso3",), profile.iso3
        yield ("iso2",), profile.iso2
    for index, alias in enumerate(profile.aliases):
        yield ("aliases", index), alias
    for name in also:
        yield (), name
