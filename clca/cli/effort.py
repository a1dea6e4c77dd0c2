"""What an evaluation would take: its tokens, and a rough estimate of its time."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from clca.assess.answers import tokenizer_at_hand
from clca.assess.subject import Subject
from clca.cli.forecast import duration
from clca.cli.screen import printable
from clca.errors import SettingsError
from clca.evaluation.predictors.formats import ChatFormat, TextFormat
from clca.evaluation.predictors.tokens import Tokens
from clca.training.chat import ChatTemplate
from clca.training.estimate import SHARE, load_shape, matmul_rate
from clca.training.recipe import Base
from clca.training.student import compute_type, load_tokenizer, this_device


def tokens_of(subject: Subject, chat: bool, workspace: Path | None) -> tuple[Tokens | None, str]:
    """The student's tokenizer, or why there is none; of a model on a server, if its files are on this machine, too."""
    if subject.obstacle:
        return None, subject.obstacle
    try:
        if subject.student is not None:
            tokenizer = load_tokenizer(subject.student)
        else:
            tokenizer = tokenizer_at_hand(subject.name, workspace, os.environ)
            if tokenizer is None or (chat and not tokenizer.chat_template):
                return None, "the server has the student's tokenizer"
        return Tokens(tokenizer, ChatFormat(ChatTemplate(tokenizer)) if chat else TextFormat()), ""
    except SettingsError as error:
        return None, error.message


def seconds_for(subject: Subject, passed: int, prompts: int, written: int) -> float | None:
    """Of `passed` tokens of prompts and `written` ones; None of a server."""
    if subject.student is None:
        return None
    shape = load_shape(subject.student, ())
    # Two operations a weight and token (Kaplan et al., 2020, section 2.1); the output layer is asked once a prompt.
    operations = 2.0 * (shape.linear * (passed + written) + shape.hidden * shape.vocabulary * (prompts + written))
    device = this_device()
    compute = compute_type(Base.model_validate({"bits": subject.bits}), device)
    return operations / (matmul_rate(device, compute) * SHARE)


def show_time(console: Console, seconds: float | None, obstacle: str) -> None:
    if obstacle:
        console.print(f"Tokens and time cannot be told here: {printable(obstacle)}", markup=False)
    elif seconds is not None:
        what = f"at {SHARE:.0%} of what a matrix multiplication reaches on this {this_device()}, a rough estimate"
        console.print(f"time: about {duration(seconds)} ({what}; the progress line measures it)", markup=False)
    else:
        console.print("time: that of the server; the progress line measures it")
