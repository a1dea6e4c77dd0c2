"""The JSON schema of an answer, as servers get it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from clca.schemas import Answer

SEPARATORS = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""Those of `json.dumps`, in which the history of a dialogue is written, too."""


def separated(json_schema: Mapping[str, Any], separators: Mapping[str, Any] = SEPARATORS) -> dict[str, Any]:
    """A JSON schema with the separators of its replies, for servers that keep to schemas by `guidance`.

    Without them a model writes as much white space as it likes. No digest covers them.
    """
    return {**json_schema, "x-guidance": separators}


@lru_cache
def schema(answer: type[Answer]) -> dict[str, Any]:
    """The JSON schema of an answer, as servers get it.

    Every text may be one character longer than the answer allows: a server that constrains replies to the schema cuts
    a text at the limit, and the extra character makes the cut text invalid instead of complete.
    """
    json_schema = answer.model_json_schema()
    for node in _objects(json_schema):
        if "maxLength" in node:
            node["maxLength"] += 1
    return json_schema


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a JSON value, nested ones included."""
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from _objects(child)
