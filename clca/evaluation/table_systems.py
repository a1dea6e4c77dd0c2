"""Evaluations that stand in tables of S2N's layout, and what such tables share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.published.matching import Matched
from clca.evaluation.s2n_results import CODES, DATA, Printed, Published
from clca.evaluation.table import Cell, Estimate, Row

SINGLE, POOLED, OVER_TESTS = "single", "pooled", "over_tests"
AVG = "Avg."

PRINTED = "Published: From Surveys to Narratives (S2N); its own inconsistencies are told in eval/offense/published.md."
TOTALS = "Published means and totals are over the paper's ten cultures, and stand beside all ten of them only."
INTERVALS = "Beside or below a number: its 95 % basic bootstrap interval over texts."


@dataclass(frozen=True, slots=True)
class TableSystem:
    """An evaluation: the model's alias, what its adapters were trained on (a mix, None where unknown), its scores.

    `combined` is the mix of the adapter of all cultures, None where it is unknown. `name` tells it from another one of
    the same model and data. `comparable` are the printed numbers that it may stand beside: none before they are
    matched.
    """

    model: str
    data: str | None
    scores: MatrixScores
    name: str = ""
    combined: str | None = None
    comparable: Matched = field(default_factory=Matched)

    @property
    def printed(self) -> Published:
        """The printed numbers that it may stand beside."""
        return Published(entry for entry in self.comparable.entries if isinstance(entry, Printed))

    @property
    def trained(self) -> str:
        """The data that the adapters were trained on, with the system's name where it has one."""
        return self._named(self.data)

    @property
    def combined_data(self) -> str | None:
        """The mix of the adapter of all cultures; that of the others where an old evaluation does not say it."""
        return self.combined or self.data

    @property
    def combined_trained(self) -> str:
        """The data that the adapter of all cultures was trained on, as `trained`."""
        return self._named(self.combined_data)

    def _named(self, mix: str | None) -> str:
        data = DATA.get(mix or "", mix or "adapters")
        return f"{data} ({self.name})" if self.name else data

    @property
    def whole(self) -> bool:
        """Whether its tests are of the paper's ten cultures, which printed totals are over."""
        return set(self.scores.cultures) == set(CODES)


def with_adapter(label: str, row: str, taught: Mapping[str, str] | None) -> str:
    """The label of a row with what its adapter was trained with, if it has one."""
    known = taught.get(row) if taught else None
    return label if known is None or known in label else f"{label} ({known})"


def cell(estimate: Estimate | None) -> Cell | None:
    """A table cell with its interval; None for no estimate."""
    return None if estimate is None else Cell(estimate.value, estimate.low, estimate.high)


def maybe(value: float | None) -> Cell | None:
    """A table cell without an interval; None for no value."""
    return None if value is None else Cell(value)


def reading(rows: Sequence[Row], *, all_cultures: bool = True) -> Iterator[str]:
    """Notes on the kinds of rows that a table has; without `all_cultures` printed totals are left out."""
    if any(
        entry and entry.low is not None and entry.high is not None and entry.high - entry.low >= 1e-9
        for row in rows
        for entry in row.cells
    ):
        yield INTERVALS
    if any(row.kind == "published" for row in rows):
        yield PRINTED
        if not all_cultures:
            yield TOTALS
