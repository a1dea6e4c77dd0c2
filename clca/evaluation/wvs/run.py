"""Evaluation on one page: a student answers in the place of respondents, and its answers are scored.

poll -> predictor -> predictions -> scores -> tables
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clca.evaluation import table_formats
from clca.evaluation.prediction_dir import SCORES, TABLE
from clca.evaluation.predictor import LazyPredictor
from clca.evaluation.run import Evaluation, Finished, RunRecorder, StartCallback, at_once, old_info
from clca.evaluation.table import Table
from clca.evaluation.wvs.aggregate import score
from clca.evaluation.wvs.answering import EarlyStop, ProgressCallback, WvsAnswering
from clca.evaluation.wvs.plan import WvsPlan
from clca.evaluation.wvs.prediction_dir import KIND, WvsPredictionDir
from clca.evaluation.wvs.scores import WvsScores
from clca.evaluation.wvs.tables import caveats, make_tables
from clca.models.load import load_tokenizer
from clca.models.student import Student
from clca.storage.atomic import atomic_write


@dataclass(frozen=True, slots=True)
class WvsResult(Finished):
    """`stops` are cultures and methods of which not everyone had to be asked."""

    scores: WvsScores
    stops: tuple[EarlyStop, ...]


def has_template(student: Student) -> bool:
    """Whether a student's tokenizer has a chat template."""
    return bool(load_tokenizer(student).chat_template)


def evaluate(poll: WvsPlan, tell: ProgressCallback, begin: StartCallback = at_once) -> WvsResult:
    """Have what is left of a poll answered, and score all of it."""
    old = old_info(poll.out, poll.inputs)
    with WvsPredictionDir(poll.out, poll.sheets) as folder:
        work = WvsAnswering(
            folder,
            poll.sheets,
            poll.samples,
            poll.columns,
            poll.readers,
            seed=poll.asked.seed,
            weighted=poll.asked.weights,
            on_progress=tell,
        )
        folder.write_prompts(poll.sheets)
        predictor, stops = LazyPredictor(poll.subject, poll.way), list[EarlyStop]()
        with RunRecorder(_evaluation(poll), old, folder, predictor, dict, begin) as sitting:
            if poll.asked.until_ci is None:
                work.answer_pending(predictor)
            else:
                stops = work.answer_until(predictor, poll.asked.until_ci)
        scores = score(work.counts, {name: one.survey for name, one in poll.samples.items()}, seed=poll.asked.seed)
        tables = make_tables(poll, scores, stops, sitting.unseen)
        said = caveats(poll, stops, sitting.unseen)
        _write(folder.path, poll, scores, stops, tables, said)
        sitting.finish(predictions=sum(1 for _ in folder.predictions()))
        sheets = len(folder.finished)
    return WvsResult(
        poll.out,
        tables,
        tuple(said),
        sheets,
        sitting.asked,
        sitting.answered,
        sitting.seconds,
        scores,
        tuple(stops),
    )


# ---------------------------------------------------------------- what is left behind


def _write(
    folder: Path,
    poll: WvsPlan,
    scores: WvsScores,
    stops: Sequence[EarlyStop],
    tables: Sequence[Table],
    beside: Sequence[str],
) -> None:
    said = {
        "evaluation": folder.name,
        **_evaluation(poll).marks,
        "synthetic": poll.synthetic,
        "caveats": list(beside),
        "mode": poll.mode,
        "format": poll.layout,
        "weighted": poll.asked.weights,
        "until_ci": poll.asked.until_ci,
        "stopped": [stop_facts(one) for one in stops],
        **scores.model_dump(mode="json"),
    }
    atomic_write(folder / f"{TABLE}.md", table_formats.markdown(tables))
    atomic_write(folder / f"{TABLE}.csv", table_formats.csv_text(tables, **_evaluation(poll).marks))
    atomic_write(folder / f"{TABLE}.tex", table_formats.latex(tables))
    atomic_write(folder / SCORES, _json(said))


def stop_facts(stop: EarlyStop) -> dict[str, Any]:
    return {**asdict(stop), "kl": stop.kl.model_dump()}


def _evaluation(poll: WvsPlan) -> Evaluation:
    return Evaluation(
        kind=KIND,
        subject=poll.subject,
        base_url=poll.asked.base_url,
        content=poll.content,
        inputs=poll.inputs,
        out=poll.out,
        facts={
            "cultures": [one.id for one in poll.cultures],
            "mode": poll.mode,
            "format": poll.layout,
            "weighted": poll.asked.weights,
            "seed": poll.asked.seed,
            "data": str(poll.data) if poll.data is not None else None,
            "synthetic": poll.synthetic,
            "respondents": {name: len(sample.respondents) for name, sample in poll.samples.items()},
            "prompts": poll.prompts,
        },
    )


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
