"""What the plan and the result of a stage say of a cell: its folders, whether it is finished, what it took."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clca
from clca.content.config import StageConfig
from clca.content.lookup import Content
from clca.errors import NotFoundError, StoreError
from clca.evaluation.prediction_dir import read_info
from clca.storage.fingerprint import file_sha256, fingerprint
from clca.study.cell_config import recorded_config
from clca.study.result import CellRecord

SCORED = ("eval-wvs", "eval-offense", "eval-normad", "eval-mmlu")
"""Commands whose results tables are made of."""
KNOW_FINISHED = ("generate", "train", *SCORED)
"""Commands whose plans know whether they are finished. Of others a cell's record says what they were made of."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan of a stage says: `identity` tells what its results are made of."""

    folders: tuple[Path, ...]
    finished: bool
    identity: str


def planned(command: str, plan: Any) -> Planned:
    """What a plan of one of the commands of `KNOW_FINISHED` says."""
    if command == "generate":
        return Planned(tuple(run.folder for run in plan.runs), all(run.finished for run in plan.runs), plan.identity)
    if command == "train":
        return Planned(tuple(adapter.job.out for adapter in plan.adapters), plan.finished, plan.identity)
    return Planned((plan.folder,), plan.finished, plan.identity)


def written_folders(plan: Any) -> tuple[Path, ...]:
    """The folders that the plan of another command says it will write to: none where it names none."""
    folder = getattr(plan, "folder", None)
    return (folder,) if isinstance(folder, Path) else ()


def inputs_identity(command: str, config: StageConfig, needs: Iterable[CellRecord]) -> str:
    """Identifies what a command that does not know whether it is finished makes its results of, content aside.

    Those are its settings, the version of clca, the cells that it needs, and the files that it names.
    """
    settings = recorded_config(config)
    files = {text: file_sha256(Path(text)) for text in _texts(settings) if os.path.isfile(text)}
    return fingerprint(
        {
            "command": command,
            "settings": settings,
            "files": files,
            "needs": [need.fingerprint for need in needs],
            "clca": clca.__version__,
        }
    )


def unchanged(record: CellRecord, identity: str, content: Content) -> bool:
    """Whether a finished cell of such a command is made of the same, and its results are still there."""
    return (
        record.state == "finished"
        and bool(record.needs)  # of others nobody knows what they read
        and record.fingerprint == identity
        and all(os.path.isdir(folder) for folder in record.results)
        and all(_digest(content, path) == digest for path, digest in record.inputs.items())
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a finished stage took, and what has to be read beside its results.

    `all_requests` says that `requests` are those of all attempts, not of the last one.
    """

    folders: tuple[Path, ...]
    requests: int | None
    tokens: int | None
    caveats: tuple[str, ...]
    all_requests: bool = False


def taken(command: str, config: StageConfig, result: Any, before: Planned | None) -> Taken:
    """What a result says. Its folders are those of the plan, or those that the result names: none for a page."""
    caveats = list(getattr(result, "caveats", ()))
    folders = before.folders if before is not None else tuple(_named_folders(command, config, result))
    if command == "generate":
        if result.failed:
            caveats.append(f"{result.failed:,} dialogues failed, and are missing: clca retry tries them again")
        caveats += [f"{run.run}: {run.kept:,} dialogues kept of {run.wanted:,}" for run in result.runs if run.is_short]
        return Taken(folders, result.requests, result.prompt_tokens + result.completion_tokens, tuple(caveats))
    if command == "train":
        return Taken(folders, None, None, ())
    predictions = _predictions(folders) if before is not None else None
    return Taken(folders, predictions, None, tuple(caveats), all_requests=True)


def _named_folders(command: str, config: StageConfig, result: Any) -> Iterable[Path]:
    out = getattr(config, "out", None) if command == "export" else None
    for folder in (getattr(result, "folder", None), getattr(result, "report", None), out):
        if isinstance(folder, Path) and folder.is_dir():
            yield folder
            return


def _predictions(folders: tuple[Path, ...]) -> int | None:
    try:
        counts = [read_info(folder).get("predictions") for folder in folders]
    except (NotFoundError, StoreError):
        return None
    return sum(count for count in counts if isinstance(count, int)) or None


def _digest(content: Content, path: str) -> str:
    try:
        return hashlib.sha256(content.locate(path).read_bytes()).hexdigest()
    except (NotFoundError, OSError):
        return ""


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
