"""Values of records that anybody may have written, as numbers and texts of a bounded length."""

from __future__ import annotations

import math
from typing import Any

from clca.report.blocks import NOTHING, ReportCell
from clca.report.lineage.values import LONGEST, mapping
from clca.words import beginning


def text(value: Any, default: str = "") -> str:
    """The beginning of a text or a number in words; the default for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return default
    return beginning(str(value), LONGEST) or default


def number(value: Any) -> float | None:
    """A finite number; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        as_float = float(value)
    except OverflowError:
        return None
    return as_float if math.isfinite(as_float) else None


def count(value: Any) -> int:
    """A number of things; 0 for any other value."""
    return value if type(value) is int and 0 <= value < 2**53 else 0


def counts(value: Any) -> dict[str, int]:
    """Counts by name."""
    return {text(name): count(entry) for name, entry in mapping(value).items()}


def count_cell(value: int | None) -> ReportCell:
    """A cell with a number of things."""
    return ReportCell() if value is None else ReportCell(f"{value:,}", value)


def text_cell(value: Any) -> ReportCell:
    """A cell with a text."""
    return ReportCell(text(value) or NOTHING)


def estimate_cell(estimate: Any, *, percent: bool = False, places: int = 3, signed: bool = False) -> ReportCell:
    """A cell with an estimate as records have it: `value`, `low` and `high`."""
    fields = mapping(estimate)
    value, low, high = (number(fields.get(key)) for key in ("value", "low", "high"))
    if value is None:
        return ReportCell()

    def shown(part: float) -> str:
        return f"{100 * part if percent else part:{'+' if signed else ''},.{places}f}"

    interval = "" if low is None or high is None else f"[{shown(low)}, {shown(high)}]"
    return ReportCell(shown(value), value, interval)
