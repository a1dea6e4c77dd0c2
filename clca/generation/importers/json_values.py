"""The values of a file of JSON: one a line, the elements of a list, or a single one; each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pydantic_core import from_json

from clca.errors import ContentError
from clca.generation.importers.outcome import Place, Rejected
from clca.generation.importers.sources import Source, is_broken
from clca.generation.importers.tables import json_lines

_BETWEEN = re.compile(r"[\s,]*")
_PEEK = 2  # lines of which one is a whole value in a file of a value a line


def json_values(source: Source) -> Iterator[tuple[Place, Any] | Rejected]:
    """The values with their places. Of a file that is one value, at most 16 MiB of text is read, all at once.

    Raises `ContentError` for such a file that is no JSON.
    """
    first = islice((line for line in source.lines() if line.strip()), _PEEK)
    yield from _by_line(source) if any(map(_is_whole, first)) else _at_once(source)


def _is_whole(line: str) -> bool:
    try:
        return not is_broken(line) and isinstance(from_json(line), dict | list)
    except ValueError:
        return False


def _by_line(source: Source) -> Iterator[tuple[Place, Any] | Rejected]:
    for line in json_lines(source):
        if isinstance(line, Rejected):
            yield line
            continue
        place, value = line
        for element in value if isinstance(value, list) else (value,):
            yield place, element


def _at_once(source: Source) -> Iterator[tuple[Place, Any] | Rejected]:
    text = source.whole()
    decoder = json.JSONDecoder()
    at = len(text) - len(text.lstrip())
    is_list = text[at : at + 1] == "["
    at, line, counted = at + is_list, 1, 0
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, at), at
        if at == len(text) or (is_list and text[at] == "]"):
            return
        begin = at
        try:
            at = decoder.raw_decode(text, begin)[1]
            value = from_json(text[begin:at])
        except (ValueError, RecursionError) as error:
            fault = error.args[0] if isinstance(error, ValueError) and error.args else "nested too deeply"
            raise ContentError(str(source.path), line, f"not JSON: {str(fault)[:200]}") from None
        yield source.place(line), value
