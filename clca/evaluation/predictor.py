"""The predictor of an evaluation: a model that is loaded here with its adapters, or models on a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clca.cluster.student import StudentReplicas
from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_loading import load, peft_names, require_memory
from clca.inference.api_prompts import TEXT, Wording
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.hardware import machine
from clca.inference.keys import key_for
from clca.inference.prompt_format import ChatFormat, Mode, TextFormat
from clca.inference.requests import AnsweredCallback, G
from clca.inference.tokenization import Tokens
from clca.models import ModelCatalogue
from clca.models.chat_template import ChatTemplate
from clca.models.fixed_date import DATE
from clca.models.hub import cached_snapshot
from clca.models.load import load_tokenizer, this_device, threads_of
from clca.models.student import Student


@dataclass(frozen=True, slots=True)
class InferenceConfig:
    """How a model is asked: in its chat template or with plain text, here, on the server `base_url`, or on `replicas`.

    A reply has `max_new_tokens` at most. A model here also ends it as soon as `stop_condition` holds for its request
    group, its question and its text so far. `on_note` is called with what is done before the first answer.
    """

    mode: Mode
    chat: bool
    base_url: str | None
    workspace: Path | None
    max_new_tokens: int = MAX_NEW_TOKENS
    stop_condition: Callable[[Any, Any, str], bool] | None = None
    replicas: StudentReplicas | None = None
    on_note: Callable[[str], object] = lambda _: None

    @property
    def served(self) -> bool:
        """Whether a server answers, and not a model in this process."""
        return self.base_url is not None or self.replicas is not None

    @property
    def answer_tokens(self) -> int:
        """The most tokens of an answer: a written reply, or the label that is compared."""
        return self.max_new_tokens if self.mode == "generate" else 1


@dataclass(frozen=True, slots=True)
class TopKCoverage:
    """Number of labels requested, and how many fell outside the server's top-k logprobs.

    `notes` are sentences on what the server was asked otherwise than it should have been, and what was repeated.
    """

    labels: int = 0
    outside: int = 0
    notes: tuple[str, ...] = ()

    def caveats(self, noun: str) -> list[str]:
        """What has to be read beside scores; labels are called `noun`."""
        if not self.outside:
            return list(self.notes)
        return [
            *self.notes,
            f"{self.outside:,} of {self.labels:,} {noun} ({self.outside / self.labels:.1%}) were not among the server's"
            " likeliest tokens: their odds are taken from a bound.",
        ]


ALL_COVERED = TopKCoverage()


class LazyPredictor:
    """The predictor of a model, made with the first request group: the model is loaded, or its server connected."""

    def __init__(self, model: EvaluatedModel, inference: InferenceConfig) -> None:
        self._model, self._inference = model, inference
        self._predictor: Any = None

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        """Load the predictor at the first call, then predict with it."""
        with threads_of(None if self._inference.served else self._model.student):
            if self._predictor is None:
                make = _api_predictor if self._inference.served else _local_predictor
                self._predictor = make(self._model, self._inference)
            self._predictor.predict(groups, answered)

    @property
    def coverage(self) -> TopKCoverage:
        """What was asked of a server; nothing of a model here, which knows the probability of every token."""
        if self._predictor is None or not self._inference.served:
            return ALL_COVERED
        return TopKCoverage(self._predictor.labels, self._predictor.outside, self._predictor.notes)


def _local_predictor(model: EvaluatedModel, inference: InferenceConfig) -> Any:
    """The base model in this process, with all its adapters. Raises `SettingsError` where it does not fit."""
    from clca.inference.hf_model import HfModel

    student, device = model.student, this_device()
    assert student is not None
    require_memory(model, machine(os.environ), device)
    tokenizer = load_tokenizer(student)
    return HfModel(
        load(model, device),
        tokenizer,
        ChatFormat(ChatTemplate(tokenizer)) if inference.chat else TextFormat(),
        inference.mode,
        adapters=peft_names(model),
        max_new_tokens=inference.max_new_tokens,
        stop_condition=inference.stop_condition,
    )


def _api_predictor(model: EvaluatedModel, inference: InferenceConfig) -> Any:
    """The model on a server, or on replicas that are started now; adapters by their names there."""
    from clca.inference.api_model import ApiModel

    replicas = inference.replicas
    wording = _wording(inference.chat, served_tokenizer(model, inference.workspace, os.environ))
    make = partial(ApiModel, mode=inference.mode, wording=wording, max_new_tokens=inference.max_new_tokens)
    if replicas is None:
        key = key_for([str(inference.base_url)], os.environ).value
        return make(str(inference.base_url), base=model.name, key=key)
    replicas.start(inference.on_note)
    return make(replicas, base=replicas.name, key=replicas.key, concurrency=replicas.concurrency)


def served_tokenizer(model: EvaluatedModel, workspace: Path | None, environment: Mapping[str, str]) -> Any | None:
    """The tokenizer of a model that a server answers for, as far as its files are on this machine."""
    name = model.name if model.student is None else os.path.expanduser(model.student.source)
    return local_tokenizer(name, workspace, environment)


def local_tokenizer(name: str, workspace: Path | None, environment: Mapping[str, str]) -> Any | None:
    """The tokenizer of a served model if its files are on this machine, else None; nothing is downloaded."""
    model = ModelCatalogue(Content(workspace)).find(name)
    if model is None and Path(name).is_dir():
        folder: Path | None = Path(name)
    else:
        folder = cached_snapshot(name if model is None else model.hub, environment)
    if folder is None or find_spec("transformers") is None:
        return None
    try:
        return load_tokenizer(Student(name, str(folder), None, False, None))
    except ClcaError:
        return None


def _wording(chat: bool, tokenizer: Any | None) -> Wording:
    """How the server is asked: by the student's own tokenizer and template, as far as they are known here."""
    if not chat:
        return TEXT if tokenizer is None else replace(TEXT, encode=Tokens(tokenizer, TextFormat()).ids)
    wording = Wording(variables={"date_string": DATE})
    if tokenizer is None or not tokenizer.chat_template:
        return wording
    template = ChatTemplate(tokenizer)
    return replace(wording, lead=template.answer_frame[0], folds_system=template.folds_system)
