"""One adapter to train: what goes in, and what is reported on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clca.errors import ClcaError
from clca.models.adapter_info import Lineage
from clca.models.student import Student
from clca.progress import Progress
from clca.storage.selection import Selection
from clca.training.recipe import Recipe
from clca.training.result import AdapterResult
from clca.training.training_sources import TrainingSources


class TrainingError(ClcaError):
    """Training cannot continue, because of its numbers or of memory. Checkpoints are kept."""

    exit_code = 1


class TrainingStopped(ClcaError):
    """The user stopped the training; a checkpoint was saved, and the same job resumes from it."""

    exit_code = 130


@dataclass(frozen=True)
class Job:
    """An adapter to train. `out` is its folder, which appears when it is finished, and not before.

    `rehearsed` says that some of the dialogues were played by the simulator, `selection` which runs were taken of each
    culture, and what else there was. `held` is another path of `place`, which nobody else can lead elsewhere.
    """

    recipe: Recipe
    student: Student
    sources: TrainingSources
    lineage: tuple[Lineage, ...]
    out: Path
    rehearsed: bool
    selection: tuple[Selection, ...] = ()
    held: Path | None = None

    @property
    def place(self) -> Path:
        """The folder of everything unfinished: rows, checkpoints, logs."""
        return self.out.with_name(f".{self.out.name}.unfinished")

    @property
    def work(self) -> Path:
        """The same, by the path by which it is written to."""
        return self.held or self.place


@dataclass(frozen=True, slots=True)
class StepProgress(Progress):
    """The step that a training has reached; `loss` and `eval_loss` are the latest ones."""

    loss: float | None
    eval_loss: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class AdapterStarted(Progress):
    """The adapter of `target` is next; `done` of `total` adapters are finished."""

    target: str


@dataclass(frozen=True, slots=True)
class AdapterFinished(Progress):
    """An adapter is finished; `existed` says that it was before."""

    result: AdapterResult
    existed: bool
