"""What a name stands for: a folder, a dialogue, a score, a number; several candidates are listed, never chosen from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from clca.content.parsing import suggestion
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.prediction_dir import INFO as EVALUATION
from clca.models.adapter import FILE as ADAPTER
from clca.report.lineage.context import Folders
from clca.report.lineage.dialogues import StoredDialogue, stored_dialogues
from clca.report.lineage.graph import Kind
from clca.report.lineage.measurements import AUDIT, MAP, STATISTICS
from clca.report.lineage.specificity import CSPEC
from clca.storage.run_index import INFO as RUN
from clca.storage.run_index import RunInfo, list_runs, read_run
from clca.study.result import INFO as STUDY
from clca.study.result import cell_file

MARKS: dict[Kind, str] = {
    "run": RUN,
    "adapter": ADAPTER,
    "evaluation": EVALUATION,
    "study": STUDY,
    "audit": AUDIT,
    "statistics": STATISTICS,
    "map": MAP,
}
"""The file by which a folder is known, by kind."""
HOLDERS: dict[Kind, Kind] = {
    "dialogue": "run",
    "score": "evaluation",
    "prediction": "evaluation",
    "number": "study",
    "cell": "study",
}
"""The kind of the folder that something stands in."""
MOST_NAMED = 6  # candidates in a message
PART = "#"  # between a folder and what stands in it
LONGEST = 1000  # characters of a name


@dataclass(frozen=True, slots=True)
class Target:
    """What is meant: a folder of some kind, and the name of the `part` of it, "" for the whole; or a dialogue."""

    kind: Kind
    folder: Path
    part: str = ""
    stored: StoredDialogue | None = None


def find_target(name: str, folders: Folders) -> Target:
    """What a name stands for.

    Raises `NotFoundError` for a name of nothing, `SettingsError` for one of several things.
    """
    if len(name) > LONGEST or not name.isprintable() or not name.strip():
        raise SettingsError(f"{name[:80]!a} is no name of anything: give an id, a folder, or EVALUATION#KEY.PATH")
    kind, rest = _kind(name)
    folder_name, mark, part = rest.partition(PART)
    if mark and part:
        holder = None if kind is None else HOLDERS.get(kind, kind)
        candidates = _folders(folder_name, set(MARKS) if holder is None else {holder}, folders)
        holding = [target for target in candidates if target.kind in HOLDERS.values()]
        return _part_of(_only(rest, folder_name, holding or candidates, folders), part, kind)
    if kind in HOLDERS and kind != "dialogue":
        raise SettingsError(f"{name}: give the folder too, as in {kind}:FOLDER{PART}{rest}")
    candidates = _folders(rest, set(MARKS) if kind is None else {kind}, folders) if kind != "dialogue" else []
    if candidates:
        return _only(name, rest, candidates, folders)
    if kind in (None, "dialogue"):
        dialogues = _dialogues(rest, list_runs(folders.generated))
        if dialogues:
            return _only_dialogue(name, dialogues, folders)
    raise NotFoundError(_nothing(name, rest, kind, folders))


def _kind(name: str) -> tuple[Kind | None, str]:
    """The kind that a name begins with, as in `adapter:japan/a`, and the rest; None where it begins with none."""
    kind, colon, rest = name.partition(":")
    for known in get_args(Kind):
        if colon and rest and kind == known:
            return known, rest
    return None, name


def _folders(name: str, kinds: Collection[Kind], folders: Folders) -> list[Target]:
    """The folders of these kinds that a name stands for: one by its path, or those that are called so."""
    path = folders.base / name
    for place in (path, path.parent) if _is_file(path) else (path,):
        marks = (*MARKS.items(), ("evaluation", CSPEC))
        by_path = [Target(kind, place) for kind, mark in marks if kind in kinds and _is_file(place / mark)]
        if by_path:
            return by_path
    known = [Target(kind, folder) for kind in MARKS if kind in kinds for folder in all_folders(kind, folders)]
    exact = [target for target in known if name in _names(target.folder)]
    return exact or [target for target in known if target.kind == "evaluation" and target.folder.name.startswith(name)]


def all_folders(kind: Kind, folders: Folders) -> Iterator[Path]:
    """The folders of a kind in the workspace, in the order of their paths."""
    roots = _roots(folders)
    if kind in roots:
        root, pattern = roots[kind]
        yield from (file.parent for file in sorted(root.glob(f"{pattern}/{MARKS[kind]}")))


def _roots(folders: Folders) -> dict[Kind, tuple[Path, str]]:
    """The folder of the workspace that holds each kind, and how deep it holds it; statistics lie anywhere."""
    return {
        "run": (folders.generated, "*/*"),
        "adapter": (folders.adapters, "*/[!.]*"),
        "evaluation": (folders.evaluations, "*/*"),
        "study": (folders.studies, "*"),
        "audit": (folders.audits, "*"),
        "map": (folders.maps, "*"),
    }


def _names(folder: Path) -> tuple[str, ...]:
    return folder.name, f"{folder.parent.name}/{folder.name}", folder.parent.name


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long
        return False


def _only(asked: str, name: str, candidates: Sequence[Target], folders: Folders) -> Target:
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise NotFoundError(_nothing(asked, name, None, folders))
    raise _several(asked, [f"{target.kind}:{folders.shown(target.folder)}" for target in candidates])


def _several(name: str, candidates: Sequence[str]) -> SettingsError:
    more = f" and {len(candidates) - MOST_NAMED:,} more" if len(candidates) > MOST_NAMED else ""
    listed = ", ".join(candidates[:MOST_NAMED])
    return SettingsError(f"{name!r} is the name of {len(candidates):,} things: {listed}{more}; give one of these")


def _part_of(target: Target, part: str, kind: Kind | None) -> Target:
    if target.kind == "run":
        run = read_run(target.folder)
        dialogues = _dialogues(part, [run])
        if not dialogues:
            raise NotFoundError(f"no dialogue {part!r} in {target.folder}: `clca inspect` lists them")
        if len(dialogues) > 1:
            raise _several(part, [stored.id for stored in dialogues])
        return Target("dialogue", target.folder, dialogues[0].id, dialogues[0])
    if target.kind == "evaluation":
        line = part.removeprefix("predictions.")
        is_line = line != part and line.isascii() and line.isdigit()
        return Target("prediction" if is_line else "score", target.folder, line if is_line else part)
    if target.kind == "study":
        is_cell = kind == "cell" or (kind is None and "/" not in part and _is_file(cell_file(target.folder, part)))
        return Target("cell" if is_cell else "number", target.folder, part)
    raise SettingsError(f"{target.folder} is a folder of kind {target.kind}, of which no part is traced: give it alone")


def _dialogues(name: str, runs: Iterable[RunInfo]) -> list[StoredDialogue]:
    """The dialogues of that id, or else those whose ids begin or end so."""
    matching = [stored for run in runs for stored in stored_dialogues(run, name)]
    return [stored for stored in matching if stored.id == name] or matching


def _only_dialogue(name: str, dialogues: Sequence[StoredDialogue], folders: Folders) -> Target:
    if len(dialogues) > 1:
        raise _several(name, [f"dialogue:{folders.shown(stored.run.folder)}{PART}{stored.id}" for stored in dialogues])
    (stored,) = dialogues
    return Target("dialogue", stored.run.folder, stored.id, stored)


def _nothing(asked: str, name: str, kind: Kind | None, folders: Folders) -> str:
    """What to say of a name of nothing: the nearest names that there are, and where was looked."""
    kinds = list(MARKS) if kind is None else [kind]
    names = [label for known in kinds for folder in all_folders(known, folders) for label in _names(folder)[:2]]
    looked = ", ".join(
        f"{folders.shown(root)}/"
        for known, (root, _) in _roots(folders).items()
        if known in kinds or kind == "dialogue"
    )
    hint = suggestion(name, names) or f": neither a folder, nor a name or dialogue in {looked or 'any folder'}"
    return f"nothing is called {asked!r}{hint}"
