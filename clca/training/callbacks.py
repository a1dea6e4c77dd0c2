"""Callbacks of a training: progress, checkpoints, early stopping, and the user's request to stop."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from clca.progress import ProgressCallback
from clca.training.checkpoints import Checkpoint, folder_of, mark_whole
from clca.training.job import StepProgress, TrainingError


class StopRequest:
    """Whether the user has requested a stop: Ctrl-C, or SIGTERM as a scheduler sends it."""

    def __init__(self) -> None:
        self.stop = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """The first signal is a request; a second Ctrl-C interrupts at once. Ignored signals stay ignored."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        before = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}

        def note(number: int, frame: object) -> None:
            self.stop = True
            if signal.SIGINT in before:
                signal.signal(signal.SIGINT, signal.default_int_handler)

        for number in before:
            signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class TrainingMonitor(TrainerCallback):  # type: ignore[misc]
    """Reports progress, marks checkpoints as whole, stops on request, and refuses losses that are no numbers.

    Seconds and rate continue from `checkpoint`, that of an earlier run.
    """

    def __init__(
        self, progress: ProgressCallback, stop_request: StopRequest, checkpoints: Path, checkpoint: Checkpoint | None
    ) -> None:
        self._progress, self._stop_request, self._checkpoints, self._checkpoint = (
            progress,
            stop_request,
            checkpoints,
            checkpoint,
        )
        self._began = self._step_began = time.monotonic()
        self._stepping = 0.0  # seconds in steps, without evaluation and saving
        self._tokens, self._clocked = 0.0, 0.0  # tokens at the last log, and the seconds in steps by then
        self.loss: float | None = None
        self.eval_loss: float | None = None
        self.interrupted = False

    @property
    def seconds(self) -> float:
        """Seconds of training, those before the checkpoint included."""
        spent = self._checkpoint.seconds if self._checkpoint is not None else 0.0
        return spent + time.monotonic() - self._began

    @property
    def rate(self) -> float:
        """Tokens a second, of this run if it made steps, else of the checkpoint."""
        if self._tokens:
            return self._tokens / self._clocked
        return self._checkpoint.rate if self._checkpoint is not None else 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock and report; a resumed training keeps its best weights so far."""
        self._began = time.monotonic()
        if state.best_global_step:  # where the checkpoints lay in the last run, they need not lie now
            state.best_model_checkpoint = str(folder_of(state.best_global_step, self._checkpoints))
        self.recall(state)
        self._report(state)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Note when the step began."""
        self._step_began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Save and stop if that was requested in any process, and report."""
        self._stepping += time.monotonic() - self._step_began
        if state.global_step < state.max_steps and _any_process(self._stop_request.stop):
            control.should_save = control.should_training_stop = self.interrupted = True
        self._report(state)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **kwargs: Any) -> None:
        """Take the logged numbers. Raises `TrainingError` for a loss that is no number or gradients that are all 0."""
        self._take(logs)
        if "num_tokens" in logs:
            self._tokens, self._clocked = logs["num_tokens"], self._stepping
        for key in ("loss", "grad_norm", "eval_loss"):
            if key in logs and not math.isfinite(logs[key]):
                raise TrainingError(
                    f"{key} is {logs[key]} at step {state.global_step}: lower training.learning_rate, or raise"
                    " training.warmup"
                )
        if logs.get("grad_norm") == 0:
            raise TrainingError(
                f"nothing is learned at step {state.global_step}: no weight that is trained has a gradient"
                " (does lora.targets name layers that this student uses?)"
            )
        self._report(state)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write beside a whole checkpoint what resuming needs."""
        from accelerate import PartialState

        processes = PartialState()
        processes.wait_for_everyone()  # all of them write into it
        if processes.is_main_process:
            step = state.global_step
            mark_whole(folder_of(step, self._checkpoints), step, self.seconds, self.rate)

    def recall(self, state: Any) -> None:
        """Take the losses of earlier runs."""
        for entry in state.log_history:
            self._take(entry)

    def _take(self, logs: dict[str, Any]) -> None:
        self.loss = logs.get("loss", self.loss)
        self.eval_loss = logs.get("eval_loss", self.eval_loss)

    def _report(self, state: Any) -> None:
        if state.is_world_process_zero:
            done, total = state.global_step, state.max_steps
            self._progress(StepProgress(done, total, "steps", self.loss, self.eval_loss, self.seconds))


def _any_process(stop: bool) -> bool:
    """Whether any process was asked to stop: all of them have to end at the same step."""
    from accelerate import PartialState
    from accelerate.utils import reduce

    processes = PartialState()
    if processes.num_processes == 1:
        return stop
    import torch

    return bool(reduce(torch.tensor(float(stop), device=processes.device), "sum").item())


class EarlyStopping(TrainerCallback):  # type: ignore[misc]
    """Stops a training when its held-out loss has not fallen for `evaluations` evaluations.

    It reads the losses from the training log, so that a resumed training stops at the same step.
    """

    def __init__(self, evaluations: int) -> None:
        self._evaluations = evaluations

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stop the training when its patience is over."""
        if self.ended(state):
            control.should_training_stop = True

    def ended(self, state: Any) -> bool:
        """Whether the held-out loss has stopped falling."""
        losses = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
        return bool(losses) and since_best(losses) >= self._evaluations


def since_best(losses: list[float]) -> int:
    """How many losses came after the lowest (the first of equals)."""
    return len(losses) - 1 - losses.index(min(losses))
