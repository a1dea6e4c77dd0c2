"""A matrix of cultures as a picture: the ranks of C-SPEC as in S2N's figure 3, and its normalised scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clca.evaluation.classification.specificity import Specificity
from clca.evaluation.s2n_results import CODES, heading, in_order
from clca.pictures import pictures
from clca.printable import printable
from clca.words import beginning

RANKS, NORMALISED = "ranks", "normalised"
TITLES = {
    RANKS: "Rank of every adapter by macro-F1 on offensiveness (1: best of a column)",
    NORMALISED: "Macro-F1 on offensiveness over the best of the column",
}

_DARK = 0.62  # from this share of the colour scale on, writing is white
# Not quite black and white, which a page may turn into its own colours: these must stay those of the cells.
_INK, _PAPER = "#111111", "#fefefe"
_MOST_WRITTEN = 40  # cultures; more take minutes to write and cannot be read


def heatmap(
    specificity: Specificity, kind: str, *, of: str = "", names: Mapping[str, str] | None = None, title: str = ""
) -> dict[str, bytes]:
    """`png` and `svg` of the ranks (dark is rank 1) or the normalised scores, the diagonal framed.

    `names` are those of cultures, by id; `of` is the model and data of the adapters, which stand above it, `title` a
    mark above all.

    The same matrix gives the same bytes with the same version of matplotlib.
    """
    side = 2.2 + 0.55 * len(specificity.cultures)

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        cells = draw_matrix(axes, specificity, kind, names=names)
        heading_of = "\n".join(filter(None, (beginning(printable(of), 80), TITLES[kind])))
        axes.set_title(heading_of, fontsize="small", wrap=True)
        draw_colour_bar(figure, cells, axes, kind, f"rank {len(specificity.cultures)}")

    return pictures(side + 0.8, side + 0.3, draw, title=title)


def draw_colour_bar(figure: Any, cells: Any, axes: Any, kind: str, last: str) -> None:
    """Draw the colour bar of one or several matrices; `last` is what the light end of ranks is called."""
    bar = figure.colorbar(cells, ax=axes, shrink=0.75, pad=0.015, boundaries=[step / 20 for step in range(21)])
    if kind == RANKS:
        bar.set_ticks([0.0, 1.0], labels=[last, "rank 1"])
    else:
        bar.set_ticks([0.0, 0.5, 1.0], labels=["0", "0.5", "1"])
    bar.ax.tick_params(labelsize=7)


def draw_matrix(
    axes: Any, specificity: Specificity, kind: str, *, names: Mapping[str, str] | None = None, fontsize: Any = "small"
) -> Any:
    """Draw a matrix on matplotlib axes, its cultures in the paper's order; gives back its cells, for a colour bar."""
    from matplotlib.patches import Rectangle

    cultures = in_order(specificity.cultures)
    indices = [specificity.cultures.index(culture) for culture in cultures]
    heads = [printable(heading(culture, names or {})) for culture in cultures]
    codes = [CODES.get(culture) or head for culture, head in zip(cultures, heads, strict=True)]
    n = len(indices)
    shades = [[_shade(specificity, kind, row, column) for column in indices] for row in indices]
    drawn = [[float("nan") if shade is None else shade for shade in row] for row in shades]
    axes.set_facecolor("lightgrey")  # of columns without a maximum
    scale = {"cmap": "Blues", "vmin": 0, "vmax": 1.15}
    if n > _MOST_WRITTEN:
        cells = axes.imshow(drawn, **scale)
    else:  # shapes of the picture itself, while an image in an SVG is something that a page loads
        edges = [place - 0.5 for place in range(n + 1)]
        cells = axes.pcolormesh(edges, edges, drawn, **scale)
        axes.set_aspect("equal")
        axes.invert_yaxis()
    for y, row in enumerate(indices):
        for x, column in enumerate(indices if n <= _MOST_WRITTEN else ()):
            shade = shades[y][x]
            ink = {"color": _PAPER if shade is not None and shade > _DARK else _INK, "fontsize": fontsize}
            axes.text(x, y, _text(specificity, kind, row, column), ha="center", va="center", **ink)
        axes.add_patch(
            Rectangle((y - 0.5, y - 0.5), 1, 1, fill=False, edgecolor="darkorange", linewidth=2, clip_on=False)
        )
    axes.set_xticks(range(n), codes, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(n), heads)
    axes.set_xlabel("tests")
    axes.set_ylabel("adapter")
    return cells


def _shade(specificity: Specificity, kind: str, row: int, column: int) -> float | None:
    """From 0 (light) to 1 (dark)."""
    share = specificity.normalised[row][column]
    if kind == NORMALISED or share is None:
        return share
    n = len(specificity.cultures)
    return 1 - (specificity.ranks[row][column] - 1) / max(n - 1, 1)


def _text(specificity: Specificity, kind: str, row: int, column: int) -> str:
    share = specificity.normalised[row][column]
    if share is None:
        return "–"
    return f"{share:.2f}" if kind == NORMALISED else str(specificity.ranks[row][column])
