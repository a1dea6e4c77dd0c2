"""One metric of the survey by student and culture: a panel for each student, a row for each culture.

A figure has one metric, so that the paper's KL-D never shares an axis with a proper distance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.metric_names import HIGHER_IS_BETTER, PAPER_METRICS, Metric
from clca.records import Method
from clca.report.figures.drawing import Legend, label
from clca.report.figures.figure import DataTable
from clca.report.figures.palette import BLACK, FURTHER, GREY, METHODS

Reference = Literal["uniform", "majority", "split_half"]
REFERENCES: dict[Reference, str] = {
    "uniform": "uniform answers",
    "majority": "everyone the majority option",
    "split_half": "people, split half",
}
PUBLISHED = "published"
MOST_IN_A_ROW = 3  # panels beside each other
_MARK, _ROW = 0.15, 0.16  # inches of a mark's height, and of the space between rows
_DASHES: dict[Reference, Any] = {"uniform": ":", "majority": "--", "split_half": "-"}


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """A score of a culture. `run` names the evaluation, `seed` that of its adapter or draw, both "" if published."""

    culture: str
    estimate: Estimate
    run: str = ""
    seed: str = ""


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """Scores of one system: a method with what its adapters were taught. `of` is `ours` or `published`."""

    system: str
    method: Method
    of: Literal["ours", "published"]
    points: tuple[MetricPoint, ...]

    @property
    def name(self) -> str:
        """The system, and whether it is published."""
        return self.system if self.of == "ours" else f"{self.system}, {PUBLISHED}"


@dataclass(frozen=True, slots=True)
class StudentPanel:
    """A student's series, and what trivial predictors and people score, by reference and culture."""

    student: str
    series: tuple[MetricSeries, ...]
    references: dict[Reference, dict[str, Estimate]]


