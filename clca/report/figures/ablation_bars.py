"""What a student scores on average after training on other data: the CLCA slides' ablations as bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.metric_names import HIGHER_IS_BETTER, Metric
from clca.records import Method
from clca.report.figures.drawing import Legend, label
from clca.report.figures.figure import Cell, DataTable
from clca.report.figures.palette import METHODS

METRICS: tuple[Metric, ...] = ("kl_paper", "accuracy_paper")
"""The columns of the slides' tables, of one family; each has an axis of its own."""

_BAR = 0.27  # inches


@dataclass(frozen=True, slots=True)
class AblationScore:
    """The mean over cultures of one run; `run` and `seed` are "" for a published one."""

    metric: Metric
    estimate: Estimate
    run: str = ""
    seed: str = ""


@dataclass(frozen=True, slots=True)
class AblationBar:
    """A system with the scores of its runs."""

    system: str
    method: Method
    of: Literal["ours", "published"]
    scores: tuple[AblationScore, ...]

    def values(self, metric: Metric) -> list[AblationScore]:
        """The scores of a metric."""
        return [score for score in self.scores if score.metric == metric]


@dataclass(frozen=True, slots=True)
class AblationFigure:
    """The systems of one student over the same cultures, from top to bottom."""

    student: str
    bars: tuple[AblationBar, ...]

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that any system has."""
        return [metric for metric in METRICS if any(bar.values(metric) for bar in self.bars)]

    @property
    def table(self) -> DataTable:
        """A row for each score."""
        columns = ("student", "system", "kind", "metric", "value", "low", "high", "run", "seed")
        return DataTable(columns, tuple(self._rows()))

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        for bar in self.bars:
            for score in bar.scores:
                numbers = (score.estimate.value, score.estimate.low, score.estimate.high)
                yield (self.student, bar.system, bar.of, score.metric, *numbers, score.run, score.seed)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 3.4 + 2.5 * len(self.metrics), 0.75 + _BAR * len(self.bars)

    def draw(self, figure: Any) -> Legend:
        """Draw a panel for each metric, beside each other."""
        from matplotlib.patches import Patch

        grid = figure.subplots(1, len(self.metrics), squeeze=False, sharey=True)[0]
        for axes, metric in zip(grid, self.metrics, strict=True):
            self._draw_panel(axes, metric)
        legend = [
            ("ours", Patch(facecolor="#777777"), "measured; dots are runs"),
            ("published", Patch(facecolor="white", edgecolor="#777777", hatch="////"), "printed in the paper"),
        ]
        return [(mark, text) for kind, mark, text in legend if any(bar.of == kind for bar in self.bars)]

    def _draw_panel(self, axes: Any, metric: Metric) -> None:
        for height, bar in enumerate(self.bars):
            scores = bar.values(metric)
            if not scores:
                continue
            colour, value = METHODS[bar.method][0], fmean(score.estimate.value for score in scores)
            fill = (
                {"color": colour} if bar.of == "ours" else {"facecolor": "white", "edgecolor": colour, "hatch": "////"}
            )
            axes.barh(height, value, 0.66, zorder=2, **fill)
            highest = value
            if len(scores) > 1:
                values = [score.estimate.value for score in scores]
                axes.plot(values, [height] * len(values), "o", color="black", markersize=3, zorder=4)
                highest = max(values)
            elif scores[0].estimate.low is not None and scores[0].estimate.high is not None:
                ends = [scores[0].estimate.low, scores[0].estimate.high]
                axes.plot(ends, [height, height], "-", color="black", linewidth=1.2, zorder=4)
                highest = ends[1]
            axes.annotate(
                f"{value:.3f}", (highest, height), (7, 0), textcoords="offset points", va="center", fontsize=7.5
            )
        axes.set_yticks(range(len(self.bars)), [label(bar.system, 46) for bar in self.bars])
        axes.set_ylim(len(self.bars) - 0.5, -0.5)
        axes.margins(x=0.16)
        axes.set_xlim(left=0)
        direction = "higher is better" if metric in HIGHER_IS_BETTER else "lower is better"
        axes.set_title(f"{HEADS[metric].title} ({direction})", fontsize=9)
        axes.tick_params(labelsize=8, left=False)
        axes.grid(axis="x", color="#e4e4e4", linewidth=0.7, zorder=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
