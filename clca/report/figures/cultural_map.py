"""The survey's cultural map, and where a student's answers in the place of each culture would put it.

Only an axis whose model is good enough has a point: on the other there is a band (`clca.evaluation.wvs.map_axes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from clca.evaluation.wvs.map_axes import AxisEstimate, AxisModel
from clca.report.figures.drawing import Legend, label
from clca.report.figures.figure import Cell, DataTable
from clca.report.figures.palette import BLACK, BLUE, FAINT, GREEN, GREY, METHOD_LABELS, VERMILLION

State = Literal["survey", "persona", "cultural", "clca"]
STATES: dict[State, tuple[str, str]] = {
    "survey": ("people's own answers to the same items", GREY),
    "persona": (METHOD_LABELS["persona"], BLUE),
    "cultural": (METHOD_LABELS["cultural"], GREEN),
    "clca": ("adapted", VERMILLION),
}
"""What is put on the map, in the order of the legend: in words, and its colour."""

PUBLISHED = "published position of the country"
MOST_IN_A_ROW = 3
_EDGE = 0.5  # factor scores that are left free around the countries
_PANEL = 2.5  # inches


@dataclass(frozen=True, slots=True)
class Country:
    """A country of the published map, by the survey's factor scores."""

    name: str
    secular: float
    expression: float


@dataclass(frozen=True, slots=True)
class MapMark:
    """Where answers lie on both axes, None where an item has no answers; `run` and `seed` are "" for the survey."""

    state: State
    system: str
    secular: AxisEstimate | None
    expression: AxisEstimate | None
    run: str = ""
    seed: str = ""


@dataclass(frozen=True, slots=True)
class MapPanel:
    """A culture: its published position, None where it is not on the map, and what is put there."""

    culture: str
    name: str
    published: tuple[float, float] | None
    marks: tuple[MapMark, ...]

    def by_state(self) -> Iterator[tuple[State, list[MapMark]]]:
        """The marks that have a position on the first axis, by state in the order of the legend."""
        for state in STATES:
            marks = [mark for mark in self.marks if mark.state == state and mark.secular is not None]
            if marks:
                yield state, marks


