"""The result of `clca eval-offense`: what `--json` prints."""

from __future__ import annotations

from pydantic import Field

from clca.evaluation.classification.specificity import Specificity
from clca.evaluation.labelled.result import CultureResult
from clca.evaluation.offense.suite import ScoringDifference


class OffenseResult(CultureResult):
    """Macro-F1, accuracy and invalid rate of every system, by culture and test, and C-SPEC."""

    format: str
    scoring: str
    specificity: Specificity | None
    differences: tuple[ScoringDifference, ...] = Field(description="Where the paper's scoring differs, on these tests.")
