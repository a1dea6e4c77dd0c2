"""A metric of the survey by the language that a student was asked in: a panel for each culture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.metric_names import Metric
from clca.records import Method
from clca.report.figures.drawing import Legend, label
from clca.report.figures.figure import Cell, DataTable
from clca.report.figures.palette import FURTHER, METHODS

MOST_IN_A_ROW = 5  # panels beside each other
_PANEL, _HEIGHT = 1.55, 2.5  # inches


@dataclass(frozen=True, slots=True)
class LanguageScore:
    """The score of a system in one language."""

    system: str
    method: Method
    culture: str
    language: str
    estimate: Estimate
    run: str
    seed: str


@dataclass(frozen=True, slots=True)
class TransferFigure:
    """A metric of a student in the languages that cultures were asked in; `cultures` are the panels by name."""

    student: str
    metric: Metric
    cultures: dict[str, str]
    scores: tuple[LanguageScore, ...]

    @property
    def table(self) -> DataTable:
        """A row for each mark."""
        columns = ("student", "metric", "system", "culture", "language", "value", "low", "high", "run", "seed")
        return DataTable(columns, tuple(self._rows()))

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        for score in self.scores:
            numbers = (score.estimate.value, score.estimate.low, score.estimate.high)
            of = (self.student, self.metric, score.system, score.culture, score.language)
            yield (*of, *numbers, score.run, score.seed)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        beside = min(len(self.cultures), MOST_IN_A_ROW)
        return max(beside * _PANEL + 0.7, 6.6), -(-len(self.cultures) // beside) * _HEIGHT

    def draw(self, figure: Any) -> Legend:
        """Draw a line from language to language for each system and run."""
        beside = min(len(self.cultures), MOST_IN_A_ROW)
        rows = -(-len(self.cultures) // beside)
        grid = list(figure.subplots(rows, beside, squeeze=False, sharey=True).flat)
        legend: dict[str, Any] = {}
        for axes, (culture, name) in zip(grid, self.cultures.items(), strict=False):
            self._draw_panel(axes, [score for score in self.scores if score.culture == culture], legend)
            axes.set_title(label(name, 24), fontsize=9)
        for axes in grid[len(self.cultures) :]:
            axes.set_axis_off()
        for axes in grid[::beside]:
            axes.set_ylabel(HEADS[self.metric].title, fontsize=8.5)
        return [(mark, text) for text, mark in legend.items()]

    def _draw_panel(self, axes: Any, scores: list[LanguageScore], legend: dict[str, Any]) -> None:
        languages = list(dict.fromkeys(score.language for score in scores))
        languages.sort(key=lambda language: (language != "en", language))
        lines: dict[tuple[str, str], list[LanguageScore]] = {}
        for score in scores:
            lines.setdefault((score.system, score.seed), []).append(score)
        for number, of_line in enumerate(lines.values()):
            colour, mark = self._style(of_line[0])
            of_line.sort(key=lambda score: languages.index(score.language))
            shift = (number - (len(lines) - 1) / 2) * 0.06
            places = [languages.index(score.language) + shift for score in of_line]
            values = [score.estimate.value for score in of_line]
            (drawn,) = axes.plot(places, values, marker=mark, color=colour, markersize=5, linewidth=1.1, zorder=3)
            for place, score in zip(places, of_line, strict=True):
                low, high = score.estimate.low, score.estimate.high
                if low is not None and high is not None:
                    axes.plot([place, place], [low, high], "-", color=colour, linewidth=1.2, zorder=2)
            legend.setdefault(label(of_line[0].system, 60), drawn)
        axes.set_xlim(-0.4, len(languages) - 0.6)
        axes.set_xticks(range(len(languages)), [label(language, 12) for language in languages])
        axes.tick_params(labelsize=8)
        axes.grid(axis="y", color="#e4e4e4", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)

    def _style(self, score: LanguageScore) -> tuple[str, str]:
        """Colour and mark: those of the method, of its further systems others."""
        systems = list(dict.fromkeys(other.system for other in self.scores if other.method == score.method))
        position = systems.index(score.system)
        return METHODS[score.method] if position == 0 else FURTHER[(position - 1) % len(FURTHER)]
