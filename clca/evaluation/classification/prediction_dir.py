"""Folder of an evaluation on labelled data sets: predictions by request groups of up to 64 texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from clca.evaluation.classification.request_group import (
    GROUP_SIZE,
    ExampleRequestGroup,
    GroupKey,
    System,
    group_sizes,
)
from clca.evaluation.classification.task import Task
from clca.evaluation.prediction_dir import QUESTIONS, SHEETS, PredictionDir
from clca.records import Choice
from clca.storage.atomic import atomic_file


def key_of(choice: Choice) -> GroupKey:
    """What identifies the request group of a prediction."""
    return choice.row, choice.test, choice.place // GROUP_SIZE


class TaskPredictionDir(PredictionDir[Choice, GroupKey]):
    """The open folder of all systems on all tasks."""

    def __init__(self, path: Path, tasks: Iterable[Task], systems: Sequence[System]) -> None:
        super().__init__(path, Choice, group_sizes(tasks, systems), key_of, lambda choice: choice.place)

    def add(self, group: ExampleRequestGroup, choices: Sequence[Choice]) -> None:
        """Append the predictions of one request group to the file."""
        self.put((group.row, group.task, group.number), choices)

    def write_prompts(self, tasks: Iterable[Task], forms: Mapping[str, str]) -> None:
        """Write both halves of every prompt, once in each form; `forms` maps a form to a system that is asked in it.

        `sheets.jsonl` has what all questions of a task begin with, `questions.jsonl` what follows.
        """
        with atomic_file(self._held / QUESTIONS) as questions, atomic_file(self._held / SHEETS) as sheets:
            for task in tasks:
                for form, system in forms.items():
                    shared = {"test": task.name, "form": form, "system": task.system_prompt(system)}
                    sheets.write(_line(shared))
                    for index, example in enumerate(task.examples(system)):
                        own = {"test": task.name, "form": form, "place": index, "id": example.id, "text": example.text}
                        questions.write(_line(own))


def _line(record: Mapping[str, object]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"
