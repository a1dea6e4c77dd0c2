"""Checkpoints as data, whoever left them: what does not fit the training is refused in one line, and nothing else read.

A checkpoint is looked at before transformers and PEFT see it: they would load whole models that lie in it, make
adapters of other kinds of folders in it, and follow paths in its state. Importing this module loads torch and TRL.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any
from zipfile import ZIP_STORED, ZipFile

import torch
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StrictFloat, StrictInt, ValidationError
from transformers import TrainerState
from trl import SFTTrainer

from clca.bounded_json import parse_json
from clca.errors import ClcaError, StoreError
from clca.printable import one_line
from clca.safe_open import read_bytes, safe_open
from clca.training.checkpoints import Checkpoint, folder_of
from clca.words import beginning

STATE = "trainer_state.json"
_Count = Annotated[StrictInt, Field(ge=0, lt=2**53)]
_OF_A_WEIGHT = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "state1", "state2")
_WEIGHTS = ("adapter_model.safetensors", "training_args.bin")
_BLOCK, _LEVELS = 256, 256  # of bitsandbytes: weights of one scale, levels of a weight


class _State(BaseModel):
    """What a training goes by of `trainer_state.json`."""

    model_config = ConfigDict(extra="allow")

    global_step: _Count
    max_steps: _Count
    best_global_step: _Count | None = None
    best_metric: FiniteFloat | None = None
    best_model_checkpoint: str | None = None
    epoch: FiniteFloat | None = None
    logging_steps: StrictInt | FiniteFloat
    eval_steps: StrictInt | FiniteFloat | None = None
    save_steps: StrictInt | FiniteFloat
    num_input_tokens_seen: StrictInt = 0
    total_flos: FiniteFloat = 0
    log_history: list[dict[str, StrictInt | StrictFloat]]
    stateful_callbacks: dict[str, dict[str, Any]]


def require_plain(checkpoint: Checkpoint) -> None:
    """Refuse a checkpoint with anything but the weights of one adapter, or whose state is of no training.

    Raises `StoreError`.
    """
    with readable(checkpoint.folder):
        _require_one_adapter(checkpoint.folder)
        _require_unpacked(checkpoint.folder)
        state = _State.model_validate(parse_json(read_bytes(checkpoint.folder / STATE, within=checkpoint.folder)))
        unknown = set(state.model_extra or {}) - {field.name for field in fields(TrainerState)}
        if unknown:
            raise ValueError(f"{STATE}: {min(unknown)} is unknown")
        if state.global_step != checkpoint.step or (state.best_global_step or 0) > state.global_step:
            raise ValueError(f"{STATE} is of another step")
        if "TrainerControl" not in state.stateful_callbacks:
            raise ValueError(f"{STATE}: stateful_callbacks lacks TrainerControl")
        if state.best_model_checkpoint is not None and not state.best_global_step:
            raise ValueError(f"{STATE} names a folder of best weights, and not their step")
        if state.best_global_step:
            best = folder_of(state.best_global_step, checkpoint.folder.parent)
            if best.is_dir():
                _require_one_adapter(best)


def _require_one_adapter(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        is_weights = path.suffix in (".bin", ".safetensors") and path.name not in _WEIGHTS
        if not path.is_file() or is_weights or path.name.endswith(".index.json") or path.name == "config.json":
            raise ValueError(f"{path.name} is of no training of an adapter")


def _require_unpacked(folder: Path) -> None:
    """Raise `ValueError` for numbers that are larger than their file: torch packs none, and would unpack them."""
    for path in (*folder.glob("*.pt"), *folder.glob("*.pth")):
        with safe_open(path, within=folder) as file, ZipFile(file) as archive:
            if any(part.compress_type != ZIP_STORED for part in archive.infolist()):
                raise ValueError(f"{path.name} is packed")


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Raise whatever goes wrong with a checkpoint, but for want of memory, as a `StoreError` that says what to do."""
    try:
        yield
    except (ClcaError, MemoryError, torch.OutOfMemoryError):
        raise
    except ValidationError as error:
        fault = error.errors()[0]
        raise _fault(folder, f"{STATE}: {'.'.join(map(str, fault['loc'][:2]))}: {fault['msg']}") from None
    except Exception as error:  # the libraries below have errors of every kind for what is no checkpoint
        raise _fault(folder, str(error).strip().partition("\n")[0] or type(error).__name__) from None


def _fault(folder: Path, reason: str) -> StoreError:
    told = beginning(one_line(reason), 200)
    return StoreError(f"cannot resume from {folder} ({told}): remove {folder.parent.parent} to start the training anew")


class ResumingTrainer(SFTTrainer):  # type: ignore[misc]
    """TRL's trainer, which takes a checkpoint of this very training, and refuses any other in one line."""

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        with readable(Path(resume_from_checkpoint)):
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _load_best_model(self) -> None:
        with readable(Path(self.state.best_model_checkpoint)):
            super()._load_best_model()

    def _load_rng_state(self, checkpoint: str | None) -> None:
        with readable(Path(checkpoint or "")):
            super()._load_rng_state(checkpoint)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        settings, schedule = _settings(self.optimizer.param_groups), dict(vars(self.lr_scheduler))
        with readable(Path(checkpoint)):
            super()._load_optimizer_and_scheduler(checkpoint)
            if not self.is_fsdp_enabled:
                _require_fitting(self.optimizer, settings)
            _require_same_kinds(vars(self.lr_scheduler), schedule)


def _settings(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in group.items() if key not in ("params", "lr")} for group in groups]


def _require_fitting(optimizer: Any, settings: list[dict[str, Any]]) -> None:
    """Raise `ValueError` for an optimizer of other settings, or whose numbers of a weight have another shape."""
    if _settings(optimizer.param_groups) != settings:
        raise ValueError("the optimizer has other settings")
    if not all(isinstance(group["lr"], float) and math.isfinite(group["lr"]) for group in optimizer.param_groups):
        raise ValueError("the learning rate of the optimizer is no number")
    for weight, state in optimizer.state.items():
        for name, value in state.items():
            size = value.numel() if torch.is_tensor(value) else None
            if name in _OF_A_WEIGHT:
                fits = size is not None and value.shape == weight.shape
            elif name.startswith("absmax"):
                fits = size is None or size == -(-weight.numel() // _BLOCK)
            else:
                fits = size is None or size == 1 or (name.startswith("qmap") and size == _LEVELS)
            if not fits:
                raise ValueError(f"the optimizer's {name} does not fit the weight that it is of")


def _require_same_kinds(schedule: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Raise `ValueError` for a schedule with other parts, or parts of other kinds, than a fresh one."""
    kinds = ({name: type(value) for name, value in own.items()} for own in (schedule, before))
    if len({tuple(sorted(kind.items(), key=str)) for kind in kinds}) > 1:
        raise ValueError("the schedule of the learning rate has other parts")
    if schedule["base_lrs"] != before["base_lrs"]:
        raise ValueError("the schedule is of another learning rate")
