"""The notebooks of the tutorials: `python -m tests.docs.notebooks [NAME]...` executes them and stores the outputs."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.docs.blocks import ROOT

TUTORIALS = ROOT / "docs/tutorials"
NOTEBOOKS = sorted(path.stem for path in TUTORIALS.glob("*.ipynb"))
SECONDS = 1800  # of one cell; patient: others may be at work on this machine


def path_of(name: str) -> Path:
    return TUTORIALS / f"{name}.ipynb"


def read(name: str) -> Any:
    """A notebook as it is stored."""
    import nbformat

    return nbformat.read(path_of(name), as_version=4)


def execute(name: str) -> Any:
    """The notebook executed in a new folder, whose name stands in no output. Raises `CellExecutionError`."""
    from nbclient import NotebookClient

    notebook = read(name)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":  # what libraries warn of depends on what is installed beside them
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
    return notebook


def printed(notebook: Any) -> list[str]:
    """What each cell of code printed and returned."""
    return [
        "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell["outputs"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def without_numbers(text: str) -> str:
    """The text with a `#` for each number: a model that is trained on another processor ends with others."""
    return re.sub(r"\d[\d.,]*", "#", text)


def main() -> None:
    """Execute those that are named, or all."""
    import nbformat

    for name in sys.argv[1:] or NOTEBOOKS:
        notebook = execute(name)
        notebook["metadata"]["language_info"] = {"name": "python"}
        nbformat.write(notebook, path_of(name))
        print(path_of(name).relative_to(ROOT))


if __name__ == "__main__":
    main()
