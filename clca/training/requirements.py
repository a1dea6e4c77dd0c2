"""What this machine must have for a training: libraries, loggers, memory for the weights."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from clca.errors import SettingsError
from clca.inference.hardware import Machine
from clca.inference.memory import weight_shortage
from clca.models.load import compute_type
from clca.models.logging import LIBRARIES
from clca.models.student import Student
from clca.training.recipe import Recipe


def require_libraries() -> None:
    """Refuse to begin without the libraries of training. Raises `SettingsError`."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"training needs {', '.join(missing)}, not installed here: pip install '.[train]' in clca's source folder"
        )


WANDB_SETTINGS = Path("wandb") / "settings"  # in the working directory, which may be a stranger's
MLFLOW_STORES = ("mlflow.db*", "mlruns")  # a database with its journals, or a folder: where mlflow records by itself


def require_loggers(recipe: Recipe) -> None:
    """Refuse a recipe that logs to a tracker that is not installed, or is led elsewhere by files beside the study.

    Raises `SettingsError`.
    """
    if "wandb" in recipe.training.log and "WANDB_BASE_URL" not in os.environ and os.path.lexists(WANDB_SETTINGS):
        raise SettingsError(
            f"training.log names wandb, and {WANDB_SETTINGS} may name the server that gets its key: set WANDB_BASE_URL,"
            " or move that file away"
        )
    if "mlflow" in recipe.training.log and "MLFLOW_TRACKING_URI" not in os.environ:
        store = next((file for pattern in MLFLOW_STORES for file in sorted(Path().glob(pattern))), None)
        if store is not None:
            raise SettingsError(
                f"training.log names mlflow, and {store} is here, which may be a stranger's: say by MLFLOW_TRACKING_URI"
                " where to record, as in sqlite:///mlflow.db"
            )
    for name in recipe.training.log:
        if find_spec(name) is None:
            raise SettingsError(
                f"training.log names {name}, which is not installed: `pip install {name}`, or leave it out"
            )


def shortage(recipe: Recipe, student: Student, machine: Machine, device: str, shards: int = 1) -> str:
    """Why the weights of a student, sharded over `shards` GPUs, do not fit here, and what would; "" where they fit."""
    base = recipe.base
    shortage = weight_shortage(student, base, compute_type(base, device), machine, device, shards=shards)
    if not shortage:
        return ""
    smaller = f"--student {student.model.smaller}" if student.model and student.model.smaller else "a smaller --student"
    fewer_bits = "--set base.bits=4, " if base.bits > 4 else ""
    more = "more GPUs (clca train --plan gives the command)" if base.bits == 16 else "a larger GPU"
    return f"{shortage}; instead: {fewer_bits}{smaller}, or {more}"
