"""Who answers a poll: a student that is loaded here, its adapters in turn, or models on a server."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clca.errors import ClcaError, SettingsError
from clca.evaluation.predictors.completions import TEXT, Wording
from clca.evaluation.predictors.formats import ChatFormat, TextFormat
from clca.evaluation.predictors.tokens import Tokens
from clca.evaluation.sheet import Done, Sheet
from clca.models import Models
from clca.models.hub import cached
from clca.poll import Poll
from clca.subject import load, require_room, select
from clca.teacher.machine import machine
from clca.training.chat import DATE, ChatTemplate
from clca.training.student import Student, load_tokenizer, this_device
from clca.urls import NO_KEY
from clca.workspace import Content

KEYS = ("CLCA_API_KEY", "OPENAI_API_KEY")


class Answers:
    """The predictor of a poll, made when there is a first sheet to answer: a student loaded here, or a server."""

    def __init__(self, poll: Poll) -> None:
        self._poll = poll
        self._made: _Served | _Local | None = None

    def fill(self, sheets: Iterable[Sheet], done: Done) -> None:
        if self._made is None:
            self._made = _Served(self._poll) if self._poll.subject.student is None else _Local(self._poll)
        self._made.fill(sheets, done)

    @property
    def unseen(self) -> tuple[int, int]:
        """(labels, outside) of a server; none of a model here, which tells of every token."""
        return (self._made.labels, self._made.outside) if isinstance(self._made, _Served) else (0, 0)


class _Local:
    """One base model here; its adapters take turns."""

    def __init__(self, poll: Poll) -> None:
        from clca.evaluation.predictors.local import LocalPredictor

        student, device = poll.subject.student, this_device()
        assert student is not None
        require_room(poll.subject, machine(os.environ), device)
        tokenizer = load_tokenizer(student)
        chat = poll.layout == "chat"
        form = ChatFormat(ChatTemplate(tokenizer)) if chat else TextFormat()
        self._poll, self._model = poll, load(poll.subject, device)
        self._predictor = LocalPredictor(self._model, tokenizer, form, poll.mode)

    def fill(self, sheets: Iterable[Sheet], done: Done) -> None:
        for adapter, those in _by_adapter(self._poll, sheets).items():
            if adapter:
                select(self._model, adapter)
            self._predictor.fill(those, done)


class _Served:
    """Models on a server. Of the `labels` asked about, `outside` were not among its likeliest tokens."""

    def __init__(self, poll: Poll) -> None:
        self._poll = poll
        self._key = api_key(os.environ)
        self._wording = _wording(poll, tokenizer_at_hand(poll.subject.name, poll.content.workspace, os.environ))
        self.labels = self.outside = 0

    def fill(self, sheets: Iterable[Sheet], done: Done) -> None:
        from clca.evaluation.predictors.server import ServerPredictor

        poll, wording = self._poll, self._wording
        for adapter, those in _by_adapter(poll, sheets).items():
            predictor = ServerPredictor(
                str(poll.asked.base_url),
                base=poll.subject.name,
                adapter=adapter or None,
                mode=poll.mode,
                wording=wording,
                key=self._key,
            )
            try:
                predictor.fill(those, done)
            finally:  # of an interrupted sitting, too
                self.labels += predictor.labels
                self.outside += predictor.outside


def _by_adapter(poll: Poll, sheets: Iterable[Sheet]) -> dict[str, list[Sheet]]:
    """Sheets by the name of the adapter that answers them, "" for the student as it is."""
    found: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        name = poll.subject.adapters[sheet.culture].name if sheet.method == "clca" else ""
        found.setdefault(name, []).append(sheet)
    return found


def tokenizer_at_hand(name: str, workspace: Path | None, environment: Mapping[str, str]) -> Any | None:
    """The tokenizer of a model that a server has, if its files are on this machine, too; nothing is fetched."""
    model = Models(Content(workspace)).find(name)
    hub_id = model.hub if model is not None else name
    folder = Path(name) if Path(name).is_dir() else cached(hub_id, environment)
    if folder is None or find_spec("transformers") is None:
        return None
    try:
        return load_tokenizer(Student(name, str(folder), None, False, None))
    except ClcaError:
        return None


def _wording(poll: Poll, tokenizer: Any | None) -> Wording:
    """How the server is asked: by the student's own tokenizer and template, as far as they are known here."""
    if poll.layout != "chat":
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
