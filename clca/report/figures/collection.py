"""All figures that can be made of finished evaluations, and those of the published numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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

_KINDS: tuple[Callable[[Sources], Iterable[Figure]], ...] = (
    metric_figures,
    transfer_figures,
    ablation_figures,
    map_figures,
    item_figures,
    matrix_figures,
)


def figures_of(sources: Sources) -> tuple[Figure, ...]:
    """Every figure that the sources give, in the order of a report; () where they give none.

    Rehearsals have figures of their own, so that no mark of one stands on a real number. All ids differ. Raises
    `ContentError` for damaged content of the workspace.
    """
    real = [figure for make in _KINDS for figure in make(sources.where(rehearsal=False))]
    rehearsed = [figure for make in _KINDS for figure in make(sources.where(rehearsal=True))]
    return _distinct((*real, *(replace(figure, id=f"{figure.id}-rehearsal") for figure in rehearsed)))


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
