"""The plan of `clca inspect`: the runs are found, their reviews read, and an SQL condition answered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.evaluation.validation import require
from clca.quality.inspection.config import LIBRARIES, InspectConfig
from clca.quality.inspection.lines import Matcher
from clca.quality.inspection.sql import matching_ids
from clca.quality.run_choice import choose_runs
from clca.storage.reviews import read_reviews
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo
from clca.storage.selection import Selection


@dataclass(frozen=True, slots=True)
class InspectPlan:
    """The runs to look into, and what matches."""

    config: InspectConfig
    runs: tuple[RunInfo, ...]
    matcher: Matcher
    selection: tuple[Selection, ...]


def plan(config: InspectConfig, workspace: Path | None = None) -> InspectPlan:
    """Find the runs and prepare the filters.

    Raises `SettingsError` for an SQL condition that cannot be answered, a library that is missing and a file that
    exists, `NotFoundError` for an unknown run or culture, `ContentError` for a review that is none.
    """
    if config.where is not None:
        require(LIBRARIES, "--where needs", extra="quality")
    if config.to is not None and (config.to.exists() or config.to.is_symlink()):
        raise SettingsError(f"--out {config.to} exists: give a new file")
    catalogue = CultureCatalogue(Content(workspace))
    runs, selection = choose_runs(config.run, config.generated, catalogue)
    cultures = tuple(catalogue.find_meeting(name) for name in config.culture)
    ids = None
    if config.where is not None:
        outcomes = config.verdict or tuple(FILES)
        ids = matching_ids(config.where, [run.folder / FILES[outcome] for run in runs for outcome in outcomes])
    reviews = {run.folder: read_reviews(run.folder) for run in runs}
    config = config.model_copy(update={"culture": cultures})
    return InspectPlan(config, tuple(runs), Matcher(config, reviews, ids), tuple(selection))
