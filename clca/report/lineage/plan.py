"""The plan of `clca trace`: what the name stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clca.report.lineage.config import TraceConfig
from clca.report.lineage.context import Folders
from clca.report.lineage.targets import Target, find_target


@dataclass(frozen=True, slots=True)
class TracePlan:
    """What is traced, and where its relatives are looked for."""

    config: TraceConfig
    target: Target
    folders: Folders
    workspace: Path | None


def plan(config: TraceConfig, workspace: Path | None = None) -> TracePlan:
    """Find what is meant. Raises `NotFoundError` for a name of nothing, `SettingsError` for one of several things."""
    folders = Folders(
        generated=config.generated,
        adapters=config.adapters,
        evaluations=config.evaluations,
        audits=config.audits,
        studies=config.studies,
        maps=config.maps,
    )
    return TracePlan(config, find_target(config.target, folders), folders, workspace)
