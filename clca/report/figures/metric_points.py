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
MOST_RUNS = 5  # of a system, each with a line of its own; of more the mean is drawn, and the lowest and highest
MOST_LINES, MOST_CULTURES = 16, 40  # of a row, and rows; what is beyond is in the table only
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
    def not_drawn(self) -> tuple[str, ...]:
        """What is in the table alone, since a picture would be too large for it."""
        lines = max((len(_lines(panel.series)) for panel in self.panels), default=0)
        more = {"systems of a student": lines - MOST_LINES, "cultures": len(self.cultures) - MOST_CULTURES}
        return tuple(f"Not drawn, but in the table: {count} {what}." for what, count in more.items() if count > 0)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        beside = min(len(self.panels), MOST_IN_A_ROW)
        height = 0.75 + self._row * len(self._shown)
        return max(2.2 + 2.9 * beside, 6.6), -(-len(self.panels) // beside) * height

    @property
    def _row(self) -> float:
        """The height in inches of a culture's row."""
        lines = max((len(_lines(panel.series)) for panel in self.panels), default=1)
        return _ROW + _MARK * min(lines, MOST_LINES)

    @property
    def _shown(self) -> dict[str, str]:
        return dict(list(self.cultures.items())[:MOST_CULTURES])

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
        axes.set_yticks(range(len(self._shown)), [label(name, 24) for name in self._shown.values()])
        axes.set_ylim(len(self._shown) - 0.5, -0.5)
        axes.tick_params(labelsize=8, left=False)
        axes.grid(axis="x", color="#e4e4e4", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        for place in range(1, len(self._shown)):
            axes.axhline(place - 0.5, color="#d0d0d0", linewidth=0.6)
        places = {culture: place for place, culture in enumerate(self._shown)}
        self._draw_references(axes, panel, places, legend)
        lines = _lines(panel.series)[:MOST_LINES]
        step = _MARK / self._row
        for number, (series, estimates) in enumerate(lines):
            offset = (number - (len(lines) - 1) / 2) * step
            colour, mark = colours[series.system]
            style = {"color": colour, "marker": mark, "linestyle": "none", "markersize": 5.5, "zorder": 4}
            if series.of == PUBLISHED:
                style |= {"markerfacecolor": "white", "markeredgewidth": 1.3, "zorder": 5}
            for culture, estimate in estimates.items():
                if culture not in places:
                    continue
                height = places[culture] + offset
                if estimate.low is not None and estimate.high is not None:
                    ends = [estimate.low, estimate.high]
                    axes.plot(ends, [height, height], "-", color=colour, linewidth=1.3, zorder=3)
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


def _lines(series: Sequence[MetricSeries]) -> list[tuple[MetricSeries, dict[str, Estimate]]]:
    """The lines of a row from top to bottom, each with its estimates by culture.

    A system has a line for each run of a culture, or a single one where they are too many.
    """
    lines = []
    for of_system in series:
        by_culture: dict[str, list[Estimate]] = {}
        for point in of_system.points:
            by_culture.setdefault(point.culture, []).append(point.estimate)
        most = max(map(len, by_culture.values()), default=0)
        if most > MOST_RUNS:
            lines.append((of_system, {culture: _over_runs(runs) for culture, runs in by_culture.items()}))
            continue
        for number in range(most):
            of_run = {culture: runs[number] for culture, runs in by_culture.items() if number < len(runs)}
            lines.append((of_system, of_run))
    return lines


def _over_runs(runs: Sequence[Estimate]) -> Estimate:
    values = [run.value for run in runs]
    return Estimate(value=fmean(values), low=min(values), high=max(values))


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
