"""Values of `clca generate`'s settings as they are given on the command line and in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def count_or_file(value: Any) -> Any:
    """A number, or the path of a file as it was given. Raises `ValueError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str | Path | None):
        raise ValueError(f"needs a number of seed scenarios or the path of a file, not {value!r}")
    return int(value) if isinstance(value, str) and value.strip().lstrip("-").isdigit() else value


def without_duplicates(urls: tuple[str, ...]) -> tuple[str, ...]:
    """The URLs in their order, each once."""
    return tuple(dict.fromkeys(urls))
