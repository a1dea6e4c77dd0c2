"""The record of `run.json`: what made a run, what became of it, and what every command at work on it cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from clca.content.lookup import Origin
from clca.generation.judge_metrics import JudgeCalibration, JudgeMetrics
from clca.generation.result import Costs, Counts
from clca.generation.scenarios import SeedOrigins
from clca.generation.temperature import Temperature
from clca.inference.protocol import Role
from clca.inference.server_state import ServerState
from clca.records import Record, Usage


class Model(Record):
    """A model of the run and its servers; without URLs one was started, or it is the rehearsal."""

    name: str
    urls: tuple[str, ...]


class ContentFile(Record):
    """A content file that was read."""

    origin: Origin
    sha256: str


class ServerThroughput(Record):
    """What a server says it did while the command ran, for whoever asked it."""

    seconds: float
    most_running: int
    most_waiting: int
    prompt_tokens: int
    completion_tokens: int
    cache_queries: int
    cache_hits: int
    completion_tokens_per_second: float
    prefix_cache_hit_rate: float | None


class ServerInfo(Record):
    """A server behind a teacher; `losses` is how often it went down."""

    url: str
    model: str
    root: str | None
    structured_outputs: bool
    up: bool
    losses: int
    throughput: ServerThroughput | None
    adjustments: tuple[str, ...] = Field(
        default=(), description="What it got otherwise than it should: parameters that it refuses, and the like."
    )
    slowdowns: int = Field(
        default=0, description="How often its dialogues moved to others because it was much slower than they."
    )

    @classmethod
    def of(cls, state: ServerState) -> ServerInfo:
        """The lasting part of a server's state: rates over the whole run, nothing momentary."""
        fields = asdict(state)
        if (seen := state.throughput) is not None:
            fields["throughput"] |= {
                "completion_tokens_per_second": seen.completion_tokens / seen.seconds,
                "prefix_cache_hit_rate": seen.hit_rate,
            }
            for momentary in ("running", "waiting", "pace"):
                del fields["throughput"][momentary]
        return cls.model_validate(fields)


class _Started(Record):
    started: str = Field(description="Time (UTC) at which the command began.")


class SessionInfo(Costs, _Started):
    """One command's work on the run."""

    by_task: dict[str, int] = Field(description="Requests that a teacher answered, by task.")
    invalid_replies: dict[str, int] = Field(description="Replies that held no valid answer, by what was wrong.")
    servers: tuple[ServerInfo, ...]
    keys: tuple[str, ...] = Field(default=(), description="Which server got the API key of which variable.")
    verdicts: dict[str, int] = Field(description="Judgements by their labels of quality, alignment and meta.")
    judge_calibration: JudgeCalibration | None = Field(
        description="What the judge found among prepared dialogues, now or before an earlier run."
    )
    ended: str = Field(description="running, finished, interrupted, or the error that ended it.")


Session = Annotated[SessionInfo | dict[str, Any], Field(union_mode="left_to_right")]
"""One that an earlier version wrote may have other fields, and is kept as it is."""


class GenerationInfo(Record):
    """All of `run.json`. Settings and inputs have the names that they had when the run was begun."""

    run: str
    culture: str
    created: str
    rehearsed: bool = Field(description="Whether any role was played by the embedded simulator.")
    fingerprint: str = Field(description="SHA-256 of the inputs, by which the run is found again.")
    models: dict[Role, Model]
    temperatures: dict[Role, Temperature] = Field(
        default={}, description="Sampling temperature of each side of the role-play, and where it comes from."
    )
    settings: dict[str, Any]
    inputs: dict[str, Any] = Field(description="All that decides the records; digests of content files included.")
    content: dict[str, ContentFile]
    seeds: SeedOrigins | None = Field(default=None, description="Seeds by origin; null in runs of earlier versions.")
    versions: dict[str, str]
    sessions: tuple[Session, ...] = Field(description="The commands, oldest first.")
    updated: str
    finished: bool
    counts: Counts
    reasons: dict[str, int] = Field(description="Dialogues that were not kept, by `outcome: reason`.")
    usage: Usage = Field(description="What the whole run cost, whatever the number of commands.")
    calibration: JudgeMetrics | None = Field(
        default=None, description="Verdicts against planted flaws, where any were planted."
    )
