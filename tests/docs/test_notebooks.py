"""The notebooks of the tutorials do what is stored in them, and hold nothing of the machine that executed them."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.docs.notebooks import NOTEBOOKS, execute, path_of, printed, read, without_numbers


def test_there_are_three() -> None:
    assert NOTEBOOKS == ["add-a-culture", "audit-a-judge", "first-score"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_has_its_outputs_and_no_path_of_a_machine(name: str) -> None:
    notebook = json.loads(path_of(name).read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert sum(bool(cell["outputs"]) for cell in code) > len(code) // 2
    assert all(output.get("output_type") != "error" for cell in code for output in cell["outputs"])
    assert not re.search(r"/(tmp|root|home|usr|opt|work)/", json.dumps([cell["outputs"] for cell in code]))


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_prints_what_is_stored_but_for_numbers_of_models(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nbclient")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    executed, stored = (map(without_numbers, printed(notebook)) for notebook in (execute(name), read(name)))
    assert list(executed) == list(stored)
