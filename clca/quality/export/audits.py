"""The audits of the judge (`clca audit-judge`) whose figures stand on a dataset card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from clca.safe_open import read_json
from clca.storage.run_index import RunInfo

FILE = "audit.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Rate(_Part):
    hits: int
    of: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.hits:,} of {self.of:,}" + (f" ({100 * self.low:.0f}-{100 * self.high:.0f} %)" if self.of else "")


class _Kind(_Part):
    sound: bool
    discarded: _Rate


class _Kappa(_Part):
    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        interval = "" if self.low is None or self.high is None else f" [{self.low:.2f}, {self.high:.2f}]"
        return f"{self.value:.2f}{interval}"


class _Agreement(_Part):
    alike: _Rate
    kappa: _Kappa | None

    def __str__(self) -> str:
        return f"alike {self.alike}, Cohen's kappa {self.kappa or 'undefined'}"


class _Judgements(_Part):
    found: _Agreement


class _People(_Part):
    judge: _Judgements


class _Share(_Part):
    kept: float | None
    low: float
    high: float


class _Flawed(_Part):
    even: _Share


class _Audited(_Part):
    runs: tuple[Path, ...]
    judge: str
    own: bool
    rehearsal: bool
    dialogues: int
    kinds: dict[str, _Kind]
    repeats: dict[str, _Judgements]
    flawed: _Flawed | None
    people: _People | None


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit by the judge of the runs: `name` is that of its folder, `runs` are those of the export it is of."""

    name: str
    runs: tuple[str, ...]
    figures: _Audited

    def lines(self) -> Iterator[str]:
        """What it found, in plain text; intervals are of 95 %."""
        figures = self.figures
        rehearsal = " (rehearsal)" if figures.rehearsal else ""
        yield (
            f"{', '.join(self.runs)}: audit {self.name} of {figures.judge}{rehearsal} on {figures.dialogues:,} kept"
            " dialogues, with 95 % intervals"
        )
        for sound, title in ((False, "dialogues with a planted flaw that the filter discards"), (True, "sound ones")):
            rates = (f"{name} {kind.discarded}" for name, kind in figures.kinds.items() if kind.sound == sound)
            yield f"{title}: {'; '.join(rates)}"
        for name, judged in figures.repeats.items():
            yield f"the judge and itself, {name}: {judged.found}"
        if figures.people is not None:
            yield f"the judge and people: {figures.people.judge.found}"
        if figures.flawed is not None and (share := figures.flawed.even).kept is not None:
            interval = f"({100 * share.low:.1f}-{100 * share.high:.1f} %)"
            yield f"flawed among the kept, at these rates and for flaws like these: {100 * share.kept:.1f} % {interval}"


@dataclass(frozen=True, slots=True)
class Audits:
    """The newest audit of each run, and notes on others that are not taken."""

    taken: tuple[Audit, ...]
    notes: tuple[str, ...]


def find_audits(folder: Path, runs: Sequence[RunInfo]) -> Audits:
    """The audits below `folder` of the runs by their own judge, the newest of each run; an audit may be of several.

    A run is known by `<culture>/<run>`, the newest by when its file was written.
    """
    found, notes = [], []
    for file in folder.glob(f"*/{FILE}"):
        try:
            figures = _Audited.model_validate_json(read_json(file, within=file.parent))
            found.append((file.stat().st_mtime_ns, file.parent.name, figures))
        except (OSError, ValidationError):
            notes.append(f"audit {file.parent.name} cannot be read: its figures are not here")
    newest: dict[str, tuple[str, _Audited]] = {}
    for run in runs:
        of_run = [(name, figures) for _, name, figures in sorted(found, key=_age) if run.name in _names(figures.runs)]
        own = [(name, figures) for name, figures in of_run if figures.own]
        if own:
            newest[run.name] = own[-1]
        if left := len(of_run) - bool(own):
            notes.append(f"{run.name}: audits that are older or of another judge, and not here: {left:,}")
    names = dict.fromkeys(name for name, _ in newest.values())
    figures_of = dict(newest.values())
    taken = (Audit(name, tuple(r for r, (n, _) in newest.items() if n == name), figures_of[name]) for name in names)
    return Audits(tuple(taken), tuple(notes))


def _age(found: tuple[int, str, _Audited]) -> tuple[int, str]:
    return found[:2]


def _names(folders: Iterable[Path]) -> set[str]:
    return {f"{folder.parent.name}/{folder.name}" for folder in folders}