@dataclass(frozen=True, slots=True)
class MetricFigure:
    """One metric of all students; `cultures` are the rows from top to bottom, by the names that are shown."""

    metric: Metric
    cultures: dict[str, str]
    panels: tuple[StudentPanel, ...]

    @property
    def heading(self) -> str:
        """The metric with the direction in which it is better and its family."""
        arrow = "higher is better" if self.metric in HIGHER_IS_BETTER else "lower is better"
        family = "paper-compatible" if self.metric in PAPER_METRICS else "proper"
        return f"{HEADS[self.metric].title} ({arrow}; {'beside both families' if self.metric == 'invalid' else family})"

    @property
    def table(self) -> DataTable:
        """A row for each mark: student, system, culture, where from, value, interval, run, seed."""
        columns = ("metric", "student", "system", "culture", "kind", "value", "low", "high", "run", "seed")
        return DataTable(columns, tuple(self._rows()))

    def _rows(self) -> Iterator[tuple[str | float | None, ...]]:
        for panel in self.panels:
            for series in panel.series:
                for point in series.points:
                    estimate = point.estimate
                    numbers = (estimate.value, estimate.low, estimate.high)
                    where = (self.metric, panel.student, series.name, point.culture, series.of)
                    yield (*where, *numbers, point.run, point.seed)
            for reference, by_culture in panel.references.items():
                for culture, estimate in by_culture.items():
                    numbers = (estimate.value, estimate.low, estimate.high)
                    yield self.metric, panel.student, REFERENCES[reference], culture, "reference", *numbers, "", ""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        beside = min(len(self.panels), MOST_IN_A_ROW)
        return max(2.2 + 2.9 * beside, 6.6), (len(self.panels) + beside - 1) // beside * (
            0.75 + self._row * len(self.cultures)
        )

    @property
    def _row(self) -> float:
        """The height in inches of a culture's row."""
        return _ROW + _MARK * max((len(_slots(panel.series)) for panel in self.panels), default=1)

    def draw(self, figure: Any) -> Legend:
        """Draw all panels; the legend has each system and reference once."""
        beside = min(len(self.panels), MOST_IN_A_ROW)
        rows = (len(self.panels) + beside - 1) // beside
        grid = list(figure.subplots(rows, beside, squeeze=False, sharex=True, sharey=True).flat)
        legend: dict[str, Any] = {}
        colours = _colours(self.panels)
        for axes, panel in zip(grid, self.panels, strict=False):
            self._draw_panel(axes, panel, colours, legend)
        for axes in grid[len(self.panels) :]:
            axes.set_axis_off()
        for axes in grid[max(len(self.panels) - beside, 0) : len(self.panels)]:
            axes.set_xlabel(HEADS[self.metric].title, fontsize=8.5)
            axes.tick_params(labelbottom=True)
        last = list(REFERENCES.values())
        return sorted(((mark, text) for text, mark in legend.items()), key=lambda entry: entry[1] in last)

    def _draw_panel(
        self, axes: Any, panel: StudentPanel, colours: dict[str, tuple[str, str]], legend: dict[str, Any]
    ) -> None:
        axes.set_title(label(panel.student), fontsize=9)
        axes.set_yticks(range(len(self.cultures)), [label(name, 24) for name in self.cultures.values()])
        axes.set_ylim(len(self.cultures) - 0.5, -0.5)
        axes.tick_params(labelsize=8, left=False)
        axes.grid(axis="x", color="#e4e4e4", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        for place in range(1, len(self.cultures)):
            axes.axhline(place - 0.5, color="#d0d0d0", linewidth=0.6)
        places = {culture: place for place, culture in enumerate(self.cultures)}
        self._draw_references(axes, panel, places, legend)
        slots = _slots(panel.series)
        step = _MARK / self._row
        for number, (series, points) in enumerate(slots):
            offset = (number - (len(slots) - 1) / 2) * step
            colour, mark = colours[series.system]
            style = {"color": colour, "marker": mark, "linestyle": "none", "markersize": 5.5, "zorder": 4}
            if series.of == PUBLISHED:
                style |= {"markerfacecolor": "white", "markeredgewidth": 1.3, "zorder": 5}
            for point in points:
                height, estimate = places[point.culture] + offset, point.estimate
                if estimate.low is not None and estimate.high is not None:
                    axes.plot(
                        [estimate.low, estimate.high], [height, height], "-", color=colour, linewidth=1.3, zorder=3
                    )
                (drawn,) = axes.plot([estimate.value], [height], **style)
                legend.setdefault(label(series.name, 60), drawn)

    def _draw_references(self, axes: Any, panel: StudentPanel, places: dict[str, int], legend: dict[str, Any]) -> None:
        for reference, by_culture in panel.references.items():
            for culture, estimate in by_culture.items():
                if culture not in places:
                    continue
                ends = [places[culture] - 0.46, places[culture] + 0.46]
                colour = BLACK if reference == "split_half" else GREY
                style = {"linestyle": _DASHES[reference], "color": colour, "linewidth": 1.2, "zorder": 2}
                (drawn,) = axes.plot([estimate.value] * 2, ends, **style)
                legend.setdefault(REFERENCES[reference], drawn)


def _slots(series: Sequence[MetricSeries]) -> list[tuple[MetricSeries, list[MetricPoint]]]:
    """The lines of a row from top to bottom: one for each series, and of several runs of a culture one for each."""
    slots = []
    for of_system in series:
        most = max((_count(of_system, culture) for culture in {point.culture for point in of_system.points}), default=0)
        for number in range(most):
            points = []
            for culture in dict.fromkeys(point.culture for point in of_system.points):
                points += [point for point in of_system.points if point.culture == culture][number : number + 1]
            slots.append((of_system, points))
    return slots


def _count(series: MetricSeries, culture: str) -> int:
    return sum(point.culture == culture for point in series.points)


def _colours(panels: Iterable[StudentPanel]) -> dict[str, tuple[str, str]]:
    """Colour and mark of each system: its method's own, of further systems of a method those that no method has."""
    systems = {series.system: series.method for panel in panels for series in panel.series}
    first: dict[Method, str] = {}
    for system, method in systems.items():
        first.setdefault(method, system)
    further = [system for system, method in systems.items() if first[method] != system]
    styles = {system: METHODS[method] for method, system in first.items()}
    return {**styles, **{system: FURTHER[index % len(FURTHER)] for index, system in enumerate(further)}}


def means(figure: MetricFigure) -> Iterable[tuple[str, str, float]]:
    """The mean over cultures and runs by student and system of ours, for the text alternative."""
    for panel in figure.panels:
        for series in panel.series:
            if series.of == "ours" and series.points:
                yield panel.student, series.name, fmean(point.estimate.value for point in series.points)
