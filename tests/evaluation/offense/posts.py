"""Made-up folders of labelled texts, and what is needed to import them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from clca.content.lookup import Content
from clca.evaluation.offense.imports.audit import ImportAudit
from clca.evaluation.offense.imports.importer import import_tests
from clca.evaluation.offense.imports.mapping import read_mapping
from clca.evaluation.offense.suite import load_offense_suite

CULTURES = ("japan", "greece", "turkey", "usa")
TASKS = load_offense_suite(Content())

Rows = Iterable[Mapping[str, Any]]


def entry(path: str = "posts.jsonl", **changes: Any) -> dict[str, Any]:
    """A mapping's entry of one file."""
    plain = {"culture": "japan", "task": "posts", "type": "offensive_detect", "text": "text", "label": "label"}
    return {"path": path, **plain, **changes}


def mapping_text(*entries: Mapping[str, Any], within: str | None = None) -> str:
    document: dict[str, Any] = {"files": [dict(one) for one in entries]}
    return yaml.safe_dump(document if within is None else {**document, "within": within}, allow_unicode=True)


def lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def posts(count: int = 6, **changes: Any) -> list[dict[str, Any]]:
    """Texts that are offensive by turns."""
    return [{"text": f"text {n}", "label": ("OFF", "NOT")[n % 2], **changes} for n in range(count)]


def run(
    folder: Path, out: Path, *entries: Mapping[str, Any], strict: bool = False, within: str | None = None
) -> ImportAudit:
    """Import a folder by these entries."""
    mapping = read_mapping("mapping.yaml", mapping_text(*entries, within=within), TASKS, CULTURES)
    return import_tests(folder, mapping, TASKS, out, strict=strict)
