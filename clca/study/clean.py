"""What a study made that nothing else uses: `clca study clean` shows it, and deletes it where that is confirmed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path

from pydantic import Field

from clca.bounded_json import parse_json
from clca.errors import ClcaError, StoreError
from clca.evaluation.prediction_dir import INFO as EVALUATION
from clca.evaluation.prediction_dir import read_info
from clca.models.adapter import CARD, CONFIG, EXAMPLES, LOGS, WEIGHTS, list_adapters
from clca.models.adapter import FILE as ADAPTER
from clca.records import Record
from clca.safe_open import UnsafeFile, read_json, walk
from clca.storage.atomic import opened_folder, remove_listed, write_errors
from clca.storage.lock import NAME as LOCK
from clca.storage.lock import is_locked
from clca.storage.run_dir import FILES, REPLY_CACHE
from clca.storage.run_index import INFO as RUN
from clca.storage.run_index import read_run
from clca.study.result import INFO, OUTPUTS, CellRecord, Study, read_study
from clca.study.status import find_study
from clca.study.study_folder import StudyFolder

AUDIT = "audit.json"
TABLES = ("*.md", "*.csv", "*.tex", "*.svg", "*.png", "*.pdf")
WRITTEN: Mapping[str, tuple[str, ...]] = {
    RUN: (RUN, *FILES.values(), "requests.jsonl", f"{REPLY_CACHE}*"),
    ADAPTER: (ADAPTER, WEIGHTS, CONFIG, EXAMPLES, CARD, f"{LOGS}/*"),
    EVALUATION: ("evaluation.json", "scores.json", "*.jsonl", *TABLES, "cspec/*"),
    AUDIT: (AUDIT, "judgements.jsonl", f"{REPLY_CACHE}*", *TABLES),
}
"""What clca writes to a folder, by the file that makes it a folder of clca. What is not among them, such as a person's
reviews, keeps the folder."""


class ResultFolder(Record):
    """A folder of results. It is deleted only where `kept` is empty, which else says why it stays."""

    folder: Path
    cells: tuple[str, ...]
    replaced: bool = Field(description="Whether newer results of the same cell have taken its place.")
    bytes: int
    kept: str
    deleted: bool = False


class StudyClean(Record):
    """All folders of results of a study, those that nothing else uses first."""

    study: Path
    outputs: tuple[ResultFolder, ...]

    @property
    def unused(self) -> tuple[ResultFolder, ...]:
        """Those that may be deleted, or were."""
        return tuple(output for output in self.outputs if not output.kept)


def clean_study(
    name: str, out: Path, workspace: Path | None, *, only_replaced: bool = False, delete: bool = False
) -> StudyClean:
    """Find what a study made that nothing else uses, and with `delete` remove it.

    What was there before a study is not removed, nor what no study is known to have made. Only folders below the
    workspace (the working directory without one) are removed, and only files that clca writes.
    Raises `NotFoundError` and `StoreError`.
    """
    study = find_study(name, out)
    root = Path(os.path.realpath(workspace or Path.cwd()))
    others = list(_other_studies(out, study))
    made = {os.path.realpath(path) for known in (study, *others) for cell in known.cells.values() for path in cell.made}
    outputs = list(_outputs(study, root, made, only_replaced=only_replaced))
    outputs = _without_used(outputs, others)
    if delete:
        outputs = [_deleted(output, study) if not output.kept else output for output in outputs]
    return StudyClean(study=study.folder, outputs=tuple(sorted(outputs, key=lambda output: bool(output.kept))))


def _outputs(study: Study, root: Path, made: set[str], *, only_replaced: bool) -> Iterator[ResultFolder]:
    current: dict[Path, list[str]] = {}
    replaced: dict[Path, list[str]] = {}
    for cell in study.cells.values():
        for folders, cells_of in ((cell.results, current), (cell.earlier, replaced)):
            for folder in folders:
                cells_of.setdefault(folder, []).append(cell.id)
    for folder in dict.fromkeys((*replaced, *current)):
        if not os.path.isdir(folder):
            continue
        is_replaced = folder not in current
        kept = _fault(folder, root, study)
        if not kept and _output_of(folder, study) is None and os.path.realpath(folder) not in made:
            kept = "was there before, or is not known to have been made by a study"
        if only_replaced and not is_replaced:
            kept = "holds the present results"
        cells = (*current.get(folder, ()), *replaced.get(folder, ()))
        yield ResultFolder(folder=folder, cells=cells, replaced=is_replaced, bytes=_size(folder), kept=kept)


def _fault(folder: Path, root: Path, study: Study) -> str:
    """Why clca may not remove a folder, or ""."""
    real = Path(os.path.realpath(folder))
    if folder.is_symlink() or not real.is_relative_to(root) or real == root:
        return f"lies outside {root}"
    if is_locked(folder):
        return "is in use"
    try:
        names = _files(folder)
    except UnsafeFile as error:
        return str(error)
    patterns = _patterns(folder, names, study)
    if not patterns:
        return "holds nothing that shows that clca made it"
    foreign = [name for name in names if not any(_matches(name, pattern) for pattern in (*patterns, LOCK))]
    return f"holds {foreign[0]}, which clca did not write, or a person added" if foreign else ""


def _matches(name: str, pattern: str) -> bool:
    """Whether a name matches, in as many folders."""
    return name.count("/") == pattern.count("/") and fnmatch(name, pattern)


def _output_of(folder: Path, study: Study) -> CellRecord | None:
    """The cell whose plain output is in a folder of the study itself, to which no link leads."""
    real = os.path.realpath(folder)
    is_output = os.path.dirname(real) == os.path.join(os.path.realpath(study.folder), OUTPUTS)
    return study.cells.get(os.path.basename(real)) if is_output else None


def _patterns(folder: Path, names: list[str], study: Study) -> tuple[str, ...]:
    if (cell := _output_of(folder, study)) is not None:
        return (f"{cell.run}.json",)
    return next((patterns for mark, patterns in WRITTEN.items() if mark in names), ())


def _files(folder: Path) -> list[str]:
    """The files below a folder, and links in it, by their paths from it."""
    return sorted(
        path.relative_to(folder).as_posix() for path in walk(folder) if path.is_symlink() or not path.is_dir()
    )


def _size(folder: Path) -> int:
    size = 0
    with suppress(OSError):
        for path in walk(folder):
            with suppress(OSError):
                size += path.lstat().st_size
    return size


def _without_used(outputs: list[ResultFolder], others: list[Study]) -> list[ResultFolder]:
    """The outputs with those kept that something uses which stays; what those use stays, too."""
    users = {
        os.path.realpath(folder): f"the study {other.info.study}"
        for other in others
        for cell in other.cells.values()
        for folder in cell.results
    }
    while True:
        going = {os.path.realpath(output.folder) for output in outputs if not output.kept}
        used = {**users, **dict(_of_results(outputs, going))}
        kept = [
            output.model_copy(update={"kept": f"is used by {used[real]}"})
            if not output.kept and (real := os.path.realpath(output.folder)) in used
            else output
            for output in outputs
        ]
        if kept == outputs:
            return kept
        outputs = kept


def _other_studies(out: Path, study: Study) -> Iterator[Study]:
    """The other studies of the folder, and of the usual one. Raises `StoreError` for one that cannot be read."""
    roots = {os.path.realpath(root): root for root in (out, study.folder.parent, Path("studies"))}
    for file in sorted(file for root in roots.values() for file in root.glob(f"*/{INFO}")):
        if os.path.realpath(file.parent) == os.path.realpath(study.folder):
            continue
        try:
            yield read_study(file.parent)
        except ClcaError as error:
            raise StoreError(f"{error.message}; nothing is cleaned while it is unknown what that study uses") from None


def _of_results(outputs: list[ResultFolder], going: set[str]) -> Iterator[tuple[str, str]]:
    """What results that stay are of: the runs of adapters and audits, and the adapters of evaluations."""
    roots = {Path("adapters"), *(output.folder.parent.parent for output in outputs)}
    runs = {}
    for output in outputs:
        with suppress(ClcaError):
            runs[read_run(output.folder).data.get("fingerprint")] = os.path.realpath(output.folder)
    for root in roots:
        for adapter in list_adapters(root):
            if os.path.realpath(adapter.folder) not in going:
                for learned in adapter.data.lineage:
                    if learned.fingerprint in runs:
                        yield runs[learned.fingerprint], str(adapter.folder)
    for file in Path("audits").glob(f"*/{AUDIT}"):
        if os.path.realpath(file.parent) not in going:
            for fingerprint in _run_fingerprints(file):
                if fingerprint in runs:
                    yield runs[fingerprint], str(file.parent)
    for root in {Path("evaluations"), *roots}:
        for file in (*root.glob(f"*/{EVALUATION}"), *root.glob(f"*/*/{EVALUATION}")):
            if os.path.realpath(file.parent) not in going:
                with suppress(ClcaError):
                    adapters = read_info(file.parent).get("adapters")
                    for name in adapters.values() if isinstance(adapters, dict) else ():
                        if isinstance(name, str) and "\0" not in name:
                            yield os.path.realpath(name), str(file.parent)


def _run_fingerprints(file: Path) -> Iterator[str]:
    """The fingerprints of the runs that an audit is of; of one that cannot be read none."""
    with suppress(OSError, ValueError):
        data = parse_json(read_json(file, within=file.parent))
        recorded = data.get("run_fingerprints") if isinstance(data, dict) else None
        values = recorded.values() if isinstance(recorded, dict) else ()
        yield from (value for value in values if isinstance(value, str))


def _deleted(output: ResultFolder, study: Study) -> ResultFolder:
    folder = output.folder
    with write_errors(folder):
        with opened_folder(folder) as handle:
            remove_listed(handle, _files(folder))
        folder.rmdir()
    records = StudyFolder(study.folder)
    for id in output.cells:
        cell = study.cells[id]
        if folder in cell.earlier:
            _forget(records, cell, folder)
    return output.model_copy(update={"deleted": True})


def _forget(records: StudyFolder, cell: CellRecord, folder: Path) -> None:
    present = records.read_entry(cell)
    records.write(present.model_copy(update={"earlier": tuple(old for old in present.earlier if old != folder)}))
