"""The plan of a study: its file read, its cells expanded, and the settings of each checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.validation import require_libraries
from clca.study.cell_config import cell_config, require_no_code
from clca.study.cells import Cell
from clca.study.config import StudyConfig
from clca.study.source import StudySource, read_source
from clca.study.study_folder import StudyFolder
from clca.training.config import TrainConfig
from clca.training.selection import choose_recipe


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A study that may be carried out. `folder` is that of its records; outputs go to the folders of the stages."""

    config: StudyConfig
    source: StudySource
    folder: StudyFolder
    workspace: Path | None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells; each comes after those that it needs."""
        return self.source.cells


def plan(config: StudyConfig, workspace: Path | None = None) -> StudyPlan:
    """Read the study, and check the settings of each cell as far as they do not depend on results of others.

    What only the content or the models tell is found by the stage's own plan, once the cells are finished that a cell
    needs. Raises `NotFoundError`, `ContentError` and `SettingsError`, as where evaluations lack their libraries.
    """
    source = read_source(config.study, workspace)
    require_no_code(source, workspace)
    if any(cell.run.startswith("eval-") for cell in source.cells):
        require_libraries(server=True)
    content = Content(workspace)
    for cell in source.cells:
        settings = cell_config(source, cell, {id: (id,) for id in cell.needs}, workspace)
        if isinstance(settings, TrainConfig):
            _require_recipe(settings, cell, content)
    if len({cell.id for cell in source.cells}) < len(source.cells):
        raise SettingsError(f"{source.shown}: two cells have the same id; call a stage otherwise")
    return StudyPlan(config, source, StudyFolder(config.out / source.name), workspace)


def _require_recipe(config: TrainConfig, cell: Cell, content: Content) -> None:
    """Raise `SettingsError` and `NotFoundError` for a recipe, or a key of it, that there is not."""
    try:
        choose_recipe(config, content)
    except (SettingsError, NotFoundError) as error:
        raise type(error)(f"{cell.id}: {error.message}") from None
