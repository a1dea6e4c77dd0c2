"""The rows of tables are called what their adapters are, in every suite on labelled texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import clca
from tests.evaluation.test_answers_that_say_little import Always


@pytest.mark.parametrize(
    ("suite", "fields"), [("eval_normad", {}), ("eval_offense", {"limit": 2}), ("eval_mmlu", {"data": "demo"})]
)
def test_several_adapters_stand_in_one_table_each_called_what_it_is(
    suite: str, fields: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clca.evaluation.run_recorder.LazyPredictor", Always)
    given = ("japan=first", "japan=second", "turkey=third")
    asked = {"student": "m", "base_url": "http://localhost:1/v1", "adapter": given, **fields}
    result = getattr(clca, suite)(progress=False, **asked)
    labels = [[row.label for row in table.rows] for table in result.tables]
    expected = ["Japan: first (served as first)", "Japan: second (served as second)", "Turkey (tur) (served as third)"]
    assert any(set(expected) <= set(rows) for rows in labels), labels
