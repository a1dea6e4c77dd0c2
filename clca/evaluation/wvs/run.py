"""Evaluation on the survey: a model answers in the place of respondents, and its answers are scored.

request groups -> predictor -> predictions -> scores -> tables
"""

from __future__ import annotations

from dataclasses import asdict

from clca.evaluation.run import Outcome, finish, start
from clca.evaluation.run_recorder import RunRecorder
from clca.evaluation.wvs.aggregate import score
from clca.evaluation.wvs.answer_caveats import answer_caveats
from clca.evaluation.wvs.answering import WvsAnswering
from clca.evaluation.wvs.plan import WvsPlan
from clca.evaluation.wvs.prediction_dir import WvsPredictionDir
from clca.evaluation.wvs.rereading import Rereading
from clca.evaluation.wvs.result import WvsResult, averages_of, summarise_cultures
from clca.evaluation.wvs.tables import early_stop_caveats, make_tables
from clca.progress import ProgressCallback, ignore
from clca.records import Scoring


def run(plan: WvsPlan, progress: ProgressCallback = ignore) -> WvsResult:
    """Have what is pending answered, and score all of it.

    Raises `EvaluationStopped` for an interruption, after which it resumes, and `ClcaError` for a model or a server
    that fails.
    """
    config, earlier = plan.config, start(plan)
    other: Scoring = "corrected" if config.scoring == "paper" else "paper"
    rereading = Rereading(
        other, plan.readers[other], plan.request_groups, plan.samples, plan.offered.layouts, weighted=config.weights
    )
    with WvsPredictionDir(plan.folder, plan.request_groups) as folder:
        work = WvsAnswering(
            folder,
            plan.request_groups,
            plan.samples,
            plan.offered.layouts,
            plan.readers[config.scoring],
            rereading,
            seed=config.seed,
            weighted=config.weights,
            on_progress=progress,
        )
        folder.write_prompts(plan.request_groups)
        with RunRecorder(plan, earlier, folder, dict, progress) as recorder:
            if config.until_ci is None:
                work.answer_pending(recorder.predictor)
                stops = []
            else:
                stops = work.answer_until(recorder.predictor, config.until_ci)
        surveys = {name: sample.survey for name, sample in plan.samples.items()}
        scores = score(work.counts, surveys, seed=config.seed)
        other_reading = rereading.score(surveys, seed=config.seed)
        scores = scores.model_copy(update={"scoring": config.scoring, "other_reading": other_reading})
        of_answers = answer_caveats(scores, plan.offered.layouts, plan.inference.mode, config.seed)
        of_run = [*early_stop_caveats(stops), *recorder.unanswered_caveats(), *of_answers]
        caveats = plan.caveats(recorder.coverage, of_run)
        outcome = Outcome(
            scores={
                "synthetic": plan.synthetic,
                "format": plan.format,
                **plan.offered.summary,
                "weighted": config.weights,
                "until_ci": config.until_ci,
                "stopped": [{**asdict(stop), "kl": stop.kl.model_dump()} for stop in stops],
                **scores.model_dump(mode="json"),
            },
            tables=make_tables(plan, scores, caveats),
            caveats=caveats,
        )
        fields = finish(plan, recorder, outcome, sum(1 for _ in folder.predictions()))
    return WvsResult(
        **fields,
        cultures=summarise_cultures(scores),
        averages=averages_of(scores),
        sensitivity=scores.sensitivity,
        stopped=tuple(stops),
        scores=scores,
    )
