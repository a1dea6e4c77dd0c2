"""JSON schemas by name: the settings and the result of every stage, and the files that stages write."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pydantic import TypeAdapter

from clca.content.parsing import suggestion
from clca.errors import NotFoundError
from clca.stages import STAGES

RESULT = ".result"
FILES = {
    "run.json": ("clca.generation.run_info", "GenerationInfo"),
    "dialogues.jsonl": ("clca.records", "Dialogue"),
    "discarded.jsonl": ("clca.records", "Dialogue"),
    "failed.jsonl": ("clca.records", "Failure"),
    "rejected.jsonl": ("clca.records", "Rejection"),
    "requests.jsonl": ("clca.storage.kept_requests", "KeptRequest"),
    "reviews.jsonl": ("clca.storage.reviews", "Review"),
    "scenarios.jsonl": ("clca.records", "Seed"),
    "norms.jsonl": ("clca.records", "Norm"),
    "import.json of scenarios and norms": ("clca.generation.importers.audit", "RecordsAudit"),
    "adapter.json": ("clca.models.adapter", "AdapterInfo"),
    "examples.jsonl": ("clca.models.adapter_info", "ListedExample"),
    "evaluation.json": ("clca.evaluation.result", "EvaluationInfo"),
    "predictions.jsonl of eval-wvs": ("clca.records", "Prediction"),
    "predictions.jsonl of other suites": ("clca.records", "Choice"),
}
"""The record of each file: that of a line for JSONL."""


def names() -> list[str]:
    """Every name that `schema_of` takes."""
    return [*STAGES, *(f"{stage}{RESULT}" for stage in STAGES), *FILES]


def schema_of(name: str) -> dict[str, Any]:
    """The JSON schema of a name. Raises `NotFoundError`."""
    schema: dict[str, Any]
    if name in STAGES:
        schema = STAGES[name].config_type.model_json_schema()
    elif name.removesuffix(RESULT) in STAGES:
        schema = _printed(STAGES[name.removesuffix(RESULT)].result_type)
    elif name in FILES:
        module, record = FILES[name]
        schema = getattr(import_module(module), record).model_json_schema(mode="serialization")
    else:
        hint = suggestion(name, names()) or f"; there are {', '.join(names())}"
        raise NotFoundError(f"no schema {name!r}{hint}")
    return schema


def _printed(result_type: Any) -> dict[str, Any]:
    """The schema of what `--json` prints; a result that prints its only part in place of itself has two shapes."""
    single = getattr(result_type, "single_type", None)
    shapes = result_type if single is None else result_type | single()
    schema: dict[str, Any] = TypeAdapter(shapes).json_schema(mode="serialization")
    return schema
