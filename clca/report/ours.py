"""Evaluations that stand in tables of S2N's layout, and what such tables share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clca.evaluation.classification.scores import MatrixScores
from clca.report.s2n import DATA
from clca.report.table import Cell, Estimate, Row

SINGLE, POOLED, OVER_TESTS = "single", "pooled", "over_tests"
AVG = "Avg."

PRINTED = "Published: From Surveys to Narratives (S2N); its own inconsistencies are told in eval/offense/published.md."
INTERVALS = "In brackets: 95 % basic bootstrap intervals over texts."


@dataclass(frozen=True, slots=True)
class Ours:
    """An evaluation: the model's alias, what its adapters were trained on (a mix, None where unknown), its scores."""

    model: str
    data: str | None
    scores: MatrixScores

    @property
    def trained(self) -> str:
        return DATA.get(self.data or "", self.data or "adapters")


def cell(estimate: Estimate | None) -> Cell | None:
    return None if estimate is None else Cell(estimate.value, estimate.low, estimate.high)


def maybe(value: float | None) -> Cell | None:
    return None if value is None else Cell(value)


def reading(rows: Sequence[Row]) -> Iterator[str]:
    if any(one and one.low is not None for row in rows for one in row.cells):
        yield INTERVALS
    if any(row.kind == "published" for row in rows):
        yield PRINTED
