"""The folder of an evaluation on tasks: a sheet for up to 64 texts of a task and row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from clca.evaluation.classification.request_group import (
    SIZE,
    ExampleRequestGroup,
    Key,
    System,
    sheet_sizes,
)
from clca.evaluation.classification.task import Task
from clca.evaluation.prediction_dir import QUESTIONS, SHEETS, PredictionDir
from clca.records import Choice
from clca.storage.atomic import atomic_file


def key_of(one: Choice) -> Key:
    return one.row, one.test, one.place // SIZE


class TaskPredictionDir(PredictionDir[Choice, Key]):
    """An open folder of all rows on all tasks."""

    def __init__(self, path: Path, tasks: Iterable[Task], rows: Sequence[System]) -> None:
        super().__init__(path, Choice, sheet_sizes(tasks, rows), key_of, lambda one: one.place)

    def add(self, sheet: ExampleRequestGroup, choices: Sequence[Choice]) -> None:
        self.put((sheet.row, sheet.task, sheet.number), choices)

    def write_prompts(self, tasks: Iterable[Task], forms: Mapping[str, str]) -> None:
        """Both halves of every prompt, once in each form: `forms` names a row that is asked in it.

        What all questions of a task begin with stands in `sheets.jsonl`, and what follows in `questions.jsonl`.
        """
        with atomic_file(self.path / QUESTIONS) as questions, atomic_file(self.path / SHEETS) as begun:
            for task in tasks:
                for form, row in forms.items():
                    said = {"test": task.name, "form": form, "system": task.system(row)}
                    begun.write(_line(said))
                    for place, one in enumerate(task.examples(row)):
                        line = {"test": task.name, "form": form, "place": place, "id": one.id, "text": one.text}
                        questions.write(_line(line))


def _line(said: Mapping[str, object]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"
