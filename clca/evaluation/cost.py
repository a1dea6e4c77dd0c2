"""Estimates of what an evaluation takes: its prompts, its tokens, and roughly its time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from clca.errors import SettingsError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_loading import quantization_of
from clca.evaluation.predictor import InferenceConfig, local_tokenizer
from clca.inference.prompt_format import ChatFormat, TextFormat
from clca.inference.requests import RequestGroup
from clca.inference.tokenization import Tokens, common_length
from clca.models.chat_template import ChatTemplate
from clca.models.load import compute_type, load_tokenizer, this_device
from clca.models.shape import load_shape
from clca.models.speed import SHARE as UTILISATION
from clca.models.speed import matmul_rate
from clca.models.student import Student


@dataclass(frozen=True, slots=True)
class CostPart:
    """A part of an evaluation: its names (culture: japan) and counts (prompts: 40); None for unknown tokens."""

    names: dict[str, str]
    counts: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Cost:
    """What an evaluation takes.

    `seconds` are None on a server, and where tokens are unknown for `unknown_reason`; `time_basis` says how they were
    estimated. `cells` counts the pairs of a system and a test.
    """

    parts: tuple[CostPart, ...]
    seconds: float | None = None
    unknown_reason: str = ""
    time_basis: str = ""
    cells: int | None = None

    def total(self, count: str) -> int | None:
        """The sum of a count over the parts; None where a part does not know it."""
        counts = [part.counts[count] for part in self.parts]
        known = [number for number in counts if number is not None]
        return sum(known) if len(known) == len(counts) else None

    def json_object(self) -> dict[str, Any]:
        """What `--plan --json` prints of it."""
        totals = [name for name in self.parts[0].counts if name in ("prompts", "tokens", "tokens_unshared")]
        return {
            **({} if self.cells is None else {"cells": self.cells}),
            "parts": [{**part.names, **part.counts} for part in self.parts],
            **{name: self.total(name) for name in totals},
            "seconds": self.seconds,
            "obstacle": self.unknown_reason,
        }


def prompt_tokens(model: EvaluatedModel, inference: InferenceConfig) -> tuple[Tokens | None, str]:
    """The student's tokenizer with the prompt format, or why there is none here."""
    if model.unavailable_reason:
        return None, model.unavailable_reason
    try:
        if model.student is not None:
            tokenizer = load_tokenizer(model.student)
        else:
            tokenizer = local_tokenizer(model.name, inference.workspace, os.environ)
            if tokenizer is None or (inference.chat and not tokenizer.chat_template):
                return None, "the server has the student's tokenizer"
        return Tokens(tokenizer, ChatFormat(ChatTemplate(tokenizer)) if inference.chat else TextFormat()), ""
    except SettingsError as error:
        return None, error.message


def group_tokens(tokens: Tokens, group: RequestGroup) -> tuple[int, int, int]:
    """(shared, own, prompts): tokens that all prompts of a group begin with, the sum of the others, and prompts."""
    lengths = [prompt.ids for prompt in tokens.prompts(group)]
    shared = min(common_length(lengths), min(map(len, lengths)) - 1) if len(lengths) > 1 else 0
    return shared, sum(len(ids) - shared for ids in lengths), len(lengths)


def estimate_cost(
    model: EvaluatedModel,
    inference: InferenceConfig,
    parts: Sequence[CostPart],
    unknown_reason: str,
    cells: int | None = None,
) -> Cost:
    """The cost of these parts, with the seconds of a model that runs in this process."""
    cost = Cost(tuple(parts), unknown_reason=unknown_reason, cells=cells)
    tokens, prompts = cost.total("tokens"), cost.total("prompts")
    if tokens is None or prompts is None or model.student is None or inference.served:
        return cost
    written = inference.max_new_tokens * prompts if inference.mode == "generate" else 0
    device = this_device()
    seconds = _seconds(model, model.student, device, tokens, prompts, written)
    basis = f"at {UTILISATION:.0%} of what a matrix multiplication reaches on this {device}, a rough estimate"
    return replace(cost, seconds=seconds, time_basis=basis)


def _seconds(
    model: EvaluatedModel, student: Student, device: Literal["cuda", "cpu"], read: int, prompts: int, written: int
) -> float:
    """Seconds to read so many tokens of prompts and to write so many.

    Two operations a weight and token (Kaplan et al., 2020, section 2.1); the output layer is needed once a prompt.
    """
    shape = load_shape(student, ())
    operations = 2.0 * (shape.linear * (read + written) + shape.hidden * shape.vocabulary * (prompts + written))
    return operations / (matmul_rate(device, compute_type(quantization_of(model), device)) * UTILISATION)
