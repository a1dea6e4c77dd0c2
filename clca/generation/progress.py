"""What a running generation reports, besides notes."""

from __future__ import annotations

from dataclasses import dataclass

from clca.generation.kept_target import KeptTarget
from clca.generation.result import RunResult
from clca.inference.server_state import Throughput
from clca.progress import Note, Progress


@dataclass(frozen=True, slots=True)
class GenerationProgress(Progress):
    """The state of one run, some times a second. Rates are per second since the command took it up.

    `in_flight` requests wait for a teacher; `throughput` is what vLLM servers say of themselves, if any does;
    `servers_down` are URLs. With a `target` the units done are kept dialogues, `played` are all that have ended, and
    about `dialogues_left` more are to be played, None where nothing is known. `seconds_left` is an estimate by the
    dialogues finished so far, None before the first.
    """

    culture: str
    kept: int
    discarded: int
    failed: int
    under_way: int
    in_flight: int
    requests_per_second: float
    tokens_per_second: float
    cached: int
    throughput: Throughput | None
    servers_down: tuple[str, ...]
    target: KeptTarget | None = None
    played: int = 0
    dialogues_left: int | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class RunEnded(Progress):
    """The command's work on a run has ended, however it did."""

    result: RunResult


@dataclass(frozen=True, slots=True)
class ServerStarting(Note):
    """The last line of a server that is being started; many a second may come."""
