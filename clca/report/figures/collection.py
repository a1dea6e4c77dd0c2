"""All figures that can be made of finished evaluations, and those of the published numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal, get_args

from clca.content.lookup import Content
from clca.report.figures.ablation_figures import ablation_figures, published_ablation_figures
from clca.report.figures.figure import Figure
from clca.report.figures.item_figures import item_figures
from clca.report.figures.map_figures import map_figures
from clca.report.figures.matrix_figures import matrix_figures, published_matrix_figures
from clca.report.figures.metric_figures import metric_figures, published_metric_figures
from clca.report.figures.sources import Sources
from clca.report.figures.transfer_figures import transfer_figures

Maker = Callable[[Sources], Iterable[Figure]]

Kind = Literal["survey", "maps", "items", "matrices"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_OF_MEANS: tuple[Maker, ...] = (metric_figures, transfer_figures, ablation_figures)
_OF_ITEMS: dict[Kind, Maker] = {"maps": map_figures, "items": item_figures, "matrices": matrix_figures}


def figures_of(sources: Sources, kinds: Iterable[Kind] = KINDS) -> tuple[Figure, ...]:
    """Every figure of these kinds that the sources give, in the order of a report; () where they give none.

    Rehearsals have figures of their own, so that no mark of one stands on a real number, and so have means over other
    items. All ids differ. Raises `ContentError` for damaged content of the workspace.
    """
    wanted = tuple(kinds)
    real, rehearsals = (_made(sources.where(rehearsal=rehearsal), wanted) for rehearsal in (False, True))
    return _distinct((*real, *(replace(figure, id=f"{figure.id}-rehearsal") for figure in rehearsals)))


def _made(sources: Sources, kinds: Sequence[Kind]) -> Iterator[Figure]:
    for kind in kinds:
        yield from _OF_ITEMS[kind](sources) if kind in _OF_ITEMS else _of_means(sources)


def _of_means(sources: Sources) -> Iterator[Figure]:
    for number, alike in enumerate(sources.by_items()):
        items = "" if number == 0 else f"-{len(alike.surveys[0].info.inputs.items)}-items"
        for make in _OF_MEANS:
            for figure in make(alike):
                yield replace(figure, id=figure.id + items)


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
