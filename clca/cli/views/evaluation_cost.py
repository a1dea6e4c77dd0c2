"""What an evaluation would take: its tokens, and a rough estimate of its time."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from clca.cli.views.screen import printable
from clca.cli.views.training_plan import duration
from clca.errors import SettingsError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.predictor import tokenizer_at_hand
from clca.inference.prompt_format import ChatFormat, TextFormat
from clca.inference.tokenization import Tokens
from clca.models.chat_template import ChatTemplate
from clca.models.load import compute_type, load_tokenizer, this_device
from clca.models.quantization import Quantization
from clca.models.shape import load_shape
from clca.models.speed import SHARE, matmul_rate


def tokens_of(subject: EvaluatedModel, chat: bool, workspace: Path | None) -> tuple[Tokens | None, str]:
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


def seconds_for(subject: EvaluatedModel, passed: int, prompts: int, written: int) -> float | None:
    """Of `passed` tokens of prompts and `written` ones; None of a server."""
    if subject.student is None:
        return None
    shape = load_shape(subject.student, ())
    # Two operations a weight and token (Kaplan et al., 2020, section 2.1); the output layer is asked once a prompt.
    operations = 2.0 * (shape.linear * (passed + written) + shape.hidden * shape.vocabulary * (prompts + written))
    device = this_device()
    compute = compute_type(Quantization.model_validate({"bits": subject.bits}), device)
    return operations / (matmul_rate(device, compute) * SHARE)


def show_time(console: Console, seconds: float | None, obstacle: str) -> None:
    if obstacle:
        console.print(f"Tokens and time cannot be told here: {printable(obstacle)}", markup=False)
    elif seconds is not None:
        what = f"at {SHARE:.0%} of what a matrix multiplication reaches on this {this_device()}, a rough estimate"
        console.print(f"time: about {duration(seconds)} ({what}; the progress line measures it)", markup=False)
    else:
        console.print("time: that of the server; the progress line measures it")
