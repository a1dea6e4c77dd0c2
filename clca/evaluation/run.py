"""A sitting: what one command does of an evaluation, and what `evaluation.json` says of it.

An evaluation is known by its inputs. Whatever ends a sitting, what it had answered is kept and counted, and the
next one goes on.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

import clca
from clca.content.lookup import Content
from clca.errors import ClcaError, NotFoundError, SettingsError, StoreError
from clca.evaluation.evaluated_model import EvaluatedModel, EvaluatedModelError
from clca.evaluation.prediction_dir import PredictionDir, read_info
from clca.evaluation.predictor import LazyPredictor
from clca.evaluation.table import Table
from clca.storage.fingerprint import Inputs, differences, fingerprint
from clca.urls import without_credentials

VERSIONS = ("numpy", "pyarrow", "torch", "transformers", "peft", "bitsandbytes")
NO_MEMORY = ("out of memory", "allocate memory")  # what torch says on GPUs and on CPUs


@dataclass(frozen=True, slots=True)
class TopKCoverage:
    """Of the labels asked of a server, all, and those `outside`: not among its likeliest tokens."""

    labels: int = 0
    outside: int = 0

    def caveats(self, noun: str) -> list[str]:
        """What has to stand beside scores; labels are called `noun`."""
        if not self.outside:
            return []
        return [
            f"{self.outside:,} of {self.labels:,} {noun} ({self.outside / self.labels:.1%}) were not among the server's"
            " likeliest tokens: their odds are taken from a bound."
        ]


ALL_SEEN = TopKCoverage()


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished evaluation. `asked` are the sheets of this sitting; `answered` says when the last of all was."""

    folder: Path
    tables: tuple[Table, ...]
    caveats: tuple[str, ...]
    sheets: int
    asked: int
    answered: str
    seconds: float


StartCallback = Callable[[], None]
"""Told before the first sheet of a sitting is asked, if one is left."""


def at_once() -> None:
    """Begin without a word."""


class EvaluationStopped(ClcaError):
    """The user stopped the evaluation; finished sheets are kept, and the same command goes on."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is asked for: of whom, by which inputs, and where it goes. `facts` are what else is told of it.

    A `demonstration` asks what was made for it and measures nothing; None of a kind that has none.
    """

    kind: str
    subject: EvaluatedModel
    base_url: str | None
    content: Content
    inputs: Inputs
    out: Path
    facts: dict[str, Any]
    demonstration: bool | None = None

    @property
    def marks(self) -> dict[str, bool]:
        """What its scores are marked with wherever they stand."""
        marks = {"rehearsal": bool(self.subject.because)}
        return marks if self.demonstration is None else {**marks, "demonstration": self.demonstration}


class RunRecorder:
    """Keeps `evaluation.json` while the block runs; `standing` says how far the evaluation is.

    `asked` are the sheets that were answered.
    Ctrl-C and a lack of memory leave it as one-line errors.
    """

    def __init__(
        self,
        one: Evaluation,
        old: dict[str, Any],
        folder: PredictionDir[Any, Any],
        predictor: LazyPredictor,
        standing: Callable[[], dict[str, Any]],
        begin: StartCallback,
    ) -> None:
        self._begin = begin
        self._one, self._folder, self._predictor, self._standing = one, folder, predictor, standing
        self._info, self._earlier = _first_info(one, old), list(old.get("sittings", []))
        self._before, self._began = len(folder.finished), monotonic()
        self._this: dict[str, Any] = {
            "began": _now(),
            "ended": None,
            "sheets": 0,
            "seconds": 0.0,
            "versions": _versions(),
        }

    def __enter__(self) -> Self:
        left = len(self._folder.finished) < len(self._folder.sizes)
        self._write([*self._earlier, self._this] if left else self._earlier)
        if left:
            self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._this |= {"ended": _now(), "sheets": self.asked, "seconds": round(self.seconds, 3)}
        labels, outside = self._predictor.unseen
        self._this |= {"labels": {"asked": labels, "outside": outside}} if labels else {}
        self._write(self.sittings)
        if isinstance(error, KeyboardInterrupt):
            done, of = len(self._folder.finished), len(self._folder.sizes)
            raise EvaluationStopped(
                f"stopped at sheet {done:,} of {of:,} ({self.asked:,} of them now); repeat the command to go on"
            ) from None
        if isinstance(error, MemoryError | RuntimeError) and _is_no_memory(error):
            raise EvaluatedModelError(
                f"{self._one.subject.name} ran out of memory: take fewer --bits or a smaller --student, and repeat the"
                " command to go on"
            ) from None

    @property
    def asked(self) -> int:
        return len(self._folder.finished) - self._before

    @property
    def seconds(self) -> float:
        return monotonic() - self._began

    @property
    def sittings(self) -> list[dict[str, Any]]:
        """Of all that answered something."""
        return [*self._earlier, self._this] if self.asked else self._earlier

    @property
    def answered(self) -> str:
        """When the last answer came."""
        return str(self.sittings[-1]["ended"] if self.sittings else self._info["created"])

    @property
    def unseen(self) -> TopKCoverage:
        counts = [one["labels"] for one in self.sittings if "labels" in one]
        return TopKCoverage(sum(one["asked"] for one in counts), sum(one["outside"] for one in counts))

    def finish(self, **facts: Any) -> None:
        """Scores and tables are there."""
        self._write(self.sittings, finished=True, **facts)

    def _write(self, sittings: list[dict[str, Any]], **facts: Any) -> None:
        sheets = {"asked": len(self._folder.finished), "of": len(self._folder.sizes)}
        said = {**self._info, "updated": _now(), "sheets": sheets, **self._standing(), **facts, "sittings": sittings}
        self._folder.write_info(said)


def old_info(out: Path, inputs: Inputs) -> dict[str, Any]:
    """What a folder says of an evaluation that was begun there. Raises for one of other inputs."""
    try:
        old = read_info(out)
    except (NotFoundError, StoreError):  # a new evaluation, or one whose file is lost
        return {}
    if old.get("fingerprint", fingerprint(inputs)) != fingerprint(inputs):
        before = old.get("inputs")
        lines = differences(before, inputs) if isinstance(before, dict) else []
        what = f" ({'; '.join(lines[:3])})" if lines else ""
        raise SettingsError(f"{out} was made of other inputs{what}: --new begins another evaluation beside it")
    return old


def place(base: Path, *, new: bool) -> Path:
    """The newest folder of the same evaluation: `base`, `base-2`, `base-3`... or, for a new one, the next."""
    folder, number = base, 1
    while True:
        following = base.with_name(f"{base.name}-{number + 1}")
        if not (following.exists() or (new and folder.exists())):
            return folder
        folder, number = following, number + 1


def _first_info(one: Evaluation, old: dict[str, Any]) -> dict[str, Any]:
    subject = one.subject
    student = subject.student
    return {
        "evaluation": one.out.name,
        "kind": one.kind,
        "created": old.get("created", _now()),
        "updated": _now(),
        "finished": False,
        **one.marks,
        "because": list(subject.because),
        "student": subject.name,
        "source": student.source if student is not None and not student.tiny else subject.id,
        "revision": student.revision if student is not None else None,
        "server": without_credentials(one.base_url) if one.base_url else None,
        "adapters": {name: one.name for name, one in subject.adapters.items()},
        **one.facts,
        "fingerprint": fingerprint(one.inputs),
        "inputs": one.inputs,
        "content": {
            path: {"origin": used.origin, "sha256": used.digest} for path, used in sorted(one.content.used.items())
        },
    }


def _is_no_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in NO_MEMORY)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "clca": clca.__version__}
    for name in VERSIONS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
