"""A matrix of rows and tasks on the screen: its progress, and its plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.markup import escape
from rich.table import Table as Screen

from clca.cli.views.evaluation import pace
from clca.cli.views.evaluation_cost import seconds_for, show_time, tokens_of
from clca.cli.views.screen import make_console, printable
from clca.evaluation.classification.answering import TaskProgress
from clca.evaluation.classification.task import Example, Task
from clca.evaluation.task_run import Matrix
from clca.inference.prompt_format import joined
from clca.inference.requests import Question, RequestGroup
from clca.inference.tokenization import Tokens, common_length

MEASURED = 64  # texts of each task and form whose tokens are counted, spread over all of them


@dataclass(frozen=True, slots=True)
class Words:
    """What an evaluation calls a part of a matrix, its tasks and their texts."""

    part: str = "culture"
    task: str = "test"
    text: str = "text"

    @property
    def columns(self) -> tuple[str, str, str]:
        return self.part, f"{self.task}s", f"{self.text}s"


OFFENSE = Words()
MMLU = Words("group", "subject", "question")


@dataclass(frozen=True, slots=True)
class Part:
    """The tasks of a culture; tokens of all rows, what the texts of a task begin with once a row."""

    name: str
    tasks: int
    texts: int
    prompts: int
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a matrix would take. `obstacle` says why tokens are not known, or ""; seconds of a server are not."""

    parts: tuple[Part, ...]
    cells: int
    seconds: float | None
    obstacle: str
    words: Words

    @property
    def tokens(self) -> int | None:
        return None if self.obstacle else sum(part.tokens or 0 for part in self.parts)

    @property
    def prompts(self) -> int:
        return sum(part.prompts for part in self.parts)

    def facts(self) -> dict[str, Any]:
        return {
            "cells": self.cells,
            "parts": [
                {
                    **dict(zip(self.words.columns, (part.name, part.tasks, part.texts), strict=True)),
                    "prompts": part.prompts,
                    "tokens": part.tokens,
                }
                for part in self.parts
            ],
            "prompts": self.prompts,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "obstacle": self.obstacle,
        }


def line(said: TaskProgress, words: Words = OFFENSE) -> str:
    """Where it stands, the pace, and the running F1 of the cell under way."""
    parts = [f"cell {said.cells:,}/{said.of:,}", *pace(said.texts, said.texts_left, said.seconds, words.columns[-1])]
    f1 = "" if math.isnan(said.f1) else f" F1 {said.f1:.3f}"
    return " · ".join([*parts, f"{printable(said.row)} on {printable(said.test)}{f1}"])


def matrix_plan(matrix: Matrix, words: Words = OFFENSE) -> Plan:
    """Nothing is written, and no model is loaded."""
    subject, way = matrix.evaluation.subject, matrix.way
    tokens, obstacle = tokens_of(subject, way.chat, way.workspace)
    parts = tuple(
        _part(culture, list(tasks), matrix, tokens)
        for culture, tasks in groupby(matrix.tasks, key=lambda task: task.culture)
    )
    plan = Plan(parts, matrix.cells, None, obstacle, words)
    if tokens is None:
        return plan
    written = way.max_new_tokens * plan.prompts if way.mode == "generate" else 0
    seconds = seconds_for(subject, plan.tokens or 0, plan.prompts, written)
    return Plan(parts, matrix.cells, seconds, "", words)


def show_matrix_plan(matrix: Matrix, plan: Plan, *, exists: bool) -> None:
    console = make_console()
    console.print(f"{matrix.evaluation.out} {'is there already' if exists else 'would be made'}", markup=False)
    for form, row in matrix.forms.items():
        task = matrix.tasks[0]
        one = next(task.examples(row))
        console.rule(escape(f"{task.name}, {form}: the first prompt"), align="left")
        console.print(escape(printable(joined(task.system_prompt(row), one.text))))
    console.rule()
    table = Screen(box=None, padding=(0, 3, 0, 0))
    for column in (*plan.words.columns, "prompts", "tokens"):
        table.add_column(column, justify="left" if column == plan.words.part else "right")
    for part in plan.parts:
        counts = (part.tasks, part.texts, part.prompts, part.tokens)
        table.add_row(part.name, *("-" if count is None else f"{count:,}" for count in counts))
    if len(plan.parts) > 1:
        sums = [sum(getattr(part, name) for part in plan.parts) for name in ("tasks", "texts", "prompts")]
        table.add_row("all", *(f"{one:,}" for one in sums), "-" if plan.tokens is None else f"{plan.tokens:,}")
    console.print(table)
    rows = ", ".join(row.name for row in matrix.rows)
    console.print(f"{plan.cells:,} cell{'' if plan.cells == 1 else 's'}, rows: {printable(rows)}", markup=False)
    show_time(console, plan.seconds, plan.obstacle)


def _part(culture: str, tasks: Sequence[Task], matrix: Matrix, tokens: Tokens | None) -> Part:
    texts = sum(task.count for task in tasks)
    counted = None
    if tokens is not None:
        in_form = {form: sum(_tokens(task, row, tokens) for task in tasks) for form, row in matrix.forms.items()}
        counted = sum(in_form[matrix.form_of(row.name)] for row in matrix.rows)
    return Part(culture, len(tasks), texts, texts * len(matrix.rows), counted)


def _tokens(task: Task, row: str, tokens: Tokens) -> int:
    """Counted on a few texts, and taken for all."""
    step = max(1, task.count // MEASURED)
    some: list[Example] = [one for place, one in enumerate(task.examples(row)) if place % step == 0]
    questions = tuple(Question(one.text, task.answers) for one in some)
    rows = [one.ids for one in tokens.prompts(RequestGroup("", task.system_prompt(row), questions))]
    shared = min(common_length(rows), min(map(len, rows)) - 1) if len(rows) > 1 else 0
    return shared + round(sum(len(ids) - shared for ids in rows) * task.count / len(rows))
