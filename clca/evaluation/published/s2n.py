"""Which numbers of S2N an evaluation on offensiveness or MMLU may stand beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clca.evaluation.classification.scores import BASE, COMBINED, ZERO_SHOT, MatrixScores
from clca.evaluation.published.catalogue import PrintedCell, PublishedCatalogue, system_of
from clca.evaluation.published.matching import Matched, listed, match
from clca.evaluation.s2n_results import CODES, MMLU, OFFENSE, Printed, printed_setting
from clca.evaluation.table_systems import SINGLE, TableSystem

FILES = {"offense": OFFENSE, "mmlu": MMLU}


def evaluation_settings(kind: str, info: Mapping[str, Any]) -> dict[str, str]:
    """The settings of an evaluation from what `evaluation.json` says of it, in the names of `eval/published.yaml`."""
    limit, inputs = info.get("limit"), info.get("inputs") or {}
    facts: dict[str, Any] = {
        "scoring": info.get("scoring"),
        "mode": info.get("mode"),
        "texts": "all" if limit is None else f"at most {limit} of a test",
    }
    if not info.get("server") and isinstance(inputs, dict):
        facts["bits"] = inputs.get("bits")
    demonstration = bool(info.get("demonstration"))
    if kind == "mmlu":
        subjects = info.get("subjects")
        facts |= {"shots": info.get("shots"), "data": "demonstration" if demonstration else "MMLU"}
        facts["subjects"] = len(subjects) if isinstance(subjects, list | tuple) else None
    else:
        facts |= {"format": info.get("format"), "tests": info.get("public_tests")}
        facts["data"] = "demonstration" if demonstration else "imported"
    return {key: str(value) for key, value in facts.items() if value is not None}


def comparable(
    catalogue: PublishedCatalogue, kind: str, info: Mapping[str, Any], system: TableSystem, tables: Iterable[str]
) -> Matched:
    """The numbers of the `tables` (table 2...) beside which an evaluation by `clca eval-<kind>` may stand.

    `info` is the content of its `evaluation.json`.
    """
    settings, wanted = evaluation_settings(kind, info), set(tables)
    recipe_of, scores = info.get("recipes") or {}, system.scores
    settings |= {
        "student": system.model,
        "adapters": listed(scores.adapters),
        "cultures": listed(scores.cultures if kind == "offense" else scores.adapters),
    }

    def settings_of(cell: PrintedCell) -> dict[str, str] | None:
        entry = cell.entry
        if not isinstance(entry, Printed) or entry.source not in wanted or entry.model != system.model:
            return None
        if (cell.column.file or cell.table.file) != FILES[kind] or not _answers(entry, scores):
            return None
        data = system.combined_data if entry.row == COMBINED else system.data
        if entry.setting is not None and entry.setting != printed_setting(data):
            return None
        recipes = {str(recipe_of.get(row, "")) for row in ([COMBINED] if entry.row == COMBINED else scores.adapters)}
        recipe = recipes.pop() if len(recipes) == 1 else ""
        own = {"system": system_of(entry.row), "mixture": data or "", "recipe": recipe}
        return {**settings, **{key: value for key, value in own.items() if value}}

    return match(catalogue.all_cells, settings_of)


def _answers(entry: Printed, scores: MatrixScores) -> bool:
    """Whether the evaluation has the system that a number is of, and asked the tests that it is over."""
    if entry.column in CODES and entry.column not in scores.cultures:
        return False
    if entry.row == ZERO_SHOT:
        return bool({ZERO_SHOT, BASE} & set(scores.rows))
    if entry.row in (SINGLE, "average"):
        return bool(scores.adapters)
    return entry.row in scores.rows
