"""What is left of a study and what it would take, as far as that is known before inputs exist. Nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from clca.content.config import StageConfig
from clca.content.lookup import Content
from clca.content.steady import steady_content
from clca.errors import ClcaError
from clca.inference.hardware import machine
from clca.progress import Progress, ProgressCallback, ignore
from clca.records import Record
from clca.stages import stage
from clca.study.cell_config import cell_config, recorded_config
from clca.study.cells import Cell
from clca.study.costs import UNKNOWN, Cost, cost_of
from clca.study.outputs import KNOW_FINISHED, inputs_identity, planned, unchanged
from clca.study.plan import StudyPlan
from clca.study.result import CellRecord
from clca.study.study_file import Combination
from clca.study.tables.reproduction import Reproduction, reproductions

How = Literal["plan", "estimate", "unknown"]


class CellForecast(Record):
    """A cell before it is carried out. Counts are null where nobody knows them yet."""

    id: str
    stage: str
    run: str
    axes: Combination
    needs: tuple[str, ...]
    done: bool
    results: tuple[Path, ...] = Field(description="Folders of what is done.")
    how: How = Field(description="plan: by the stage's own plan; estimate: by one without inputs that are missing yet.")
    requests: int | None = None
    tokens: int | None = None
    seconds: float | None = Field(default=None, description="On this machine's device.")
    bytes: int | None = Field(default=None, description="Disk, about.")
    note: str = Field(default="", description="Why something is unknown, or how it was estimated.")
    refused: bool = Field(default=False, description="Whether it would fail as things are, for what `note` says.")


class StudyForecast(Record):
    """All cells, and the sums of those that are left; `unknown` counts the cells that a sum lacks."""

    study: str
    title: str
    folder: Path
    requires: tuple[str, ...] = Field(description="What has to be brought first.")
    differs: tuple[str, ...] = Field(description="What cannot be as it was published.")
    reproduces: tuple[Reproduction, ...] = Field(description="Published tables that it makes anew.")
    device: str
    cells: tuple[CellForecast, ...]
    left: int
    totals: dict[str, float]
    unknown: dict[str, int]


def forecast(plan: StudyPlan, progress: ProgressCallback = ignore) -> StudyForecast:
    """Plan each cell whose inputs are there by its stage, and estimate the others. Content is read once for all."""
    with steady_content():
        return _forecast(plan, progress)


def _forecast(plan: StudyPlan, progress: ProgressCallback) -> StudyForecast:
    forecaster = _Forecaster(plan)
    cells = []
    for number, cell in enumerate(plan.cells, start=1):
        cells.append(forecaster.forecast(cell))
        progress(Progress(number, len(plan.cells), "cells planned"))
    study = plan.source.study
    left = [cell for cell in cells if not cell.done]
    totals = {
        name: sum(value for cell in left if (value := getattr(cell, name)) is not None)
        for name in ("requests", "tokens", "seconds", "bytes")
    }
    unknown = {
        "requests": sum(cell.requests is None and cell.run != "train" for cell in left),
        **{name: sum(getattr(cell, name) is None for cell in left) for name in ("tokens", "seconds", "bytes")},
    }
    return StudyForecast(
        study=plan.source.name,
        title=plan.source.study.title,
        folder=plan.folder.path,
        requires=study.requires,
        differs=(*study.differs, *(f"{entry.here} for {entry.published}: {entry.why}" for entry in study.instead)),
        reproduces=reproductions(study, plan.cells, Content(plan.workspace)),
        device="cuda" if machine(os.environ).gpus else "cpu",
        cells=tuple(cells),
        left=len(left),
        totals=totals,
        unknown=unknown,
    )


@dataclass(slots=True)
class _Forecaster:
    plan: StudyPlan
    records: dict[str, CellRecord] = field(default_factory=dict)
    """Of each cell that is done."""
    configs: dict[str, StageConfig] = field(default_factory=dict)
    costs: dict[str, tuple[str, Cost]] = field(default_factory=dict)
    """By the settings that decide them, with the first cell of each."""
    refusals: dict[str, ClcaError] = field(default_factory=dict)
    """Why a plan was refused, by the same: to be refused by a hub that does not answer takes a minute."""

    def forecast(self, cell: Cell) -> CellForecast:
        needs = {id: self.records.get(id) for id in cell.needs}
        missing = [id for id, record in needs.items() if record is None]
        try:
            if missing:
                return self._estimated(cell, missing)
            return self._planned(cell, {id: record for id, record in needs.items() if record is not None})
        except ClcaError as error:
            entry = self._entry(cell, Cost(note=error.message.removeprefix(f"{cell.id}: ")), "unknown")
            return entry.model_copy(update={"refused": not missing})

    def _planned(self, cell: Cell, needs: Mapping[str, CellRecord]) -> CellForecast:
        """By the stage's own plan."""
        folders = {id: tuple(map(str, need.results)) for id, need in needs.items()}
        config = self.configs[cell.id] = cell_config(self.plan.source, cell, folders, self.plan.workspace)
        earlier = self.plan.folder.read(cell)
        if cell.run not in KNOW_FINISHED:
            identity = inputs_identity(cell.run, config, list(needs.values()))
            if unchanged(earlier, identity, Content(self.plan.workspace)):
                return self._done(cell, earlier)
        stage_plan = _plan(cell.run, config, self.plan.workspace)
        if cell.run in KNOW_FINISHED:
            outlook = planned(cell.run, stage_plan)
            if outlook.finished:
                update = {"results": outlook.folders, "fingerprint": outlook.identity, "state": "finished"}
                return self._done(cell, earlier.model_copy(update=update))
        first, cost = self._cost(cell, config, lambda: stage_plan)
        if cell.run == "train" and first != cell.id and not cost.is_unknown:
            return self._entry(cell, replace(cost, note=f"as {first}, which draws by another seed"), "estimate")
        return self._entry(cell, cost, "unknown" if cost.is_unknown else "plan")

    def _estimated(self, cell: Cell, missing: list[str]) -> CellForecast:
        """By a plan without the results that are missing, where there is one."""
        placeholders = {id: (id,) for id in cell.needs}
        config: Any = cell_config(self.plan.source, cell, placeholders, self.plan.workspace)
        self.configs[cell.id] = config
        if not cell.run.startswith("eval-") or not hasattr(config, "adapter"):
            return self._entry(cell, Cost(note=f"known once {_names(missing)} done"), "unknown")
        update: dict[str, Any] = {"adapter": ()}
        if config.student is None:
            trained = (self.configs.get(id) for id in missing)
            update["student"] = next((name for need in trained if (name := getattr(need, "student", None))), None)
        without_adapters, factor = _without_adapters(cell.run, config)
        without = config.model_copy(update={**update, **without_adapters})
        _, cost = self._cost(cell, without, lambda: _plan(cell.run, without, self.plan.workspace))
        note = f"estimated without its {len(config.adapter)} adapters; {cost.note}".removesuffix("; ")
        return self._entry(cell, cost.times(factor, note), "unknown" if cost.is_unknown else "estimate")

    def _cost(self, cell: Cell, config: StageConfig, make: Callable[[], Any]) -> tuple[str, Cost]:
        """The cost, and the first cell that has it."""
        key = f"{cell.run} {_decisive(cell.run, recorded_config(config))}"
        if key in self.refusals:
            raise self.refusals[key]
        if key not in self.costs:
            try:
                self.costs[key] = cell.id, cost_of(cell.run, make())
            except ClcaError as error:
                self.refusals[key] = error
                raise
        return self.costs[key]

    def _done(self, cell: Cell, record: CellRecord) -> CellForecast:
        self.records[cell.id] = record
        return self._entry(cell, UNKNOWN, "plan", record.results, done=True)

    def _entry(
        self, cell: Cell, cost: Cost, how: How, results: tuple[Path, ...] = (), *, done: bool = False
    ) -> CellForecast:
        return CellForecast(
            id=cell.id,
            stage=cell.stage,
            run=cell.run,
            axes=dict(cell.axes),
            needs=cell.needs,
            done=done,
            results=results,
            how=how,
            requests=cost.requests,
            tokens=cost.tokens,
            seconds=cost.seconds,
            bytes=cost.bytes,
            note=cost.note,
        )


