"""Evaluation on MMLU: a student and its adapters answer questions, and the answers are scored."""

from __future__ import annotations

from clca.evaluation.labelled.run import answered
from clca.evaluation.mmlu.plan import MmluPlan
from clca.evaluation.mmlu.result import MmluResult, results_by_row
from clca.evaluation.mmlu.scores import score_subjects
from clca.evaluation.mmlu.tables import make_tables
from clca.progress import ProgressCallback, ignore


def run(plan: MmluPlan, progress: ProgressCallback = ignore) -> MmluResult:
    """Have what is pending answered, and score all of it. Raises as `clca.evaluation.labelled.run.answered` does."""
    config = plan.config
    with answered(plan, progress) as answers:
        scores, knowledge = score_subjects(answers.confusions, seed=config.seed, default=config.scoring == "paper")
        fields = answers.finish(
            scores,
            make_tables(plan, scores, knowledge, answers.caveats),
            facts={
                "notes": list(plan.exam.notes),
                "scoring": config.scoring,
                "shots": config.shots,
                "knowledge": knowledge.model_dump(mode="json"),
            },
        )
    return MmluResult(**fields, results=results_by_row(scores, knowledge), spread=knowledge.spread, knowledge=knowledge)
