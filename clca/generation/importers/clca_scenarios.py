"""Scenario files of the CLCA paper's authors: JSONL with `culture`, `setting`, `persona`, `person1` and `person2`.

A line becomes a scenario of its culture alone, played there as it is. What the format lacks is derived:

names        the two halves of `persona`, around " and "
relationship the first that a word of the setting names, else of the goals (`people`); else acquaintance: backgrounds
             tell of other people, too
gender       pronouns in the person's texts, else the culture's lists of names; else `other`, spoken of as they
age          as the background or occupation says; else by its time of life (a student is 20), else 40
id           the beginning of the digest of all texts
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from clca.generation.importers.context import ImportContext
from clca.generation.importers.outcome import Outcome, Row, RowFault, Taken, build, outcomes, text_of
from clca.generation.importers.people import GROWN_UP, age_of, gender_of, relationships_in
from clca.generation.importers.sources import Source
from clca.generation.importers.tables import json_rows
from clca.printable import one_line
from clca.records import Culture, Participant, Seed

PERSONS = ("person1", "person2")
_NO_SECRET = frozenset({"", "none", "none.", "n/a", "no secret", "no secrets", "nothing"})
_AND = re.compile(r"\s+and\s+|\s*&\s*")


def read(sources: Sequence[Source], context: ImportContext) -> Iterator[Outcome]:
    """A scenario for each line."""
    return outcomes(chain.from_iterable(map(json_rows, sources)), lambda row: _scenario(row, sources, context))


def _scenario(row: Row, sources: Sequence[Source], context: ImportContext) -> Taken:
    culture = context.culture("culture", text_of(row.values, "culture"))
    record = context.record(culture)
    names = _names(text_of(row.values, "persona"))
    derived: list[str] = []
    people = [_person(row.values, key, name, record, derived) for key, name in zip(PERSONS, names, strict=True)]
    setting = text_of(row.values, "setting")
    named = relationships_in(setting) or relationships_in(*(person.goal for person in people))
    derived.append(f"relationship: {'by words of setting or goals' if named else 'not said, acquaintance taken'}")
    path = sources[row.place.file].path
    seed = build(
        Seed,
        {
            "id": "clca-" + hashlib.sha256(repr((culture, setting, names, people)).encode()).hexdigest()[:16],
            "setting": setting,
            "relationship": named[0] if named else "acquaintance",
            "source": "file",
            "participants": people,
            "culture": culture,
            "origin": f"CLCA scenario file {one_line(path.name)}, line {row.place.line}"[:400],
            "license": context.license or "",
        },
        {"participants": "persona"},
    )
    return Taken(row.place, seed, tuple(derived), name=" and ".join(names))


def _names(persona: str) -> tuple[str, str]:
    names = _AND.split(persona)
    if len(names) != 2 or not all(names):
        raise RowFault("persona", "needs two names with 'and' between them", persona)
    return names[0], names[1]


def _person(values: Mapping[str, Any], key: str, name: str, culture: Culture, derived: list[str]) -> Participant:
    description = values.get(key)
    if not isinstance(description, dict):
        raise RowFault(
            key, "missing" if description is None else "no object with background, occupation, goal and secrets"
        )
    try:
        background, occupation, goal = (text_of(description, field) for field in ("background", "occupation", "goal"))
        secret = text_of(description, "secrets", required=False)
    except RowFault as fault:
        raise RowFault(f"{key}.{fault.field}", fault.reason, fault.detail) from None
    gender = gender_of(name, f"{background} {secret}", culture)
    age, how = age_of(f"{background} {occupation}")
    derived.append(f"gender: {'by pronouns or names' if gender else 'not said, other taken'}")
    if how != "said":
        derived.append("age: by time of life" if how == "time of life" else f"age: not said, {GROWN_UP} taken")
    return build(
        Participant,
        {
            "name": name,
            "age": age,
            "gender": gender or "other",
            "occupation": occupation,
            "background": background,
            "goal": goal,
            "secret": "" if secret.lower() in _NO_SECRET else secret,
        },
        {"name": "persona", "secret": f"{key}.secrets"}
        | {field: f"{key}.{field}" for field in ("occupation", "background", "goal")},
    )
