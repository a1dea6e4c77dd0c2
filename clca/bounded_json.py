"""JSON that anybody may have made: neither nesting nor numbers nor many values stop the program that reads it."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import from_json

DEEPEST = 200  # levels of lists and objects, as pydantic's parser has it

MOST_VALUES = 100_000  # each takes up to a few kilobytes, with what is wrong with it, however short it is

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?+', re.DOTALL)
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?+|[\[{]|[\]}]')
_SURROGATE = re.compile(r"\\u[dD]")
_ESCAPES = re.compile(
    r"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u[dD][cC][89a-fA-F]\w|(\\u[dD][89a-fA-F])"  # the last: half a pair
)


def parse_json(data: bytes | str) -> Any:
    """The value. Raises `ValueError` for what is no JSON, is nested too deeply, or has numbers of thousands of digits.

    What stands for a byte of a path that is no UTF-8 (`\\udc80` to `\\udcff`) is read back as it is; any other half of
    a surrogate pair is refused, since nothing can be opened, shown or sent by it.
    """
    try:
        return from_json(data)
    except ValueError:  # also for half of a surrogate pair
        text = data.decode() if isinstance(data, bytes) else data
        if not _SURROGATE.search(text) or any(match[1] for match in _ESCAPES.finditer(text)):
            raise
    if _depth(text) > DEEPEST:
        raise ValueError("nested too deeply")
    return json.loads(text)


def has_too_many_values(data: bytes, most: int = MOST_VALUES) -> bool:
    """Whether a JSON text, which may be broken, has more values than are read.

    >>> has_too_many_values(b'["' + b"," * MOST_VALUES + b'"]'), has_too_many_values(b"[" + b"1," * MOST_VALUES)
    (False, True)
    """
    return _values(data) > most and _values(_STRING.sub(b"", data)) > most


def _values(data: bytes) -> int:
    return sum(data.count(mark) for mark in (b",", b"[", b"{"))


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _TOKENS.finditer(text):
        sign = text[token.start()]
        depth += 1 if sign in "[{" else -1 if sign in "]}" else 0
        deepest = max(deepest, depth)
    return deepest
