"""The picture of a map, as S2N's figures 1 and 4: a panel for each method, cultures by colour and mark, densities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np

from clca.analysis.config import Method, Source
from clca.analysis.density import density, level
from clca.analysis.draw import Draw
from clca.analysis.result import Projection, Separability
from clca.evaluation.arrays import Floats
from clca.pictures import PRINT, pictures
from clca.printable import printable
from clca.words import beginning

METHODS: dict[Method, str] = {"umap": "UMAP", "tsne": "t-SNE"}
SOURCES: dict[Source, str] = {
    "wvs": "World Values Survey, pairs of question and answer",
    "wvs-translated": "World Values Survey in the cultures' languages",
    "culturellm": "CultureLLM, pairs of question and answer",
    "wiki": "Wikipedia, paragraphs",
    "normad": "NormAd, stories and norms",
    "dialogues": "Kept dialogues",
}
HELD = (0.9, 0.5)
"""Shares of a culture's density that are held by its two contours."""

# After Tol's muted scheme: told apart with any colour vision, in print too. With the marks, 100 cultures differ.
COLOURS = ("#332288", "#CC6677", "#117733", "#88CCEE", "#DDAA33", "#882255", "#44AA99", "#999933", "#AA4499", "#555555")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")

_SIDE = 5.2  # inches of a panel
_GRID = 120  # points of a side of the grid of densities
_PADDING = 0.18  # of the extent of the points, beside them
_RING = 0.013  # of the extent: how far marks of one text stand from its place
_AREA = (9.0, 30.0)  # square points of a mark, where there are many and where there are few
_COVERED = 4000.0  # square points of all marks together, within these bounds
_MOST_VECTORS = 600  # marks that stay shapes in SVG and PDF; more are drawn as an image
_SHADE = 0.4  # opacity of the inner regions of all cultures, one over the other
_LONGEST = 50  # characters of a name
_CHARACTERS = 14  # of a title's line, for each inch
_COLUMN = 1.7  # inches of a name in the legend


def picture(
    drawn: Draw,
    projections: Sequence[tuple[Projection, Floats]],
    separability: Separability,
    *,
    embedder: str,
    names: Mapping[str, str],
    rehearsal: bool,
) -> dict[str, bytes]:
    """`png`, `svg` and `pdf` of a source's layouts, each with the places [distinct, 2] of the texts that differ."""
    width = _SIDE * len(projections)
    different = "" if len(drawn.distinct) == len(drawn.texts) else f" ({len(drawn.distinct):,} different texts)"
    lines = (
        f"{'REHEARSAL: ' * rehearsal}{SOURCES[drawn.source]}, {drawn.taken:,} of each culture{different}",
        f"embedded by {beginning(printable(embedder), _LONGEST)}: {score_line(separability)}",
    )
    title = "\n".join(fill(line, int(width * _CHARACTERS)) for line in lines)
    columns = max(2, int(width / _COLUMN))
    rows = -(-len(drawn.cultures) // columns)
    height = _SIDE + 0.3 + 0.17 * (title.count("\n") + 2 + rows)
    return pictures(width, height, lambda figure: _draw(figure, drawn, projections, names, title, columns), forms=PRINT)


def score_line(scores: Separability) -> str:
    """The scores of the embeddings in words."""
    return (
        f"silhouette {scores.silhouette:.3f}, purity of {scores.neighbours} nearest {scores.purity:.3f}"
        f" (chance {scores.chance:.3f}, p = {scores.p:.3g})"
    )


def _draw(
    figure: Any,
    drawn: Draw,
    projections: Sequence[tuple[Projection, Floats]],
    names: Mapping[str, str],
    title: str,
    columns: int,
) -> None:
    from matplotlib.lines import Line2D

    figure.suptitle(title, fontsize="small")
    panels = figure.subplots(1, len(projections), squeeze=False)[0]
    for axes, (projection, places) in zip(panels, projections, strict=True):
        axes.set_title(
            f"{METHODS[projection.method]} (silhouette of its points {projection.silhouette:.3f})", fontsize="small"
        )
        axes.set_box_aspect(1)
        axes.set_xticks([])
        axes.set_yticks([])
        _panel(axes, drawn, places)
    handles = [
        Line2D([], [], color=_colour(number), marker=_mark(number), linestyle="-", linewidth=1.2, markersize=5)
        for number in range(len(drawn.cultures))
    ]
    texts = [beginning(printable(names[culture]), _LONGEST) for culture in drawn.cultures]
    note = "Lines hold 50 % and 90 % of the density of a culture's points"
    figure.legend(
        handles, texts, loc="outside lower center", ncols=columns, fontsize="small", title=note, title_fontsize="small",
        frameon=False,
    )  # fmt: skip


def _panel(axes: Any, drawn: Draw, places: Floats) -> None:
    low, high = places.min(axis=0), places.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    low, high = low - _PADDING * extent, high + _PADDING * extent
    across, down = (np.linspace(low[axis], high[axis], _GRID) for axis in (0, 1))
    labels, texts = np.array(drawn.labels), np.array(drawn.places)
    for number in range(len(drawn.cultures)):
        values = density(places[texts[labels == number]], across, down)
        if values is not None:
            _contours(axes, across, down, values, _colour(number), _SHADE / len(drawn.cultures))
    counts = Counter(zip(drawn.places, drawn.labels, strict=True))
    cultures_of: dict[int, list[int]] = {}
    for text, label in sorted(counts):
        cultures_of.setdefault(text, []).append(label)
    rasterized = len(counts) > _MOST_VECTORS
    area = min(max(_COVERED / len(counts), _AREA[0]), _AREA[1])
    for number in range(len(drawn.cultures)):
        own = sorted(text for text, label in counts if label == number)
        points = np.array([places[text] + extent * _RING * _beside(cultures_of[text], number) for text in own])
        areas = [area * math.sqrt(counts[text, number]) for text in own]
        axes.scatter(
            points[:, 0], points[:, 1], s=areas, c=_colour(number), marker=_mark(number), alpha=0.75,
            linewidths=0, rasterized=rasterized, zorder=3,
        )  # fmt: skip
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])


def _contours(axes: Any, across: Floats, down: Floats, values: Floats, colour: str, shade: float) -> None:
    levels = [level(values, share) for share in HELD]
    if not 0 < levels[0] < levels[1] < values.max():
        return
    axes.contourf(across, down, values, levels=[levels[1], values.max()], colors=[colour], alpha=shade, zorder=1)
    axes.contour(across, down, values, levels=levels, colors=[colour], linewidths=[0.6, 1.3], zorder=2)


def _beside(labels: Sequence[int], label: int) -> Floats:
    """Where the mark of a culture stands beside the place of a text: on a ring, if several cultures have the text."""
    if len(labels) == 1:
        return np.zeros(2)
    angle = 2 * math.pi * labels.index(label) / len(labels)
    return np.array([math.cos(angle), math.sin(angle)])


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _mark(number: int) -> str:
    return MARKS[(number + number // len(COLOURS)) % len(MARKS)]
