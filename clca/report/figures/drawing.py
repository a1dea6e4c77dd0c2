"""A figure from what draws it: title above, legend, source line below, and the watermark of a rehearsal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.pictures import Form, pictures
from clca.printable import one_line
from clca.report.figures.figure import DataTable, Figure
from clca.words import beginning

LONGEST = 44  # characters of a name in a picture
REHEARSAL = "REHEARSAL"

_TITLE, _LEGEND, _FOOT = 10.5, 8.5, 7.0  # points
_LINE = 1.35 / 72  # inches of a line for each point of its letters
_LETTER, _NARROW = 0.57 / 72, 0.5 / 72  # inches of a letter for each point, at most in a line, and on average
_HANDLE = 0.5  # inches of a legend's mark and the space beside it

Legend = Sequence[tuple[Any, str]]
"""Marks with their texts."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written around a picture.

    `shows` says what is drawn and how to read it, `notes` what else has to be known, `foot` where the data come from:
    model, data, metric, seeds, runs. `alt` says in words what can be seen.
    """

    title: str
    shows: str
    alt: str
    foot: str
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The caption as one paragraph."""
        return " ".join((self.shows, *self.notes, f"{self.foot.rstrip('.')}."))


def label(text: str, longest: int = LONGEST) -> str:
    """A text of the data as it is drawn: inert, on one line, and cut after `longest` characters."""
    return beginning(one_line(text), longest)


def make_figure(
    id: str,
    caption: Caption,
    table: DataTable,
    size: tuple[float, float],
    draw: Callable[[Any], Legend],
    *,
    sources: Iterable[Path] = (),
    rehearsal: bool = False,
) -> Figure:
    """The figure that `draw` draws on a matplotlib figure; it gives the legend back.

    `size` is the width and height in inches of what is drawn, without title, legend and foot.
    """
    width, height = size
    title, foot = _wrapped(caption.title, width, _TITLE), _wrapped(caption.foot, width, _FOOT)
    above = len(title) * _TITLE * _LINE + 0.08
    below = len(foot) * _FOOT * _LINE + 0.08

    def compose(figure: Any) -> None:
        from matplotlib import rcParams

        rcParams["svg.fonttype"] = "none"  # letters, not outlines: a third of the size; `pictures` resets it
        legend = list(draw(figure))
        columns = _columns(legend, width) if legend else 1
        rows = -(-len(legend) // columns)
        whole = height + above + below + (rows * _LEGEND * _LINE * 1.13 + 0.1 if rows else 0.0)
        figure.set_size_inches(width, whole)
        figure.get_layout_engine().set(rect=(0, below / whole, 1, height / whole), h_pad=0.06, w_pad=0.06)
        _write(figure, title, 0.012, [whole - 0.05 - at for at in _tops(title, _TITLE)], _TITLE, weight="bold")
        _write(figure, foot, 0.012, [below - 0.03 - at for at in _tops(foot, _FOOT)], _FOOT, color="#444444")
        if legend:
            figure.legend(
                [mark for mark, _ in legend],
                [text for _, text in legend],
                loc="upper left",
                bbox_to_anchor=(0.0, 1 - above / whole),
                ncols=columns,
                fontsize=_LEGEND,
                frameon=False,
                borderaxespad=0.1,
                columnspacing=1.2,
                handletextpad=0.5,
            )
        if rehearsal:
            _watermark(figure, width, whole)

    def drawn(form: Form) -> bytes:
        return pictures(width, height + above + below, compose, forms=(form,))[form]

    made_of = tuple(dict.fromkeys(sources))
    title_text, text, alt = map(one_line, (caption.title, caption.text, caption.alt))
    return Figure(id, title_text, text, alt, table, made_of, rehearsal, drawn)


def _tops(lines: Sequence[str], points: float) -> list[float]:
    """The distance of each line from the first, in inches."""
    return [number * points * _LINE for number in range(len(lines))]


def _write(figure: Any, lines: Sequence[str], left: float, tops: Sequence[float], points: float, **style: Any) -> None:
    """Write lines at heights in inches above the lower edge."""
    whole = figure.get_size_inches()[1]
    for text, top in zip(lines, tops, strict=True):
        figure.text(left, top / whole, text, fontsize=points, va="top", **style)


def _watermark(figure: Any, width: float, height: float) -> None:
    points = min(width * 7.5, height * 11)
    style = {"rotation": 24, "ha": "center", "va": "center", "color": "black", "alpha": 0.13, "weight": "bold"}
    figure.text(0.5, 0.5, REHEARSAL, fontsize=points, zorder=50, **style)


def _wrapped(text: str, width: float, points: float) -> list[str]:
    letters = max(int((width - 0.2) / (points * _LETTER)), 20)
    return [line for part in one_line(text).split("\n") for line in textwrap.wrap(part, letters)] or [""]


def _columns(legend: Legend, width: float) -> int:
    longest = max(len(text) for _, text in legend)
    return max(1, min(len(legend), int((width - 0.2) / (longest * _LEGEND * _NARROW + _HANDLE))))
