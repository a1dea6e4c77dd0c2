"""One adapter to train: what goes in, what is told on the way, and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clca.errors import ClcaError
from clca.models.adapter import Lineage
from clca.models.student import Student
from clca.training.material import TrainingSources
from clca.training.recipe import Recipe


class TrainingError(ClcaError):
    """Training cannot go on: the numbers, or the memory. What was saved is kept."""

    exit_code = 1


class TrainingStopped(ClcaError):
    """The user stopped the training; a checkpoint was saved, and the same job goes on from it."""

    exit_code = 130


@dataclass(frozen=True)
class Job:
    """An adapter to train. `out` is its folder, which appears when it is finished, and not before.

    `rehearsed` says that some of the dialogues are the rehearsal teacher's.
    """

    recipe: Recipe
    student: Student
    material: TrainingSources
    lineage: tuple[Lineage, ...]
    out: Path
    rehearsed: bool

    @property
    def work(self) -> Path:
        """Where everything unfinished lies: rows, checkpoints, logs."""
        return self.out.with_name(f".{self.out.name}.unfinished")


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the screen."""

    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the training stands; `loss` and `eval_loss` are the latest ones."""

    step: int
    steps: int
    loss: float | None
    eval_loss: float | None
    seconds: float


ProgressCallback = Callable[[Note | Progress], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished adapter. `examples` were learned from, in `rows` (fewer when packed).

    `seconds` are those of all sittings, `tokens_per_second` those of the last one, evaluation left out.
    """

    adapter: Path
    examples: int
    rows: int
    steps: int
    loss: float
    eval_loss: float | None
    seconds: float
    tokens_per_second: float
