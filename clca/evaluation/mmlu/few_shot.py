"""How many worked examples a student has room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clca.evaluation.mmlu.task import MmluTask
from clca.evaluation.task_run import ROOM
from clca.inference.prompt_format import TextFormat
from clca.inference.tokenization import Tokens
from clca.models.load import load_config, load_tokenizer
from clca.models.logging import quiet_libraries
from clca.models.student import Student


def fitted(tasks: Sequence[MmluTask], student: Student | None, written: int) -> list[MmluTask]:
    """The tasks, each with as many of its worked examples as leave room for its longest question and the answer.

    An answer is `written` tokens long. What a server reads is not known here: its prompts stay as they are.
    """
    longest = None if student is None else getattr(load_config(student), "max_position_embeddings", None)
    if student is None or longest is None:
        return list(tasks)
    tokens: Tokens | None = None

    def count(text: str) -> int:
        nonlocal tokens
        if tokens is None:
            tokens = Tokens(load_tokenizer(student), TextFormat())
        with quiet_libraries():  # transformers warns of prompts that are too long
            return len(tokens.ids(text))

    return [_fitted(task, longest - written, count) for task in tasks]


def _fitted(task: MmluTask, most: int, count: Callable[[str], int]) -> MmluTask:
    form = TextFormat()
    while task.shots:
        system = task.system_prompt("")
        # A token is a byte at least, but for what some tokenizers spell out first.
        prompts = (form.prompt(system, one.text) for one in task.examples(""))
        if all(ROOM * len(prompt.encode()) < most or count(prompt) <= most for prompt in prompts):
            break
        task = task.with_shots(task.shots - 1)
    return task
