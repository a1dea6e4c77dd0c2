"""The run of a suite on labelled texts: pending texts are answered, then the suite scores the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from clca.evaluation.classification.answer_caveats import answer_caveats
from clca.evaluation.classification.answering import TaskAnswering
from clca.evaluation.classification.confusion import Confusion
from clca.evaluation.classification.prediction_dir import TaskPredictionDir
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.labelled.plan import LabelledPlan
from clca.evaluation.labelled.prompt_length import require_prompts_fit
from clca.evaluation.run import Outcome, finish, start
from clca.evaluation.run_recorder import RunRecorder
from clca.evaluation.table import Table
from clca.progress import ProgressCallback


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of a suite by task, its folder still open, and what has to be read beside their scores."""

    plan: LabelledPlan
    recorder: RunRecorder
    confusions: list[Confusion]
    caveats: tuple[str, ...]

    def finish(
        self,
        scores: MatrixScores,
        tables: tuple[Table, ...],
        *,
        facts: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Write scores, tables and further `files`; returns the fields of a `LabelledResult`.

        `facts` are further keys of `scores.json`.
        """
        content = {"mix": self.plan.model.mix, **(facts or {}), **scores.model_dump(mode="json")}
        outcome = Outcome(content, tables, self.caveats, files or {})
        predictions = self.plan.prompts - sum(self.recorder.unanswered.values())
        return {**finish(self.plan, self.recorder, outcome, predictions), "scores": scores}


@contextmanager
def answered(plan: LabelledPlan, progress: ProgressCallback) -> Iterator[Answers]:
    """Have what is pending answered; the folder stays open while the block scores the answers and finishes them.

    Raises `SettingsError` for a prompt that is too long, `EvaluationStopped` for an interruption, after which the
    same command resumes, and `ClcaError` for a model or a server that fails.
    """
    earlier = start(plan)
    if not earlier.get("finished"):
        require_prompts_fit(plan)
    with TaskPredictionDir(plan.folder, plan.tasks, plan.systems) as folder:
        work = TaskAnswering(folder, plan.tasks, plan.systems, progress)
        folder.write_prompts(plan.tasks, plan.prompt_forms)
        with RunRecorder(plan, earlier, folder, lambda: _status(work), progress) as recorder:
            work.answer_pending(recorder.predictor)
        unanswered = recorder.unanswered_caveats(f", each {plan.nouns.text} being left out for all systems")
        confusions = work.confusions()
        caveats = plan.caveats(recorder.coverage, [*unanswered, *answer_caveats(confusions)])
        yield Answers(plan, recorder, confusions, caveats)


def _status(work: TaskAnswering) -> dict[str, Any]:
    done, total = work.cells
    return {"cells": {"done": done, "of": total}}
