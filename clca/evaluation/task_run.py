"""A matrix of rows and tasks, answered: what evaluations on offensiveness and on MMLU share.

rows, tasks -> sheets -> predictor -> choices -> scored answers
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from clca.errors import SettingsError
from clca.evaluation.classification.answering import ProgressCallback, TaskAnswering
from clca.evaluation.classification.confusion import Confusion
from clca.evaluation.classification.prediction_dir import TaskPredictionDir
from clca.evaluation.classification.request_group import ExampleQuestion, System
from clca.evaluation.classification.task import Task
from clca.evaluation.predictor import InferenceConfig, LazyPredictor
from clca.evaluation.run import Evaluation, RunRecorder, StartCallback, old_info
from clca.inference.prompt_format import ChatFormat, TextFormat
from clca.inference.requests import RequestGroup
from clca.inference.tokenization import Tokens
from clca.models.chat_template import ChatTemplate
from clca.models.load import load_config, load_tokenizer
from clca.models.logging import quiet_libraries

ROOM = 2
"""Texts are counted in tokens where they might take more than this part of what a student reads: a token is a byte
at least, but for what some tokenizers spell out first."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is asked of whom. `form_of` tells in which form of the prompts a row is asked."""

    evaluation: Evaluation
    tasks: tuple[Task, ...]
    rows: tuple[System, ...]
    form_of: Callable[[str], str]
    way: InferenceConfig

    @property
    def forms(self) -> dict[str, str]:
        """Each form, and the first row that is asked in it."""
        found: dict[str, str] = {}
        for row in self.rows:
            found.setdefault(self.form_of(row.name), row.name)
        return found

    @property
    def cells(self) -> int:
        return len(self.rows) * len(self.tasks)

    @property
    def texts(self) -> int:
        """Of all tasks, each once."""
        return sum(task.count for task in self.tasks)

    @property
    def prompts(self) -> int:
        return self.texts * len(self.rows)


@dataclass(slots=True)
class Filled:
    """A matrix that is answered, its folder still open; what is put into `facts` is written once the block ends."""

    scored: list[Confusion]
    sitting: RunRecorder
    sheets: int
    facts: dict[str, object] = field(default_factory=dict)


@contextmanager
def filled(matrix: Matrix, tell: ProgressCallback, begin: StartCallback) -> Iterator[Filled]:
    """Have what is left of a matrix answered; the evaluation is finished when the block is left."""
    one = matrix.evaluation
    old = old_info(one.out, one.inputs)
    if not old.get("finished"):
        require_readable(matrix)
    with TaskPredictionDir(one.out, matrix.tasks, matrix.rows) as folder:
        work = TaskAnswering(folder, matrix.tasks, matrix.rows, tell)
        folder.write_prompts(matrix.tasks, matrix.forms)
        predictor = LazyPredictor(one.subject, matrix.way)
        with RunRecorder(one, old, folder, predictor, lambda: _standing(work), begin) as sitting:
            work.answer_pending(predictor)
        done = Filled(work.confusions(), sitting, len(folder.sizes))
        yield done
        sitting.finish(predictions=matrix.prompts, **done.facts)


def require_readable(matrix: Matrix) -> None:
    """Refuse a prompt that is too long for the student with its answer. What a server reads is not known here."""
    student, way = matrix.evaluation.subject.student, matrix.way
    if student is None:
        return
    longest = getattr(load_config(student), "max_position_embeddings", None)
    if longest is None:
        return
    answer = way.max_new_tokens if way.mode == "generate" else 1
    tokens: Tokens | None = None
    for task in matrix.tasks:
        for row in matrix.forms.values():
            system = task.system_prompt(row)
            for one in task.examples(row):
                if ROOM * (len(system.encode()) + len(one.text.encode()) + answer) < longest:
                    continue
                if tokens is None:
                    tokenizer = load_tokenizer(student)
                    tokens = Tokens(tokenizer, ChatFormat(ChatTemplate(tokenizer)) if way.chat else TextFormat())
                question = ExampleQuestion(one.text, task.answers, one.id, one.gold)
                with quiet_libraries():  # transformers warns of what is refused here
                    (prompt,) = tokens.prompts(RequestGroup("", system, (question,)))
                if len(prompt.ids) + answer > longest:
                    raise SettingsError(
                        f"{task.name}, text {one.id}: prompt and answer take {len(prompt.ids) + answer:,} tokens, but"
                        f" {matrix.evaluation.subject.name} reads {longest:,}: leave the text out of the data, or"
                        " choose a student that reads more"
                    )


def _standing(work: TaskAnswering) -> dict[str, object]:
    done, of = work.cells
    return {"cells": {"done": done, "of": of}}
