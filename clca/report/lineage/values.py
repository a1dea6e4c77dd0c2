"""Values of JSON files that anybody may have written: of the type that is wanted, and of bounded length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clca.words import beginning

LONGEST = 400  # characters of a text among facts
MOST = 60  # entries of a list or an object among facts


def text(value: Any) -> str:
    """The beginning of a text; "" for another value."""
    return beginning(value, LONGEST) if isinstance(value, str) else ""


def string(value: Any) -> str:
    """A whole text, such as a path; "" for another value."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    """An object; an empty one for another value."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """A list; an empty one for another value."""
    return value if isinstance(value, list) else []


def facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that are known, each of bounded length: None, "" and empty lists and objects are left out."""
    return {key: fact for key, value in values.items() if (fact := bounded(value)) not in (None, "", [], {})}


def bounded(value: Any, depth: int = 3) -> Any:
    """A value that is short enough to be shown: long texts, lists and objects are cut, and say so."""
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if not depth:
        return "..."
    if isinstance(value, dict):
        kept = {text(str(key)): bounded(entry, depth - 1) for key, entry in list(value.items())[:MOST]}
        return kept if len(value) <= MOST else {**kept, "...": f"{len(value) - MOST:,} more"}
    if isinstance(value, list | tuple):
        entries = [bounded(entry, depth - 1) for entry in list(value)[:MOST]]
        return entries if len(value) <= MOST else [*entries, f"... {len(value) - MOST:,} more"]
    return text(str(value))
