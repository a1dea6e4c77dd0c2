"""Which cells share a loaded model or servers, as far as their settings tell before anything is planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clca.content.config import StageConfig
from clca.study.cell_config import cell_config
from clca.study.plan import StudyPlan
from clca.study.shared_models import SERVED, SERVER, STUDENT, TRAINED, Affinity

if TYPE_CHECKING:
    from clca.generation.config import GenerateConfig


def affinities(plan: StudyPlan) -> dict[str, Affinity]:
    """What each cell shares with those that have the same, by its id."""
    by_cell: dict[str, Affinity] = {}
    for cell in plan.cells:
        config = cell_config(plan.source, cell, {id: (id,) for id in cell.needs}, plan.workspace)
        own = _affinity(cell.run, config)
        if cell.run == "audit-judge" and not any(getattr(config, name) for name in ("judge", "second_judge")):
            own = next((by_cell[id] for id in cell.needs), None)  # the judge that the run was judged by
        by_cell[cell.id] = own
    return by_cell


def _affinity(command: str, config: StageConfig) -> Affinity:
    if command == "generate":
        return _served(config)  # type: ignore[arg-type]
    if command == "train":
        return (TRAINED, getattr(config, "student", None), getattr(config, "recipe", None))
    if command.startswith("eval-") and hasattr(config, "student"):
        server = getattr(config, "base_url", None) or getattr(config, "cluster", None)
        return (STUDENT if server is None else SERVER, config.student, server)
    return None


def _served(config: GenerateConfig) -> Affinity:
    from clca.generation.teachers import addresses
    from clca.generation.vllm_settings import vllm_config

    models = tuple((address.model, address.urls) for address in addresses(config, {}).values())
    return (SERVED, models, replace(vllm_config(config), log_dir=config.out))
