"""The plan of `clca stats`: the runs are found, and all that they are measured with is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from clca.contamination.evaluations import Evaluations, find_evaluations
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.evaluation.validation import require
from clca.generation.scenarios import OWN, SEEDS, read_seeds
from clca.quality.embedding import NONE, USE, has_use, require_embedder
from clca.quality.giving_way import GivingWay
from clca.quality.languages import language
from clca.quality.markers import Markers
from clca.quality.run_choice import choose_runs, require_started
from clca.quality.stats.config import LIBRARIES, StatsConfig
from clca.quality.stats.counted import Instruments
from clca.quality.stats.sides import Side, SideRun
from clca.storage.selection import Selection


@dataclass(frozen=True, slots=True)
class StatsPlan:
    """The runs to measure, and with what."""

    config: StatsConfig
    runs: tuple[SideRun, ...]
    instruments: Instruments
    embedder: str
    evaluations: Evaluations
    selection: tuple[Selection, ...]

    @property
    def dialogues(self) -> int:
        """About how many dialogues will be read."""
        return sum(run.kept for run in self.runs)


def plan(config: StatsConfig, workspace: Path | None = None) -> StatsPlan:
    """Find the runs, and read what they are measured with.

    Raises `SettingsError` for a library that is missing and a run on both sides, `NotFoundError` for an unknown run,
    `ContentError` for a broken content file.
    """
    require(LIBRARIES, "clca stats needs", extra="quality")
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    sides: dict[Side, tuple[str, ...]] = {"first": config.run, "second": config.compare}
    runs: list[SideRun] = []
    selections: list[Selection] = []
    for side, names in sides.items():
        chosen, taken = choose_runs(names, config.out, catalogue)
        selections += taken
        runs += [SideRun(side, info) for info in chosen]
    folders = [run.info.folder.resolve() for run in runs]
    twice = next((run for run in runs if folders.count(run.info.folder.resolve()) > 1), None)
    if twice is not None:
        raise SettingsError(f"{twice.info.folder} is on both sides: compare it with another run")
    require_started([run.info for run in runs])
    members = {name: catalogue.culture(name).members for name in catalogue.ids()}
    seeds = read_seeds(content, (SEEDS, OWN))
    instruments = Instruments(
        language, Markers.load(content, members), GivingWay.load(content), {seed.id: seed.asks for seed in seeds}
    )
    embedder = config.embedder or (USE if has_use() else NONE)
    require_embedder(embedder)
    evaluations = find_evaluations(content, workspace, os.environ, config.against)
    return StatsPlan(config, tuple(runs), instruments, embedder, evaluations, tuple(selections))
