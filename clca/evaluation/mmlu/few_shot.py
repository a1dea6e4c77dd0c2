"""The number of worked examples that a student's context has room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clca.evaluation.labelled.prompt_length import BYTES_MARGIN, context_length
from clca.evaluation.mmlu.task import MmluTask
from clca.inference.prompt_format import TextFormat
from clca.inference.tokenization import Tokens
from clca.models.load import load_tokenizer
from clca.models.logging import quiet_libraries
from clca.models.student import Student


def fit_shots(tasks: Sequence[MmluTask], student: Student | None, answer_tokens: int) -> list[MmluTask]:
    """The tasks, each with as many of its worked examples as leave room for its longest question and the answer.

    What a server (`student` None) reads is not known here: its prompts stay as they are.
    """
    context = None if student is None else context_length(student)
    if student is None or context is None:
        return list(tasks)
    tokens: Tokens | None = None

    def count(text: str) -> int:
        nonlocal tokens
        if tokens is None:
            tokens = Tokens(load_tokenizer(student), TextFormat())
        with quiet_libraries():  # transformers warns of prompts that are too long
            return len(tokens.ids(text))

    return [_fit(task, context - answer_tokens, count) for task in tasks]


def _fit(task: MmluTask, limit: int, count: Callable[[str], int]) -> MmluTask:
    text_format = TextFormat()
    while task.shots:
        system = task.system_prompt("")
        prompts = (text_format.prompt(system, example.text) for example in task.examples(""))
        if all(BYTES_MARGIN * len(prompt.encode()) < limit or count(prompt) <= limit for prompt in prompts):
            break
        task = task.with_shots(task.shots - 1)
    return task
