"""Who answers: a student that is loaded here, with its adapters, or models on a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clca.content.lookup import Content
from clca.errors import ClcaError, SettingsError
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.model_loading import load, require_room, slots
from clca.inference.api_prompts import TEXT, Wording
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.hardware import machine
from clca.inference.prompt_format import ChatFormat, Mode, TextFormat
from clca.inference.requests import AnsweredCallback, G
from clca.inference.tokenization import Tokens
from clca.models import ModelCatalogue
from clca.models.chat_template import DATE, ChatTemplate
from clca.models.hub import cached_snapshot
from clca.models.load import load_tokenizer, this_device
from clca.models.student import Student
from clca.urls import NO_KEY

KEYS = ("CLCA_API_KEY", "OPENAI_API_KEY")


@dataclass(frozen=True, slots=True)
class InferenceConfig:
    """How a student is asked: in its chat template or with plain text, here or on the server `base_url`.

    A reply has `max_new_tokens` at most. A model here also ends it as soon as `stop_condition` holds for its request
    group and its text so far.
    """

    mode: Mode
    chat: bool
    base_url: str | None
    workspace: Path | None
    max_new_tokens: int = MAX_NEW_TOKENS
    stop_condition: Callable[[Any, str], bool] | None = None


class LazyPredictor:
    """The predictor of an evaluation, made when there is a first sheet: a student loaded here, or a server."""

    def __init__(self, subject: EvaluatedModel, way: InferenceConfig) -> None:
        self._subject, self._way = subject, way
        self._predictor: Any = None

    def predict(self, sheets: Iterable[G], done: AnsweredCallback[G]) -> None:
        if self._predictor is None:
            make = _server if self._subject.student is None else _local
            self._predictor = make(self._subject, self._way)
        self._predictor.predict(sheets, done)

    @property
    def unseen(self) -> tuple[int, int]:
        """(labels, outside) of a server; none of a model here, which tells of every token."""
        if self._predictor is None or self._subject.student is not None:
            return 0, 0
        return self._predictor.labels, self._predictor.outside


def _local(subject: EvaluatedModel, way: InferenceConfig) -> Any:
    """One base model here, with all its adapters."""
    from clca.inference.hf_model import HfModel

    student, device = subject.student, this_device()
    assert student is not None
    require_room(subject, machine(os.environ), device)
    tokenizer = load_tokenizer(student)
    form = ChatFormat(ChatTemplate(tokenizer)) if way.chat else TextFormat()
    return HfModel(
        load(subject, device),
        tokenizer,
        form,
        way.mode,
        adapters=slots(subject),
        max_new_tokens=way.max_new_tokens,
        stop_condition=way.stop_condition,
    )


def _server(subject: EvaluatedModel, way: InferenceConfig) -> Any:
    """Models on a server, adapters by their names there."""
    from clca.inference.api_model import ApiModel

    wording = _wording(way.chat, tokenizer_at_hand(subject.name, way.workspace, os.environ))
    key = api_key(os.environ)
    return ApiModel(
        str(way.base_url),
        base=subject.name,
        mode=way.mode,
        wording=wording,
        max_new_tokens=way.max_new_tokens,
        key=key,
    )


def tokenizer_at_hand(name: str, workspace: Path | None, environment: Mapping[str, str]) -> Any | None:
    """The tokenizer of a model that a server has, if its files are on this machine, too; nothing is fetched."""
    model = ModelCatalogue(Content(workspace)).find(name)
    hub_id = model.hub if model is not None else name
    folder = Path(name) if Path(name).is_dir() else cached_snapshot(hub_id, environment)
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


def api_key(environment: Mapping[str, str]) -> str:
    """The first key of the environment, or the one that stands for none."""
    for name in KEYS:
        key = environment.get(name, "").strip()
        if key and not (key.isascii() and key.isprintable()):
            raise SettingsError(f"{name}: the key holds characters that an HTTP header cannot carry")
        if key:
            return key
    return NO_KEY
