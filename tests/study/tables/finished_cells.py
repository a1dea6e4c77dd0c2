"""Finished evaluations of a study whose models are on a server that nobody asks: answers come from a predictor."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.predictor import ALL_COVERED, InferenceConfig
from clca.inference.requests import Answer, AnsweredCallback, G
from clca.stages import stage
from clca.study.cells import Cell, expand
from clca.study.result import CellRecord
from clca.study.study_file import StudyFile, read_study_file

SERVER = "http://localhost:8000/v1"


class Drawn:
    """Writes numbers that it draws by the adapter and the question, so that adapters differ and runs do not."""

    coverage = ALL_COVERED

    def __init__(self, model: EvaluatedModel, inference: InferenceConfig) -> None:
        pass

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        for group in groups:
            draw = random.Random(f"{group.adapter}/{group.system}")
            labels = [question.labels for question in group.questions]
            answered(group, [Answer(reply=draw.choice([*of, "?"])) for of in labels])


def study_of(text: str) -> tuple[StudyFile, tuple[Cell, ...]]:
    """A study with its cells."""
    study = read_study_file("study.yaml", text)
    return study, expand(study, "study.yaml")


def finished(cells: Iterable[Cell], folder: Path) -> dict[str, CellRecord]:
    """Records of the cells, whose evaluations were carried out in the working directory `folder`."""
    records = {}
    for cell in cells:
        of_cell = {"id": cell.id, "stage": cell.stage, "run": cell.run, "axes": cell.axes, "needs": cell.needs}
        known = stage(cell.run)
        config = known.config_type.model_validate(cell.settings({id: (id,) for id in cell.needs}))
        result = known.run(known.plan(config, None))
        records[cell.id] = CellRecord(**of_cell, state="finished", results=(folder / result.folder,))
    return records
