"""The figures of a report as files: for print, for the screen, and the data of each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from clca.content.lookup import Content
from clca.report.figures.collection import figures_of, published_figures
from clca.report.figures.figure import Figure
from clca.report.figures.sources import read_sources
from clca.storage.output_files import write_output

PUBLISHED = "published"
"""The folder of the figures of the papers' printed numbers, below that of the others."""


def write_figures(folder: Path, evaluations: Iterable[Path], content: Content, *, published: bool = True) -> int:
    """Write all figures of these evaluations, and those of the `published` numbers; gives back how many there are.

    Raises `ContentError` for damaged content of the workspace, `StoreError` for a folder that cannot be written, and
    where a file would be replaced that clca did not write.
    """
    figures = figures_of(read_sources(evaluations, content.workspace))
    printed = published_figures(content) if published else ()
    write_output(folder, {**_files(figures), **_files(printed, f"{PUBLISHED}/")})
    return len(figures) + len(printed)


def _files(figures: Iterable[Figure], below: str = "") -> dict[str, str | bytes]:
    return {f"{below}{name}": data for figure in figures for name, data in figure.files().items()}
