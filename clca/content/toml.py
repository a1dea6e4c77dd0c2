"""TOML within bounds: neither nesting nor dotted keys stop the program that reads it."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from clca.errors import SettingsError

DEEPEST = 20  # parts of a dotted key; each takes longer than the one before

_LONG = re.compile(r"\b0[xob][0-9a-fA-F_]{1000}")  # a number that Python reads, and does not print
_DOTTED = re.compile(rf"(?:\.[ \t]*[\w\"'-]+[ \t]*){{{DEEPEST}}}")


def parse_toml(path: str, text: str) -> dict[str, Any]:
    """The tables in a text. Raises `SettingsError` for what is no TOML, or is nested too deeply."""
    for pattern, fault in ((_DOTTED, f"a name of more than {DEEPEST} parts"), (_LONG, "a number of 1,000 digits")):
        if found := pattern.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise SettingsError(f"{path}:{line}: {fault}")
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise SettingsError(f"{path}: not TOML: nested too deeply") from None
    except ValueError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
