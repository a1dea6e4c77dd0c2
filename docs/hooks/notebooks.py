"""The notebooks of the tutorials as pages: their texts, code and stored outputs, without Jupyter."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files


def on_files(files: Files, config: Any) -> Files:
    """Add a page beside each notebook, which stays there to be downloaded."""
    for file in [file for file in files if file.src_uri.endswith(".ipynb")]:
        text = page(Path(file.abs_src_path).read_text(encoding="utf-8"), posixpath.basename(file.src_uri))
        files.append(File.generated(config, f"{file.src_uri.removesuffix('.ipynb')}.md", content=text))
    return files


def page(notebook: str, name: str) -> str:
    """A notebook as Markdown, with a link to itself below its title."""
    title, *cells = json.loads(notebook)["cells"]
    head = f'{source(title)}\n\n<a href="../{name}">This page as a notebook</a>\n'
    return "\n".join([head, *(part for cell in cells for part in parts(cell))])


def parts(cell: dict[str, Any]) -> Iterator[str]:
    """A cell, and what it printed and returned."""
    if cell["cell_type"] == "markdown":
        yield f"{source(cell)}\n"
        return
    yield fenced(source(cell), "python")
    for output in cell["outputs"]:
        text = output.get("text") or output.get("data", {}).get("text/plain")
        if text:
            yield fenced("".join(text), "text")


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def fenced(text: str, language: str) -> str:
    return f"````{language}\n{text.rstrip()}\n````\n"
