"""Evaluation on one page: a student answers in the place of respondents, and its answers are scored.

poll -> predictor -> predictions -> scores -> tables
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clca.assess.answers import Answers
from clca.assess.sitting import Begin, Evaluation, Finished, Sitting, at_once, old_info
from clca.assess.wvs.poll import Poll
from clca.assess.wvs.tables import caveats, make_tables
from clca.evaluation.folder import SCORES, TABLE
from clca.evaluation.wvs.folder import KIND, Folder
from clca.evaluation.wvs.scores import Scores
from clca.evaluation.wvs.scoring import score
from clca.evaluation.wvs.work import Stop, Tell, Work
from clca.report import render
from clca.report.table import Table
from clca.store.files import write_whole
from clca.training.student import Student, load_tokenizer


@dataclass(frozen=True, slots=True)
class Evaluated(Finished):
    """`stops` are cultures and methods of which not everyone had to be asked."""

    scores: Scores
    stops: tuple[Stop, ...]


def has_template(student: Student) -> bool:
    """Whether a student's tokenizer has a chat template."""
    return bool(load_tokenizer(student).chat_template)


def evaluate(poll: Poll, tell: Tell, begin: Begin = at_once) -> Evaluated:
    """Have what is left of a poll answered, and score all of it."""
    old = old_info(poll.out, poll.inputs)
    with Folder(poll.out, poll.sheets) as folder:
        work = Work(
            folder,
            poll.sheets,
            poll.samples,
            poll.columns,
            poll.readers,
            seed=poll.asked.seed,
            weighted=poll.asked.weights,
            tell=tell,
        )
        folder.write_prompts(poll.sheets)
        predictor, stops = Answers(poll.subject, poll.way), list[Stop]()
        with Sitting(_evaluation(poll), old, folder, predictor, dict, begin) as sitting:
            if poll.asked.until_ci is None:
                work.ask_all(predictor)
            else:
                stops = work.ask_until(predictor, poll.asked.until_ci)
        scores = score(work.tallies, {name: one.survey for name, one in poll.samples.items()}, seed=poll.asked.seed)
        tables = make_tables(poll, scores, stops, sitting.unseen)
        said = caveats(poll, stops, sitting.unseen)
        _write(folder.path, poll, scores, stops, tables, said)
        sitting.finish(predictions=sum(1 for _ in folder.predictions()))
        sheets = len(folder.finished)
    return Evaluated(
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
    folder: Path, poll: Poll, scores: Scores, stops: Sequence[Stop], tables: Sequence[Table], beside: Sequence[str]
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
    write_whole(folder / f"{TABLE}.md", render.markdown(tables))
    write_whole(folder / f"{TABLE}.csv", render.csv_text(tables, **_evaluation(poll).marks))
    write_whole(folder / f"{TABLE}.tex", render.latex(tables))
    write_whole(folder / SCORES, _json(said))


def stop_facts(stop: Stop) -> dict[str, Any]:
    return {**asdict(stop), "kl": stop.kl.model_dump()}


def _evaluation(poll: Poll) -> Evaluation:
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
