"""All figures that can be made of finished evaluations, and those of the published numbers alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from clca.content.lookup import Content
from clca.report.figures.ablation_figures import ablation_figures, published_ablation_figures
from clca.report.figures.figure import Figure
from clca.report.figures.item_figures import item_figures
from clca.report.figures.map_figures import map_figures
from clca.report.figures.matrix_figures import matrix_figures, published_matrix_figures
from clca.report.figures.metric_figures import metric_figures, published_metric_figures
from clca.report.figures.sources import Sources
from clca.report.figures.transfer_figures import transfer_figures


def figures_of(sources: Sources) -> tuple[Figure, ...]:
    """Every figure that the sources give, in the order of a report; () where they give none.

    Their ids differ. Raises `ContentError` for damaged content of the workspace.
    """
    return _distinct(
        (
            *metric_figures(sources),
            *transfer_figures(sources),
            *ablation_figures(sources),
            *map_figures(sources),
            *item_figures(sources),
            *matrix_figures(sources),
        )
    )


def published_figures(content: Content) -> tuple[Figure, ...]:
    """The figures of both papers from their printed numbers alone. Raises `ContentError`."""
    return _distinct(
        (
            *published_metric_figures(content),
            *published_ablation_figures(content),
            *published_matrix_figures(content),
        )
    )


def _distinct(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """The figures; an id that an earlier one has gets a number."""
    by_id: dict[str, Figure] = {}
    for figure in figures:
        id, number = figure.id, 1
        while id in by_id:
            number += 1
            id = f"{figure.id}-{number}"
        by_id[id] = replace(figure, id=id)
    return tuple(by_id.values())