@dataclass(frozen=True, slots=True)
class CulturalMap:
    """The map of a student, a panel for each culture; `countries` are in the background of all."""

    student: str
    countries: tuple[Country, ...]
    secular: AxisModel
    expression: AxisModel
    panels: tuple[MapPanel, ...]

    @property
    def table(self) -> DataTable:
        """A row for each position: published, estimated from people's answers, and of each run of the student."""
        columns = (
            *("student", "culture", "kind", "secular_rational", "secular_low", "secular_high", "secular_in_range"),
            *("self_expression", "expression_low", "expression_high", "expression_in_range", "run", "seed"),
        )
        return DataTable(columns, tuple(self._rows()))

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        for panel in self.panels:
            if panel.published is not None:
                secular, expression = panel.published
                empty = (None, None, "")
                yield self.student, panel.culture, "published", secular, *empty, expression, *empty, "", ""
            for mark in panel.marks:
                # On an axis without a point, the band has no middle that could be taken for one.
                secular_cells = _cells(mark.secular, self.secular.is_point)
                expression_cells = _cells(mark.expression, self.expression.is_point)
                yield self.student, panel.culture, mark.system, *secular_cells, *expression_cells, mark.run, mark.seed

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        beside = min(len(self.panels), MOST_IN_A_ROW)
        return max(beside * _PANEL + 0.6, 6.6), -(-len(self.panels) // beside) * (
            _PANEL + (0.9 if beside == 1 else 0.15)
        ) + 0.25

    def draw(self, figure: Any) -> Legend:
        """Draw a map for each culture on the same axes."""
        beside = min(len(self.panels), MOST_IN_A_ROW)
        rows = -(-len(self.panels) // beside)
        grid = list(figure.subplots(rows, beside, squeeze=False, sharex=True, sharey=True).flat)
        legend: dict[str, Any] = {}
        for axes, panel in zip(grid, self.panels, strict=False):
            self._draw_panel(axes, panel, legend)
        for axes in grid[len(self.panels) :]:
            axes.set_axis_off()
        for axes in grid[max(len(self.panels) - beside, 0) : len(self.panels)]:
            axes.tick_params(labelbottom=True)
            axes.set_xlabel(f"{self.expression.axis.low}  →  {self.expression.axis.high}", fontsize=8)
        for axes in grid[::beside]:
            axes.set_ylabel(f"{self.secular.axis.low}  →  {self.secular.axis.high}", fontsize=8)
        order = ["other countries, published", PUBLISHED, *(text for text, _ in STATES.values())]
        return sorted(((mark, text) for text, mark in legend.items()), key=lambda entry: order.index(entry[1]))

    def _draw_panel(self, axes: Any, panel: MapPanel, legend: dict[str, Any]) -> None:
        across = [country.expression for country in self.countries]
        up = [country.secular for country in self.countries]
        axes.set_xlim(min(across) - _EDGE, max(across) + _EDGE)
        axes.set_ylim(min(up) - _EDGE, max(up) + _EDGE)
        axes.set_title(label(panel.name, 30), fontsize=9)
        axes.tick_params(labelsize=7.5)
        axes.spines[["top", "right"]].set_visible(False)
        legend.setdefault("other countries, published", _dots(axes, across, up))
        for state, marks in panel.by_state():
            text, colour = STATES[state]
            self._draw_marks(axes, marks, colour)
            legend.setdefault(text, _key(colour))
        if panel.published is not None:
            secular, expression = panel.published
            style = {"markersize": 11, "color": BLACK, "markeredgecolor": "white", "zorder": 6}
            (star,) = axes.plot([expression], [secular], "*", **style)
            legend.setdefault(PUBLISHED, star)

    def _draw_marks(self, axes: Any, marks: Sequence[MapMark], colour: str) -> None:
        """The band around the mean of the runs, and for each run a point, or a line where one axis has none."""
        from matplotlib.patches import Rectangle

        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        x = _mean([mark.expression for mark in marks])
        y = _mean([mark.secular for mark in marks])
        low_x, high_x = (left, right) if x is None else (x - self.expression.band, x + self.expression.band)
        low_y, high_y = (bottom, top) if y is None else (y - self.secular.band, y + self.secular.band)
        band = Rectangle((low_x, low_y), high_x - low_x, high_y - low_y, linestyle="--", linewidth=0.8, zorder=2)
        band.set_facecolor((*_rgb(colour), 0.10))
        band.set_edgecolor((*_rgb(colour), 0.55))
        axes.add_patch(band)
        for mark in marks:
            self._draw_middle(axes, mark, colour, (low_x, high_x), (low_y, high_y))

    def _draw_middle(
        self, axes: Any, mark: MapMark, colour: str, across: tuple[float, float], up: tuple[float, float]
    ) -> None:
        """A point, or a line where only one axis has a point; dotted or hollow where the answers are out of range."""
        x = mark.expression.value if mark.expression is not None and self.expression.is_point else None
        y = mark.secular.value if mark.secular is not None and self.secular.is_point else None
        within = all(estimate is None or estimate.within for estimate in (mark.secular, mark.expression))
        style = {"color": colour, "linewidth": 1.8, "linestyle": "-" if within else ":", "zorder": 4}
        if x is not None and y is not None:
            axes.plot([x], [y], marker="o", markerfacecolor=colour if within else "white", **style)
        elif y is not None:
            axes.plot(across, [y, y], **style)
        elif x is not None:
            axes.plot([x, x], up, **style)


def _cells(estimate: AxisEstimate | None, is_point: bool) -> tuple[float | None, float | None, float | None, str]:
    if estimate is None:
        return None, None, None, ""
    ends = estimate.value - estimate.band, estimate.value + estimate.band
    return estimate.value if is_point else None, *ends, "yes" if estimate.within else "no"


def _mean(estimates: Sequence[AxisEstimate | None]) -> float | None:
    known = [estimate.value for estimate in estimates if estimate is not None]
    return fmean(known) if known else None


def _dots(axes: Any, across: Sequence[float], up: Sequence[float]) -> Any:
    """Dots as one path of strokes without length, a tenth of the size of as many marks; gives back one for a legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    ends = [point for x, y in zip(across, up, strict=True) for point in ((x, y), (x + 1e-3, y))]
    path = Path(ends, [Path.MOVETO, Path.LINETO] * len(across))
    path.should_simplify = False  # or what is too short to be seen as a line would be left out
    style = {"facecolor": "none", "edgecolor": FAINT, "linewidth": 3, "capstyle": "round"}
    axes.add_patch(PathPatch(path, snap=False, zorder=1, **style))
    return Line2D([], [], linestyle="none", marker="o", color=FAINT, markersize=3)


def _key(colour: str) -> Any:
    """The mark of a state in the legend: its line, and its band around it."""
    from matplotlib.patches import Patch

    return Patch(facecolor=(*_rgb(colour), 0.35), edgecolor=colour, linewidth=1.4)


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
