"""What a template may do: bounds on the size of what it makes, on its work, and on its time.

Everything that can grow or last is measured before it happens, by the sizes of what it is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any

from jinja2.exceptions import SecurityError

LONGEST_TEXT = 10 * 1024 * 1024  # characters of one rendering, or of one value in it with its items
MOST_WORK = 10 * LONGEST_TEXT  # characters, items and steps of loops of all that a rendering makes
LONGEST_TIME = 10.0  # seconds of one rendering
_ITEM = 16  # characters that take as much memory as one item
MOST_DIGITS = 1000  # of a whole number
_MOST_BITS = 3322

_ITEMS = (list, tuple, KeysView, ValuesView, ItemsView)
# What makes nothing larger than it is given, and takes no longer for longer arguments.
_SHRINKING = """
capitalize count d default endswith find first float get index int items keys last length list lower map partition
reject rejectattr removeprefix removesuffix reverse select selectattr split splitlines startswith string title truncate
unique upper values
"""
_NEVER_GROWS = frozenset(_SHRINKING.split())
_FORMATS = frozenset({"format", "format_map"})
_WIDTH_OF_A_VALUE = re.compile(r"%[^a-zA-Z%]*\*")


class _Budget:
    """What a rendering may still do."""

    def __init__(self) -> None:
        self._work = MOST_WORK
        self._until = monotonic() + LONGEST_TIME

    def take(self, units: int) -> None:
        """Count work. Raises `SecurityError` beyond a bound."""
        self._work -= units
        if self._work < 0:
            raise SecurityError(f"makes more than {MOST_WORK:,} characters and steps of loops")
        if monotonic() > self._until:
            raise SecurityError(f"takes more than {LONGEST_TIME:g} s")


_budget: ContextVar[_Budget] = ContextVar("budget")


@contextmanager
def within_bounds() -> Iterator[None]:
    """The time of one rendering: all that is measured in it counts together."""
    token = _budget.set(_Budget())
    try:
        yield
    finally:
        _budget.reset(token)


def take(units: int = 1) -> None:
    """Count work of this rendering. Raises `SecurityError` beyond a bound."""
    _budget.get().take(units)


def made(value: Any) -> Any:
    """A new value, if it is within the bounds; all that is in it counts as work."""
    take(size(value))
    return value


def steps(values: Iterable[Any]) -> Iterator[Any]:
    """The values, each of which counts as work."""
    budget = _budget.get()
    for value in values:
        budget.take(1)
        yield value


def joined(pieces: Iterable[str]) -> str:
    """The texts in a row. Raises `SecurityError` beyond a bound."""
    kept, length, budget = [], 0, _budget.get()
    for piece in pieces:
        length += len(piece)
        check_size(length)
        budget.take(len(piece) + 1)
        kept.append(piece)
    return "".join(kept)


def json_text(value: Any, **options: Any) -> str:
    """The value as JSON, measured as it is written: an indent counts again at each level."""
    return joined(json.JSONEncoder(**options).iterencode(value))


def size(value: Any) -> int:
    """Characters of a value with all that is in it, of which each item counts as several.

    Raises `SecurityError` beyond the bound.
    """
    total, waiting = 0, [value]
    while waiting:
        value = waiting.pop()
        total += _ITEM
        if isinstance(value, (str, bytes, range)):
            total += len(value)
        elif isinstance(value, int):
            check_number(value.bit_length())
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
            total += len(value)
        elif isinstance(value, _ITEMS):
            waiting += value
            total += len(value)
        elif isinstance(value, Iterator):
            raise SecurityError("takes what has no length, as the variable loop, for a list")
        check_size(total)
    return total


def check_size(total: int) -> None:
    """Raises `SecurityError` for more characters or items than a value may have."""
    if total > LONGEST_TEXT:
        raise SecurityError(f"makes more than {LONGEST_TEXT:,} characters")


def check_number(bits: int) -> None:
    """Raises `SecurityError` for a whole number of more bits than one may have."""
    if bits > _MOST_BITS:
        raise SecurityError(f"makes a number of more than {MOST_DIGITS:,} digits")


def check_width(text: str) -> int:
    """The sum of the widths in a format. Raises `SecurityError` beyond the bound."""
    total = sum(int(digits) for digits in re.findall(r"\d+", text))
    check_size(total)
    return total


def check_growth(name: str, owner: Any, arguments: tuple[Any, ...]) -> None:
    """Refuse what could grow, or last, beyond the bound: at most to the product of what it is given."""
    take()
    if name in _NEVER_GROWS:
        return
    if name == "sum" and any(isinstance(argument, (list, tuple, dict)) for argument in arguments):
        raise SecurityError("adds up what are no numbers")
    if name == "round" and any(isinstance(argument, int) and abs(argument) > MOST_DIGITS for argument in arguments):
        raise SecurityError(f"rounds to more than {MOST_DIGITS:,} digits")
    if name in _FORMATS and isinstance(owner, str):
        if _WIDTH_OF_A_VALUE.search(owner):
            raise SecurityError("has a format whose width is a value")
        growth = len(owner) + check_width(owner) + 1
    else:
        growth = size(owner) + 1
    for argument in arguments[1:] if name == "replace" else arguments:
        growth *= (abs(argument) if isinstance(argument, int) else size(argument)) + 1
        check_size(growth)
