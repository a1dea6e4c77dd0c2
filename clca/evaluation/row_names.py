"""What the rows of tables of several adapters are called."""

from __future__ import annotations

from collections.abc import Mapping

from clca.evaluation.s2n_results import heading

APART = ": "
"""In the row of one of several adapters of a culture, before what sets it apart."""


def row_heading(row: str, names: Mapping[str, str]) -> str:
    """What a row is called: by the name of its culture, if it is of one, and what sets it apart from others of it."""
    culture, apart, rest = row.partition(APART)
    return f"{heading(culture, names)}{apart}{rest}"
