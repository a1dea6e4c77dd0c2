"""The distribution of answers to each item of a culture: people's above those of each system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clca.report.figures.drawing import Legend, label
from clca.report.figures.figure import Cell, DataTable
from clca.report.figures.palette import Colour, option_colours

PEOPLE = "people (survey)"
UNREADABLE = "unreadable"
_BAR, _GAP, _COLUMN = 0.105, 0.09, 4.6  # inches of a bar's height, between items, and of a column's width
_MOST_IN_COLUMN = 22  # items
_LONGEST = 34  # characters of an item's name


@dataclass(frozen=True, slots=True)
class ItemShares:
    """An item: shares [K] of people's answers, and by system the shares [K + 1] with the unreadable ones last."""

    item: str
    text: str
    options: tuple[str, ...]
    survey: tuple[float, ...]
    predicted: dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class ItemFigure:
    """All items of a culture for one student; `systems` are the bars below people's own, from top to bottom."""

    student: str
    culture: str
    systems: tuple[str, ...]
    items: tuple[ItemShares, ...]
    run: str = ""
    seed: str = ""

    @property
    def table(self) -> DataTable:
        """A row for each part of each bar."""
        columns = ("student", "culture", "item", "text", "answers_of", "option", "wording", "share", "run", "seed")
        return DataTable(columns, tuple(self._rows()))

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        for item in self.items:
            for answers_of, shares in ((PEOPLE, item.survey), *item.predicted.items()):
                for index, share in enumerate(shares):
                    readable = index < len(item.options)
                    option = (index + 1, item.options[index]) if readable else (UNREADABLE, "")
                    of_run = (self.run, self.seed) if answers_of != PEOPLE else ("", "")
                    yield (self.student, self.culture, item.item, item.text, answers_of, *option, share, *of_run)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        columns = -(-len(self.items) // _MOST_IN_COLUMN)
        return max(columns, 1) * _COLUMN + (2.0 if columns < 2 else 0.2), self._rows_in_column * self._item + 0.45

    @property
    def _rows_in_column(self) -> int:
        columns = -(-len(self.items) // _MOST_IN_COLUMN)
        return -(-len(self.items) // max(columns, 1))

    @property
    def _item(self) -> float:
        return (len(self.systems) + 1) * _BAR + _GAP

    def draw(self, figure: Any) -> Legend:
        """Draw the items in columns of 22; the legend has the order of the bars and the ends of the scales."""
        from matplotlib.patches import Patch

        step = self._rows_in_column
        columns = [self.items[start : start + step] for start in range(0, len(self.items), step)]
        for axes, items in zip(figure.subplots(1, len(columns), squeeze=False)[0], columns, strict=True):
            self._draw_column(axes, items, step)
        five = option_colours(5)
        return [
            (Patch(facecolor=five[0]), "first option"),
            (Patch(facecolor=five[2]), "options between, in the survey's order"),
            (Patch(facecolor=five[-1], edgecolor="#888888", linewidth=0.4), "last option"),
            (Patch(facecolor="white", edgecolor="black", hatch="////", linewidth=0.4), "unreadable answers"),
        ]

    def _draw_column(self, axes: Any, items: tuple[ItemShares, ...], rows: int) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        bar, bars = _BAR / self._item, len(self.systems) + 1
        parts: dict[Colour | None, list[_Box]] = {}
        for row, item in enumerate(items):
            top = row + (1 - bars * bar) / 2
            for number, shares in enumerate((item.survey, *(item.predicted.get(name) for name in self.systems))):
                for colour, left, right in _segments(shares or (), len(item.options)):
                    upper = top + number * bar
                    parts.setdefault(colour, []).append((left, upper, right, upper + bar * (0.96 if number else 0.86)))
        for colour, boxes in parts.items():  # one path for all boxes of a colour keeps the file small
            corners = [point for box in boxes for point in _corners(box)]
            path = Path(corners, [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(boxes))
            style = {"facecolor": colour, "edgecolor": "white", "linewidth": 0.3}
            if colour is None:
                style = {"facecolor": "white", "edgecolor": "black", "hatch": "//////", "linewidth": 0.3}
            axes.add_patch(PathPatch(path, **style))
        axes.set_ylim(rows, 0)
        axes.set_xlim(0, 1)
        axes.set_yticks(
            [row + 0.5 for row in range(len(items))],
            [f"{item.item} {label(item.text, _LONGEST)}" for item in items],
        )
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
        axes.tick_params(labelsize=6.5, left=False, length=2)
        axes.spines[["top", "right", "left"]].set_visible(False)


_Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge."""


def _corners(box: _Box) -> list[tuple[float, float]]:
    left, upper, right, lower = box
    return [(left, upper), (right, upper), (right, lower), (left, lower), (left, upper)]


def _segments(shares: Sequence[float], options: int) -> Iterator[tuple[Colour | None, float, float]]:
    """The parts of a bar: colour (None for unreadable answers), left and right end from 0 to 1."""
    colours = [*option_colours(options), None]
    total, left = sum(shares), 0.0
    for colour, share in zip(colours, shares, strict=False):
        if share > 0:
            yield colour, left, left + share / total
            left += share / total
