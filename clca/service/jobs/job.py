"""A job: a stage's configuration that was submitted, and what has become of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from clca.records import Record

State = Literal["queued", "running", "cancelling", "completed", "cancelled", "failed"]
STATES: tuple[State, ...] = ("queued", "running", "cancelling", "completed", "cancelled", "failed")
ENDED: frozenset[State] = frozenset({"completed", "cancelled", "failed"})
Resource = Literal["gpu", "cpu"]
RESOURCES: tuple[Resource, ...] = ("gpu", "cpu")

JOB, RESULT = "job.json", "result.json"
"""Files of a job's own folder: what was submitted, and what came of it."""

INTERRUPTED = 130  # exit status of a worker that a signal stopped


class Job(Record):
    """A job as clients see it. Times are in seconds since 1970, UTC."""

    id: Annotated[str, StringConstraints(pattern="^[0-9a-f]{6,64}$")] = Field(
        description="Digest of what decides its result: the fingerprint of its run, adapter or evaluation."
    )
    stage: str = Field(description="The command that it is.")
    resource: Resource = Field(description="The queue it waits in.")
    state: State
    submitted_by: str
    created: float
    started: float | None = None
    ended: float | None = None
    attempts: int = Field(default=0, description="How often its process was started.")
    config: dict[str, Any] = Field(default={}, description="What was set.")
    estimate: dict[str, Any] = Field(default={}, description="What its plan says that it takes.")
    folders: tuple[str, ...] = Field(default=(), description="Folders of its results, below the workspace.")
    progress: dict[str, Any] = Field(default={}, description="What it last said of how far it is.")
    error: str = Field(default="", description="Why it failed, in one line.")
    result: Any = Field(default=None, description="What the stage's function returns, once it is completed.")

    @property
    def is_ended(self) -> bool:
        """Whether nothing happens to it any more unless somebody asks for it."""
        return self.state in ENDED


class JobPage(Record):
    """Jobs, the newest first; `cursor` leads on to those before them."""

    jobs: tuple[Job, ...]
    cursor: int | None = None
