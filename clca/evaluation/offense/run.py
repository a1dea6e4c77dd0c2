"""Evaluation on offensiveness: systems answer tests, and the matrix of their scores is read."""

from __future__ import annotations

from dataclasses import asdict

from clca.evaluation.classification.aggregate import score
from clca.evaluation.labelled.run import answered
from clca.evaluation.offense.plan import OffensePlan
from clca.evaluation.offense.result import OffenseResult
from clca.evaluation.offense.tables import make_tables
from clca.evaluation.score_matrix import matrix_text
from clca.progress import ProgressCallback, ignore

MATRIX = "matrix.csv"


def run(plan: OffensePlan, progress: ProgressCallback = ignore) -> OffenseResult:
    """Have what is pending answered, and score all of it. Raises as `clca.evaluation.labelled.run.answered` does."""
    config = plan.config
    with answered(plan, progress) as answers:
        scores = score(answers.confusions, seed=config.seed, single_class=config.scoring == "paper")
        fields = answers.finish(
            scores,
            make_tables(plan, scores, answers.caveats),
            facts={
                "student": plan.model.name,
                "format": config.format,
                "scoring": config.scoring,
                "limit": config.limit,
                "differences": [asdict(difference) for difference in plan.differences],
            },
            files={MATRIX: matrix_text(scores)},
        )
    return OffenseResult(**fields, specificity=scores.specificity, differences=plan.differences)
