"""Which runs are meant by what the user names: folders, names, patterns of folders, cultures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from glob import has_magic
from pathlib import Path

from clca.culture import CultureCatalogue
from clca.culture.catalogue import is_of_two
from clca.errors import NotFoundError, SettingsError
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo, find_runs, matching_runs
from clca.storage.run_selection import newest_run
from clca.storage.selection import Selection


def choose_runs(names: Sequence[str], out: Path, catalogue: CultureCatalogue) -> tuple[list[RunInfo], list[Selection]]:
    """The runs that names stand for, each once, and what else each could have meant.

    A name is a folder, a name, a pattern of folders, or a culture, of which the newest. Raises `NotFoundError`.
    """
    runs: dict[Path, RunInfo] = {}
    selections = []
    for name in names:
        if has_magic(name) and not Path(name).exists():
            named = matching_runs(name)
        else:
            info, selection = newest_run(name, _find(name, out, catalogue))
            named = [info]
            selections.append(selection)
        runs.update({info.folder.resolve(): info for info in named})
    return list(runs.values()), selections


def require_one_culture(runs: Sequence[RunInfo], why: str) -> None:
    """Raise `SettingsError` for a run of two cultures; `why` is a clause on what it cannot be used for."""
    for run in runs:
        if is_of_two(run.culture):
            raise SettingsError(f"{run.folder} is of two cultures, {run.culture}, {why}: give runs of one")


def require_started(runs: Sequence[RunInfo]) -> None:
    """Raise `NotFoundError` for a run without a file of kept dialogues, which even a run that kept none has."""
    for run in runs:
        if not (run.folder / FILES["kept"]).is_file():
            raise NotFoundError(f"{run.folder} has no {FILES['kept']}: it is not a run, or was never started")


def _find(name: str, out: Path, catalogue: CultureCatalogue) -> list[RunInfo]:
    """The runs of a name, or of any name of a culture, oldest first."""
    try:
        return find_runs(name, out)
    except NotFoundError as error:
        with suppress(NotFoundError):
            return find_runs(catalogue.find_meeting(name), out)
        raise error from None
