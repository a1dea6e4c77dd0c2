"""Folder of an evaluation on the survey: predictions by culture, method and respondent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from clca.evaluation.prediction_dir import QUESTIONS, SHEETS, PredictionDir, read_records
from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.records import Prediction
from clca.storage.atomic import atomic_write

KIND = "wvs"

GroupKey = tuple[str, str, str]
"""Key of a request group: culture, method, respondent."""


def key_of(record: RespondentRequestGroup | Prediction) -> GroupKey:
    """What identifies the request group of a prediction."""
    return record.culture, record.method, record.respondent


class WvsPredictionDir(PredictionDir[Prediction, GroupKey]):
    """The open folder of an evaluation; `groups` are all of its request groups."""

    def __init__(self, path: Path, groups: Iterable[RespondentRequestGroup]) -> None:
        sizes = {key_of(group): len(group.questions) for group in groups}
        super().__init__(path, Prediction, sizes, key_of, lambda prediction: (prediction.item, prediction.order))

    def add(self, group: RespondentRequestGroup, predictions: Sequence[Prediction]) -> None:
        """Append the predictions of one request group to the file."""
        self.put(key_of(group), predictions)

    def unanswered_questions(self, group: RespondentRequestGroup) -> RespondentRequestGroup:
        """The group with those of its questions that have no answer."""
        key = key_of(group)
        if key not in self.unanswered:
            return group
        questions = [
            question for question in group.questions if self.is_unanswered(key, (question.item.id, question.order))
        ]
        return replace(group, questions=tuple(questions))

    def write_prompts(self, groups: Iterable[RespondentRequestGroup]) -> None:
        """Write both halves of every prompt: what a group begins with, and each set of questions once."""
        sets: dict[tuple[object, ...], str] = {}
        questions, sheets = [], []
        for group in groups:
            shared = tuple(
                (question.item.id, question.order, question.text, question.shown) for question in group.questions
            )
            if shared not in sets:
                sets[shared] = f"{len(sets) + 1}"
                for item, order, text, shown in shared:
                    line = {"set": sets[shared], "item": item, "order": order, "text": text, "shown": shown}
                    questions.append(json.dumps(line, ensure_ascii=False))
            key = {"culture": group.culture, "method": group.method, "respondent": group.respondent}
            sheets.append(json.dumps({**key, "questions": sets[shared], "system": group.system}, ensure_ascii=False))
        atomic_write(self._held / QUESTIONS, "".join(f"{line}\n" for line in questions))
        atomic_write(self._held / SHEETS, "".join(f"{line}\n" for line in sheets))


def read_predictions(folder: Path) -> Iterator[Prediction]:
    """The predictions of an evaluation, in the order in which their request groups were finished."""
    return read_records(folder, Prediction)
