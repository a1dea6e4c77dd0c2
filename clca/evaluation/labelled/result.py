"""The results of suites on labelled texts."""

from __future__ import annotations

from pydantic import Field, computed_field

from clca.evaluation.classification.scores import AVERAGE, ClassificationEstimates, MatrixScores
from clca.evaluation.result import EvaluationResult


class LabelledResult(EvaluationResult):
    """What `--json` prints of every suite on labelled texts."""

    demonstration: bool = Field(description="Whether it asked texts that were made for demonstration.")
    data: str | None = Field(description="Where the texts come from; None for the demonstration set.")
    rows: tuple[str, ...] = Field(description="Systems: base, zero-shot, combined, or the culture of an adapter.")
    limit: int | None
    scores: MatrixScores = Field(exclude=True, repr=False)


class CultureResult(LabelledResult):
    """The result of a suite whose tests are those of cultures."""

    cultures: tuple[str, ...]

    @computed_field(description="Row -> culture of the tests, or `average` -> numbers.")  # type: ignore[prop-decorator]
    @property
    def matrix(self) -> dict[str, dict[str, ClassificationEstimates]]:
        """Estimates by row and culture, with the average over cultures."""
        return {row.row: {**row.cultures, AVERAGE: row.average} for row in self.scores.results}

    @computed_field(description="Row -> test -> numbers.")  # type: ignore[prop-decorator]
    @property
    def tests(self) -> dict[str, dict[str, ClassificationEstimates]]:
        """Estimates by row and test."""
        return {row.row: row.tests for row in self.scores.results}
