"""The folder of a map: told apart from folders of anything else, and found again once it is whole."""

from __future__ import annotations

import os
from typing import Any

from pydantic import ValidationError

from clca.analysis.plan import MapPlan
from clca.analysis.result import MapResult
from clca.bounded_json import parse_json
from clca.errors import StoreError
from clca.safe_open import is_below, read_json

INPUTS, MAP, POINTS = "inputs.json", "map.json", "points.csv"
"""What a map is made of, written first; its result, written last; its points."""


def finished_result(plan: MapPlan) -> MapResult | None:
    """The result that is in the folder, if the map is whole; the runs are those named now."""
    try:
        stored = parse_json(read_json(plan.folder / MAP, within=plan.folder))
        result = MapResult(**{**stored, "folder": plan.folder, "selection": plan.selection})
    except (OSError, ValueError, TypeError, ValidationError):
        return None
    has_all = all(is_below(name) and (plan.folder / name).is_file() for name in result.files)
    return result if has_all and _recorded(plan) == plan.digest else None


def require_own(plan: MapPlan) -> None:
    """Refuse a folder that holds files of no map, or of another one. Raises `StoreError`."""
    recorded = _recorded(plan)
    foreign = [INPUTS] if recorded is not None else [name for name in (MAP, POINTS) if _is_there(plan, name)]
    if foreign and recorded != plan.digest:
        raise StoreError(
            f"{plan.folder} holds {foreign[0]}, which is not of this map: move it away, or give another folder with"
            " --out"
        )


def _recorded(plan: MapPlan) -> Any:
    """The fingerprint of the inputs that the folder records; None where it records none."""
    try:
        recorded = parse_json(read_json(plan.folder / INPUTS, within=plan.folder))
    except (OSError, ValueError):
        return INPUTS if _is_there(plan, INPUTS) else None
    return recorded.get("fingerprint", INPUTS) if isinstance(recorded, dict) else INPUTS


def _is_there(plan: MapPlan, name: str) -> bool:
    return os.path.lexists(plan.folder / name)
