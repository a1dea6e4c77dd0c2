"""The rate at which a student learns, from a clock set by hand."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from clca.training import callbacks as watching
from clca.training.callbacks import StopRequest, TrainingMonitor
from clca.training.checkpoints import Checkpoint
from tests.training.jobs import Screen


def test_a_signal_that_is_ignored_stays_ignored_and_the_other_one_is_heeded() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    request = StopRequest()
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with request.listening():
            signal.raise_signal(signal.SIGINT)
            assert not request.stop
            signal.raise_signal(signal.SIGTERM)
            assert request.stop
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    monkeypatch.setattr(watching, "time", one)
    return one


def step(watch: TrainingMonitor, clock: Clock, number: int, tokens: int | None = None) -> None:
    """A step of two seconds, logged where `tokens` are those of all steps up to now."""
    state = SimpleNamespace(global_step=number, max_steps=9, is_world_process_zero=True)
    watch.on_step_begin(None, state, None)
    clock.now += 2
    watch.on_step_end(None, state, None)
    if tokens is not None:
        watch.on_log(None, state, None, {"loss": 1.0, "num_tokens": tokens})
    clock.now += 100  # an evaluation


def test_the_rate_counts_the_seconds_of_the_tokens_that_were_counted(clock: Clock) -> None:
    watch = TrainingMonitor(Screen(), StopRequest(), Path(), None)
    step(watch, clock, 1, 100)
    step(watch, clock, 2)
    assert watch.rate == 50
    step(watch, clock, 3, 420)
    assert watch.rate == 70


def test_until_tokens_are_counted_the_rate_is_that_of_the_last_sitting(clock: Clock) -> None:
    watch = TrainingMonitor(Screen(), StopRequest(), Path(), Checkpoint(Path(), 4, 10.0, 33.0))
    assert watch.rate == 33
    step(watch, clock, 5)
    assert watch.rate == 33
    step(watch, clock, 6, 40)
    assert watch.rate == 10
