"""What an index holds of a dialogue: where its line is, what it is filtered by, and the words in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clca.bounded_json import parse_json
from clca.words import beginning

LONGEST_ID, LONGEST_TITLE = 200, 160  # characters


@dataclass(frozen=True, slots=True)
class Entry:
    """A dialogue; `cultural` counts its intents that its culture shaped. `said` and `meant` are what is searched."""

    id: str
    reason: str
    culture: str
    ended: str
    turns: int
    cultural: int
    title: str
    said: str
    meant: str


def entry_of(line: bytes) -> Entry | None:
    """The entry of a line of a run's file, whatever version wrote it; None for no record with an id to ask for."""
    try:
        record = parse_json(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or not _is_id(record.get("id")):
        return None
    turns = [turn for turn in _list(record.get("turns")) if isinstance(turn, dict)]
    intents = [intent for turn in turns if isinstance(intent := turn.get("intent"), dict)]
    scenario = record.get("scenario")
    setting = _text(scenario, "setting") if isinstance(scenario, dict) else ""
    first = _text(turns[0], "text") if turns else ""
    return Entry(
        id=record["id"],
        reason=beginning(_text(record, "reason"), LONGEST_TITLE),
        culture=beginning(_text(record, "culture"), LONGEST_TITLE),
        ended=beginning(_text(record, "ended"), LONGEST_TITLE),
        turns=len(turns),
        cultural=sum(intent.get("relevance") == "cultural" for intent in intents),
        title=beginning(" ".join((setting or first).split()), LONGEST_TITLE),
        said="\n".join(filter(None, (setting, *_texts(turns, "text", "thought")))),
        meant="\n".join((*_texts(intents, "text"), *_customs(intents))),
    )


def _is_id(value: Any) -> bool:
    """Whether a value is an id that an address can end with: `.` and `..` are the folder, and that above it."""
    is_text = isinstance(value, str) and _text({"id": value}, "id") == value
    return is_text and 0 < len(value) <= LONGEST_ID and value not in (".", "..")


def _texts(values: list[dict[str, Any]], *keys: str) -> Iterator[str]:
    for value in values:
        for key in keys:
            if text := _text(value, key):
                yield text


def _customs(intents: list[dict[str, Any]]) -> Iterator[str]:
    for intent in intents:
        yield from (custom for custom in _list(intent.get("customs")) if isinstance(custom, str))


def _text(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
