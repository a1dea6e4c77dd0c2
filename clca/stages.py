"""Every stage by its command: its configuration, its plan, its run and its result, loaded when they are needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clca.content.config import StageConfig
from clca.content.config_layers import name_origin, resolve
from clca.errors import ClcaError, NotFoundError


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: the package with its `config`, `plan`, `run` and `result` modules, and the names of its two models.

    A small one has its configuration in the package itself, and all else in a module `suite`.
    """

    package: str
    config_name: str
    result_name: str

    @property
    def config_type(self) -> type[StageConfig]:
        """The model of the stage's configuration."""
        config_type: type[StageConfig] = getattr(self._module("config"), self.config_name)
        return config_type

    @property
    def result_type(self) -> Any:
        """The model of the stage's result."""
        return getattr(self._module("result"), self.result_name)

    @property
    def plan(self) -> Callable[..., Any]:
        """`plan(config, workspace)`: everything that can be wrong is found; nothing is written, no model is asked."""
        plan: Callable[..., Any] = self._module("plan").plan
        return plan

    @property
    def run(self) -> Callable[..., Any]:
        """`run(plan, progress)`: does it, resumable after any kill; returns the result."""
        run: Callable[..., Any] = self._module("run").run
        return run

    def _module(self, name: str) -> Any:
        return _module(self.package, name)


@cache
def _module(package: str, name: str) -> Any:
    """A module of a stage by its name."""
    of_package = import_module(package)
    if find_spec(f"{package}.{name}") is None:
        return of_package if name == "config" else import_module(f"{package}.suite")
    return import_module(f"{package}.{name}")


STAGES = {
    "generate": Stage("clca.generation", "GenerateConfig", "GenerationResult"),
    "train": Stage("clca.training", "TrainConfig", "TrainingResult"),
    "eval-wvs": Stage("clca.evaluation.wvs", "WvsConfig", "WvsResult"),
    "eval-offense": Stage("clca.evaluation.offense", "OffenseConfig", "OffenseResult"),
    "eval-normad": Stage("clca.evaluation.normad", "NormadConfig", "CultureResult"),
    "eval-mmlu": Stage("clca.evaluation.mmlu", "MmluConfig", "MmluResult"),
    "eval-cspec": Stage("clca.evaluation.cspec", "CspecConfig", "CspecResult"),
    "stats": Stage("clca.quality.stats", "StatsConfig", "StatsResult"),
    "audit-judge": Stage("clca.quality.audit", "AuditConfig", "AuditResult"),
    "inspect": Stage("clca.quality.inspection", "InspectConfig", "InspectResult"),
    "export": Stage("clca.quality.export", "ExportConfig", "ExportResult"),
    "trace": Stage("clca.report.lineage", "TraceConfig", "TraceResult"),
    "map": Stage("clca.analysis", "MapConfig", "MapResult"),
    "compare": Stage("clca.evaluation.compare", "CompareConfig", "CompareResult"),
    "study": Stage("clca.study", "StudyConfig", "StudyResult"),
    "report": Stage("clca.report", "ReportConfig", "ReportResult"),
}

SERVICE = Stage("clca.service", "ServeConfig", "ServeResult")
"""`clca serve` is set, planned and run like a stage, but makes nothing of its own: no study and no job can be of it."""


def stage(name: str) -> Stage:
    """The stage of a command. Raises `NotFoundError`."""
    if name not in STAGES:
        raise NotFoundError(f"no stage {name!r}; there are {', '.join(STAGES)}")
    return STAGES[name]


def resolve_config(
    config_type: type[StageConfig],
    flags: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
    workspace: Path | None = None,
    *,
    as_flags: bool = True,
) -> Any:
    """The configuration of a stage from its layers (see `clca.content.config`). Raises `SettingsError`."""
    return resolve(config_type, flags, environment, workspace, _config_types(), as_flags=as_flags)


@contextmanager
def origins_named(
    config_type: type[StageConfig],
    flags: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
    workspace: Path | None = None,
    *,
    as_flags: bool = True,
) -> Iterator[None]:
    """Errors over a setting name the layer that `resolve_config` took it from, where that is not a flag."""
    try:
        yield
    except ClcaError as error:
        name_origin(error, config_type, flags, environment, workspace, _config_types(), as_flags=as_flags)
        raise


@cache
def _config_types() -> list[type[StageConfig]]:
    return [known.config_type for known in (*STAGES.values(), SERVICE)]