def _decisive(command: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that decide a cost: seeds and adapters do not, as far as estimates go."""
    if command == "train":
        sets = [text for text in settings["settings"] if not text.replace(" ", "").startswith("seed=")]
        return {**settings, "settings": sets}
    dropped = ("seed", "adapter") if command.startswith("eval-") else ()
    return {key: value for key, value in settings.items() if key not in dropped}


def _without_adapters(command: str, config: Any) -> tuple[dict[str, Any], float]:
    """Settings with which an evaluation asks no adapter, and how many times as much it asks with its own."""
    if command == "eval-wvs":
        asked = config.method or ("persona", "cultural", "clca")
        if "clca" not in asked:
            return {}, 1
        # An adapter is asked in the place of each respondent, as persona is; cultural is asked once for all.
        if "persona" in asked:
            return {"method": tuple(method for method in asked if method != "clca")}, 2
        return {"method": ("persona",)}, 1
    if not hasattr(config, "row"):
        return {}, 1 + len(config.adapter)
    without = [row for row in config.row or ("base", "zero-shot") if row in ("base", "zero-shot")]
    return {"row": ("base",)}, len(without) + len(config.adapter)


def _plan(command: str, config: StageConfig, workspace: Path | None) -> Any:
    """The plan of a stage; of a training also where this machine cannot run it."""
    if command == "train":
        return stage(command).plan(config, workspace, allow_unavailable=True)
    return stage(command).plan(config, workspace)


def _names(ids: list[str]) -> str:
    return f"{ids[0]} is" if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more are"
