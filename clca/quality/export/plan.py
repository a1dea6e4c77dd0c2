"""The plan of `clca export`: the runs are found, and the folder may be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from clca.content.lookup import Content
from clca.content.prompts import TRAINING_PROMPTS, Prompts
from clca.culture import CultureCatalogue
from clca.errors import NotFoundError
from clca.evaluation.validation import require
from clca.quality.export.audits import Audits, find_audits
from clca.quality.export.config import ExportConfig
from clca.quality.export.push import require_token
from clca.quality.export.result import FILE, ExportResult
from clca.quality.run_choice import choose_runs, require_one_culture, require_started
from clca.safe_open import read_json
from clca.storage.earlier_import import replaceable_files
from clca.storage.run_index import RunInfo
from clca.storage.selection import Selection
from clca.training.training_sources import CultureRef


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """The runs to export, the audits of their judge, and `replaces`, the files of an earlier export in the folder."""

    config: ExportConfig
    runs: tuple[RunInfo, ...]
    cultures: Mapping[str, CultureRef]
    prompts: Prompts
    content: Content
    audits: Audits
    replaces: frozenset[str]
    selection: tuple[Selection, ...]

    @property
    def dialogues(self) -> int:
        """About how many dialogues will be read."""
        return sum(run.kept for run in self.runs)


def plan(config: ExportConfig, workspace: Path | None = None) -> ExportPlan:
    """Find the runs and look at the folder.

    Raises `SettingsError` for a missing library or token and a run of two cultures, `NotFoundError` for an unknown
    run, `StoreError` for a folder that holds anything but an earlier export.
    """
    if config.libraries:
        require(config.libraries, f"clca export --format {config.format} needs", extra="export")
    if config.push is not None:
        require_token()
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    runs, selection = choose_runs(config.run, config.generated, catalogue)
    require_one_culture(runs, "and teaches neither alone")
    require_started(runs)
    replaces = frozenset[str]()
    for run in runs:
        replaces = replaceable_files(config.out, run.folder, _earlier_files, made_by="export")
    cultures = {
        name: CultureRef(name, catalogue.aliases(name)[0], catalogue.culture(name).members) for name in catalogue.ids()
    }
    prompts = Prompts.load(content, TRAINING_PROMPTS)
    audits = find_audits(config.audits, runs)
    return ExportPlan(config, tuple(runs), cultures, prompts, content, audits, replaces, tuple(selection))


def _earlier_files(folder: Path) -> dict[str, str | None]:
    """The files of the export in a folder, with their digests. Raises `NotFoundError` where there is none."""
    try:
        earlier = ExportResult.model_validate_json(read_json(folder / FILE, within=folder))
    except (OSError, ValidationError):
        raise NotFoundError(f"{folder} holds no export") from None
    return {**{name: file.sha256 for name, file in earlier.files.items()}, FILE: None}
