"""The folder of an evaluation on the survey: a sheet for each respondent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from clca.evaluation.prediction_dir import QUESTIONS, SHEETS, PredictionDir, read_records
from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.records import Prediction
from clca.storage.atomic import atomic_write

KIND = "wvs"

GroupKey = tuple[str, str, str]
"""Of a sheet: culture, method, respondent."""


def key_of(one: RespondentRequestGroup | Prediction) -> GroupKey:
    return one.culture, one.method, one.respondent


class WvsPredictionDir(PredictionDir[Prediction, GroupKey]):
    """An open folder. `sheets` are all that will be asked."""

    def __init__(self, path: Path, sheets: Iterable[RespondentRequestGroup]) -> None:
        sizes = {key_of(sheet): len(sheet.questions) for sheet in sheets}
        super().__init__(path, Prediction, sizes, key_of, lambda one: (one.item, one.order))

    def add(self, sheet: RespondentRequestGroup, predictions: Sequence[Prediction]) -> None:
        self.put(key_of(sheet), predictions)

    def write_prompts(self, sheets: Iterable[RespondentRequestGroup]) -> None:
        """Both halves of every prompt: what a sheet begins with, and its questions, each set of them once."""
        sets: dict[tuple[object, ...], str] = {}
        questions, begun = [], []
        for sheet in sheets:
            shared = tuple((one.item.id, one.order, one.text, one.shown) for one in sheet.questions)
            if shared not in sets:
                sets[shared] = f"{len(sets) + 1}"
                for item, order, text, shown in shared:
                    line = {"set": sets[shared], "item": item, "order": order, "text": text, "shown": shown}
                    questions.append(json.dumps(line, ensure_ascii=False))
            said = {"culture": sheet.culture, "method": sheet.method, "respondent": sheet.respondent}
            begun.append(json.dumps({**said, "questions": sets[shared], "system": sheet.system}, ensure_ascii=False))
        atomic_write(self.path / QUESTIONS, "".join(f"{line}\n" for line in questions))
        atomic_write(self.path / SHEETS, "".join(f"{line}\n" for line in begun))


def read_predictions(folder: Path) -> Iterator[Prediction]:
    """The predictions of an evaluation, in the order in which their sheets were finished."""
    return read_records(folder, Prediction)
