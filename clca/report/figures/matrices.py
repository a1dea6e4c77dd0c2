"""Matrices of adapters by tests side by side, as in S2N's figure 3: their ranks, or their normalised scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from clca.evaluation.classification.specificity import Specificity
from clca.evaluation.cspec.heatmap import draw_colour_bar, draw_matrix
from clca.evaluation.s2n_results import in_order
from clca.report.figures.drawing import Legend, label
from clca.report.figures.figure import Cell, DataTable

Kind = Literal["ranks", "normalised"]
KINDS: tuple[Kind, ...] = get_args(Kind)
HEADS: dict[Kind, str] = {
    "ranks": "Ranks of the adapters by macro-F1",
    "normalised": "Macro-F1 over the best of each column",
}

_CELL, _FRAME, _BAR = 0.27, 1.25, 0.9  # inches of a cell, of names beside the cells, and of the colour bar


@dataclass(frozen=True, slots=True)
class MatrixPanel:
    """A matrix under its title, the data of its adapters. `run` and `seed` are "" for a published one.

    `has_scores`: whether the matrix holds F1, and not scores that were normalised when they were published.
    """

    data: str
    specificity: Specificity
    run: str = ""
    seed: str = ""
    has_scores: bool = True

    @property
    def title(self) -> str:
        """The data, and C-SPEC where it is known."""
        score = self.specificity.cspec
        return label(self.data, 34) + ("" if score is None else f"\nC-SPEC {score.value:.2f}")


@dataclass(frozen=True, slots=True)
class MatrixFigure:
    """Matrices of one model; `kind` is what is drawn of them. `names` are those of cultures, by id."""

    model: str
    kind: Kind
    panels: tuple[MatrixPanel, ...]
    names: Mapping[str, str]

    @property
    def table(self) -> DataTable:
        """A row for each cell of each matrix."""
        columns = ("model", "data", "adapter", "tests", "f1", "normalised", "rank", "run", "seed")
        return DataTable(columns, tuple(self._rows()))

    def _rows(self) -> Iterator[tuple[Cell, ...]]:
        for panel in self.panels:
            of = panel.specificity
            order = [of.cultures.index(culture) for culture in in_order(of.cultures)]
            for row in order:
                for column in order:
                    score = of.matrix[row][column] if panel.has_scores else None
                    numbers = (score, of.normalised[row][column], of.ranks[row][column])
                    cell = (self.model, panel.data, of.cultures[row], of.cultures[column])
                    yield (*cell, *numbers, panel.run, panel.seed)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        widths = [self._side(panel) for panel in self.panels]
        return max(sum(widths) + _BAR, 5.0), max(widths) + 0.55

    def _side(self, panel: MatrixPanel) -> float:
        return _FRAME + max(_CELL * len(panel.specificity.cultures), 1.1)

    def draw(self, figure: Any) -> Legend:
        """Draw the matrices beside each other, with one colour bar; there is no legend."""
        widths = [self._side(panel) for panel in self.panels]
        grid = figure.subplots(1, len(self.panels), squeeze=False, width_ratios=widths)[0]
        cells: Any = None
        for number, (axes, panel) in enumerate(zip(grid, self.panels, strict=True)):
            cells = draw_matrix(axes, panel.specificity, self.kind, names=self.names, fontsize=6)
            axes.set_title(panel.title, fontsize=8.5)
            axes.tick_params(labelsize=7)
            axes.xaxis.label.set_size(8)
            axes.yaxis.label.set_size(8)
            if number:
                axes.set_ylabel("")
        most = max(len(panel.specificity.cultures) for panel in self.panels)
        last = f"rank {most}" if len(self.panels) == 1 else "last rank"
        draw_colour_bar(figure, cells, list(grid), self.kind, last)
        return []
