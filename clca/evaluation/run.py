"""The runner of all evaluations: what is pending is answered and recorded, then scores and tables are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clca.errors import SettingsError
from clca.evaluation import table_formats
from clca.evaluation.plan import EvaluationPlan
from clca.evaluation.prediction_dir import SCORES, TABLE
from clca.evaluation.run_recorder import RunRecorder, earlier_info
from clca.evaluation.table import Table


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the answers of an evaluation come to: keys of `scores.json`, tables, caveats, and further files by name."""

    scores: Mapping[str, Any]
    tables: tuple[Table, ...]
    caveats: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)


def start(plan: EvaluationPlan) -> dict[str, Any]:
    """What `evaluation.json` in the plan's folder says of earlier runs, {} for a new evaluation.

    Raises `SettingsError` for a model that cannot be run on this machine, and for a folder of other inputs.
    """
    if plan.model.unavailable_reason and plan.inference.replicas is None:  # the nodes of a cluster may have it
        raise SettingsError(plan.model.unavailable_reason)
    return earlier_info(plan)


def finish(plan: EvaluationPlan, recorder: RunRecorder, outcome: Outcome, predictions: int) -> dict[str, Any]:
    """Write scores and tables, and record that the evaluation is finished; returns the fields of every result.

    Raises `StoreError` for a folder that cannot be written.
    """
    scores = {
        "evaluation": plan.folder.name,
        **plan.marks,
        "caveats": list(outcome.caveats),
        "mode": plan.inference.mode,
        **outcome.scores,
    }
    files = {
        **outcome.files,
        f"{TABLE}.md": table_formats.markdown(outcome.tables),
        f"{TABLE}.csv": table_formats.csv_text(outcome.tables, **plan.marks),
        f"{TABLE}.tex": table_formats.latex(outcome.tables),
        SCORES: json.dumps(scores, indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in files.items():
        recorder.write(name, text)
    recorder.finish(predictions, outcome.caveats)
    return {
        "folder": plan.folder,
        **plan.summary,
        "caveats": outcome.caveats,
        "tables": outcome.tables,
        "asked": recorder.answered_groups,
        "answered": recorder.answered,
        "request_groups": recorder.finished_groups,
        "seconds": round(recorder.seconds, 3),
        "unanswered": recorder.unanswered,
    }
