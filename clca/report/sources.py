"""The finished results that a report is made of: found in the workspace or by their names, each with a code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any, Literal, get_args

from clca.bounded_json import parse_json
from clca.content.parsing import suggestion
from clca.errors import ClcaError, NotFoundError
from clca.models.adapter import read_adapter
from clca.report.config import ReportConfig
from clca.report.lineage.context import shown_path
from clca.report.lineage.specificity import CSPEC
from clca.report.lineage.targets import MARKS
from clca.safe_open import read_json
from clca.storage.run_index import read_run
from clca.study.result import read_study

Kind = Literal["study", "run", "statistics", "audit", "adapter", "evaluation", "map"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FILES: dict[Kind, tuple[str, ...]] = {
    kind: (MARKS[kind], CSPEC) if kind == "evaluation" else (MARKS[kind],) for kind in KINDS
}
"""The record of each kind of result, by which its folder is known."""
LETTERS: dict[Kind, str] = {
    "study": "S",
    "run": "R",
    "statistics": "Q",
    "audit": "J",
    "adapter": "A",
    "evaluation": "E",
    "map": "M",
}
"""What the codes of each kind begin with; `clca.report.provenance` gives others to what they were made from."""
REHEARSAL, SYNTHETIC, DEMONSTRATION = "REHEARSAL", "SYNTHETIC RESPONDENTS", "DEMONSTRATION"
MOST = 2000  # results of a report
STATISTICS = ("*", "*/*")  # where `clca stats --report` may have written, below the workspace


@dataclass(frozen=True, slots=True)
class Source:
    """A result: its `code` in the report, its folder, how that is shown, and the `data` of its record."""

    code: str
    kind: Kind
    folder: Path
    name: str
    data: Mapping[str, Any]

    @property
    def suite(self) -> str:
        """What an evaluation measures: wvs, offense, normad, mmlu or cspec; "" for other kinds."""
        if self.kind != "evaluation":
            return ""
        return str(self.data.get("kind", "cspec"))

    @property
    def is_finished(self) -> bool:
        """Whether all of it is there."""
        return self.kind not in ("run", "evaluation") or "matrix" in self.data or self.data.get("finished") is True

    @property
    def marks(self) -> tuple[str, ...]:
        """Why its numbers mean nothing, or less than they seem to."""
        rehearsed = self.data.get("rehearsal") is True or self.data.get("rehearsed") is True
        marks = {
            REHEARSAL: rehearsed,
            SYNTHETIC: self.data.get("synthetic") is True,
            DEMONSTRATION: self.data.get("demonstration") is True,
        }
        return tuple(mark for mark, holds in marks.items() if holds)


@dataclass(slots=True)
class ReportInputs:
    """What a report is made of: results, those that are unfinished, and those that cannot be read, with the reason."""

    sources: list[Source] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)

    def of(self, *kinds: Kind) -> list[Source]:
        """The results of some kinds, in their order."""
        return [source for source in self.sources if source.kind in kinds]

    def evaluations(self, *suites: str) -> list[Source]:
        """The evaluations of some suites."""
        return [source for source in self.sources if source.suite in suites]


def find_sources(config: ReportConfig, base: Path) -> ReportInputs:
    """What a configuration names, or all that is finished below `base`, each once.

    Raises `NotFoundError` for a name of nothing, and the error of a named result that cannot be read.
    """
    if config.inputs or config.study is not None:
        names = [*config.inputs, *([str(config.studies / config.study)] if config.study is not None else [])]
        folders = list(dict.fromkeys(entry for name in names for entry in _named(name, config, base)))
        made = [place for kind, folder in folders if kind == "study" for place in result_folders(folder, base)]
        folders += [(kind, folder) for folder in made if (kind := kind_of(folder)) is not None]
        named = True
    else:
        folders, named = list(_all(config, base)), False
    inputs, numbers = ReportInputs(), dict.fromkeys(KINDS, 0)
    distinct = {(kind, os.path.realpath(folder)): folder for kind, folder in reversed(folders)}
    once = [entry for entry in folders if distinct.pop((entry[0], os.path.realpath(entry[1])), None) is not None]
    for kind, folder in sorted(once, key=lambda entry: KINDS.index(entry[0])):
        shown = shown_path(folder, base)
        if len(inputs.sources) == MOST:
            inputs.unreadable["more"] = f"a report holds at most {MOST:,} results"
            break
        try:
            data = read_record(kind, folder)
        except ClcaError as error:
            if named:
                raise
            inputs.unreadable[shown] = error.message
            continue
        source = Source(f"{LETTERS[kind]}{numbers[kind] + 1}", kind, folder, shown, data)
        if not named and not source.is_finished:
            inputs.unfinished.append(shown)
            continue
        numbers[kind] += 1
        inputs.sources.append(source)
    return inputs


def read_record(kind: Kind, folder: Path) -> Mapping[str, Any]:
    """The record of a result. Raises `ClcaError` where there is none, or it is damaged."""
    if kind == "run":
        return read_run(folder).data
    if kind == "adapter":
        return read_adapter(folder).data.model_dump(mode="json")
    file = next((folder / name for name in FILES[kind] if (folder / name).is_file()), folder / FILES[kind][0])
    try:
        data = parse_json(read_json(file, within=folder))
    except (OSError, ValueError) as error:
        raise NotFoundError(f"cannot read {file}: {error}") from None
    if not isinstance(data, dict):
        raise NotFoundError(f"cannot read {file}: it is not a JSON object")
    return data


def _all(config: ReportConfig, base: Path) -> Iterator[tuple[Kind, Path]]:
    roots: dict[Kind, Sequence[tuple[Path, str]]] = {
        "study": ((config.studies, "*"),),
        "run": ((config.generated, "*/*"),),
        "statistics": tuple((base, pattern) for pattern in STATISTICS),
        "audit": ((config.audits, "*"),),
        "adapter": ((config.adapters, "*/*"),),
        "evaluation": ((config.evaluations, "*/*"),),
        "map": ((config.maps, "*"),),
    }
    for kind, places in roots.items():
        for root, pattern in places:
            for name in FILES[kind]:
                for file in sorted(root.glob(f"{pattern}/{name}")):
                    if not any(part.startswith(".") for part in file.relative_to(root).parts):
                        yield kind, file.parent


def _named(name: str, config: ReportConfig, base: Path) -> list[tuple[Kind, Path]]:
    """The results that a name stands for: a folder, a pattern of folders, or the end of a path of a known one."""
    folders = [Path(path) for path in sorted(glob(name))] if any(mark in name for mark in "*?[") else [Path(name)]
    direct = [(kind, folder) for folder in folders if (kind := kind_of(folder)) is not None]
    if direct:
        return direct
    known = list(_all(config, base))
    matching = [entry for entry in known if _is_called(entry[1], name) or _asks_about(entry, name)]
    if not matching:
        names = {"/".join(folder.parts[-2:]) for _, folder in known}
        hint = suggestion(name, names) or f"; there are {', '.join(sorted(names)[:5]) or 'no results'}"
        raise NotFoundError(f"no study, run, adapter, evaluation, statistics, audit or map {name!r}{hint}")
    return matching


def kind_of(folder: Path) -> Kind | None:
    """What lies in a folder; None for nothing that a report knows."""
    return next((kind for kind in KINDS if any(os.path.isfile(folder / name) for name in FILES[kind])), None)


def _is_called(folder: Path, name: str) -> bool:
    """Whether a result has this name: that of its folder, of its culture, or the last parts of its path."""
    parts = Path(name).parts
    return bool(parts) and (folder.parts[-len(parts) :] == parts or name == folder.parent.name)


def _asks_about(entry: tuple[Kind, Path], culture: str) -> bool:
    """Whether an evaluation is about a culture."""
    kind, folder = entry
    if kind != "evaluation":
        return False
    try:
        cultures = read_record(kind, folder).get("cultures")
    except ClcaError:
        return False
    return isinstance(cultures, list) and culture in cultures


def result_folders(folder: Path, base: Path) -> Iterator[Path]:
    """The folders of the results of a study's cells, where they lie in its workspace or below `base`.

    Raises a `ClcaError` for a damaged study.
    """
    home = folder.parent.parent
    roots = [Path(os.path.realpath(root)) for root in (base, home)]
    for cell in read_study(folder).cells.values():
        for recorded in cell.results:
            places = (root / recorded for root in (base, home))
            real = (place for place in places if place.is_dir() and _is_below(Path(os.path.realpath(place)), roots))
            yield from list(real)[:1]


def _is_below(path: Path, roots: Sequence[Path]) -> bool:
    return any(path.is_relative_to(root) for root in roots)
