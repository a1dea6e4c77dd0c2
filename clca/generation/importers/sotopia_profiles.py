"""SOTOPIA's profiles in any of the forms in which they are passed on.

A profile a line; a list of them; an object of them by key; a JSON dump of Redis, of which each entry has `key` and
`value`, or is the text of a profile under its key (`:sotopia.database.persistent_profile.AgentProfile:01AG`); or the
binary dump itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import from_json

from clca.bounded_json import MOST_VALUES, has_too_many_values
from clca.generation.importers.json_values import json_values
from clca.generation.importers.outcome import Place, Rejected, Row
from clca.generation.importers.redis_dump import json_entries
from clca.generation.importers.sources import REDIS, Source, is_broken
from clca.generation.importers.tables import NOT_UTF8

Kind = Literal["environment", "agent", "combination", "relationship"]
_MARKS: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("environment", frozenset({"scenario", "agent_goals"})),
    ("combination", frozenset({"env_id", "agent_ids"})),
    ("relationship", frozenset({"agent_1_id", "agent_2_id"})),
    ("agent", frozenset({"first_name"})),
)
_PARTIAL = {"scenario": "environment", "agent_goals": "environment", "public_info": "agent", "last_name": "agent"}
"""Keys that give a profile away which lacks another that it needs."""
_DEEPEST = 3  # objects and lists around a profile
_DUMPED = ("value", "val", "data")


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile: its row, its kind, and its `pk`."""

    row: Row
    kind: str
    pk: str

    @property
    def values(self) -> Mapping[str, Any]:
        """The profile's fields."""
        return self.row.values


def profiles(source: Source) -> Iterator[Profile | Rejected]:
    """Every profile of a file, and every value that is none."""
    if source.head() == REDIS.decode():
        for place, key, text in json_entries(source):
            yield from _profiles(place, text, key, depth=0)
        return
    for value in json_values(source):
        if isinstance(value, Rejected):
            yield value
        else:
            yield from _profiles(*value, key="", depth=0)


def _profiles(place: Place, value: Any, key: str, depth: int) -> Iterator[Profile | Rejected]:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        if is_broken(value):  # of a dump of Redis
            yield Rejected(place, "", NOT_UTF8, "", key)
            return
        if has_too_many_values(value.encode("utf-8", "replace")):
            yield Rejected(place, "", f"more than {MOST_VALUES:,} values", "", key)
            return
        try:
            value = from_json(value)
        except ValueError as error:
            yield Rejected(place, "", "not JSON", str(error), key)
            return
    if isinstance(value, list):
        if depth < _DEEPEST:
            for element in value:
                yield from _profiles(place, element, key, depth + 1)
            return
    elif isinstance(value, dict):
        if kind := _kind(value):
            yield Profile(Row(place, value), kind, _pk(value, key))
            return
        dumped = next((name for name in _DUMPED if name in value and "key" in value), None)
        if depth < _DEEPEST and dumped:
            yield from _profiles(place, value[dumped], str(value["key"]), depth + 1)
            return
        if depth < _DEEPEST and value and all(isinstance(inner, dict | list | str) for inner in value.values()):
            for name, inner in value.items():
                yield from _profiles(place, inner, name, depth + 1)
            return
    yield Rejected(place, "", "no environment or agent profile", "", key)


def _kind(value: Mapping[str, Any]) -> str | None:
    for kind, keys in _MARKS:
        if value.keys() >= keys:
            return kind
    return next((kind for key, kind in _PARTIAL.items() if key in value and "pk" in value), None)


def _pk(value: Mapping[str, Any], key: str) -> str:
    pk = value.get("pk") or key.rpartition(":")[2]
    if isinstance(pk, str) and pk.strip():
        return pk.strip()
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
