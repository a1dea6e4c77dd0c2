"""The result of an evaluation, and what `evaluation.json` says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from clca.evaluation.table import Table
from clca.records import Record
from clca.storage.selection import Selection


class EvaluationResult(Record):
    """What `--json` prints of every evaluation; each kind adds its scores."""

    folder: Path = Field(serialization_alias="evaluation", description="Folder of the evaluation.")
    student: str
    rehearsal: bool = Field(description="Whether this is a rehearsal, whose scores mean nothing; `caveats` say why.")
    adapters: dict[str, str] = Field(description="Folder, or name on the server, of each adapter.")
    taught: dict[str, str] = Field(description="Recipe and mixture of each adapter.")
    selection: tuple[Selection, ...] = Field(description="Which adapters were taken, and what else there was.")
    mode: str
    bits: int | None = Field(description="Bits of the loaded weights; null for a model on a server.")
    caveats: tuple[str, ...] = Field(description="Limits to be published with every score.")
    asked: int = Field(description="Request groups that were answered in this run; 0 if all were answered before.")
    seconds: float = Field(description="Seconds that this run took.")
    unanswered: dict[str, int] = Field(
        default_factory=dict,
        description="Prompts to which the server gave no answer, by reason. They are in no score; the same command asks"
        " them again.",
    )
    tables: tuple[Table, ...] = Field(exclude=True, repr=False)
    request_groups: int = Field(exclude=True, description="Request groups of the evaluation.")
    answered: str = Field(exclude=True, description="When the last answer came, in ISO 8601.")

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json", by_alias=True)


class GroupCounts(Record):
    """Request groups that are answered (`asked`), `of` all."""

    asked: int
    of: int


class LabelCounts(Record):
    """Labels requested from a server (`asked`), and those `outside` its top-k logprobs."""

    asked: Annotated[int, Field(ge=0, lt=2**53)]
    outside: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _are_of_those_asked(self) -> LabelCounts:
        if self.outside > self.asked:
            raise ValueError(f"{self.outside:,} labels outside, of {self.asked:,}")
        return self


class RunEntry(Record):
    """One run of the command that answered something: an entry of `sittings`."""

    began: str
    ended: str | None
    sheets: int = Field(description="Request groups that were answered.")
    seconds: float
    versions: dict[str, str]
    labels: LabelCounts | None = None
    notes: tuple[str, ...] = Field(default=(), description="What the server refused, and what was asked again.")
    keys: tuple[str, ...] = Field(default=(), description="Which server got the API key of which variable.")


class ContentUsed(Record):
    """A content file that was read: where it is from, and its digest."""

    origin: str
    sha256: str


class EvaluationInfo(Record):
    """`evaluation.json`: what was evaluated, and how far it is. Each kind of evaluation adds keys of its own.

    `fingerprint` is the digest of `inputs`, which decide the answers: an evaluation resumes only with the same ones.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    evaluation: str = Field(description="Name of the folder.")
    kind: str = Field(description="wvs, offense, mmlu...: the command without `eval-`.")
    created: str
    updated: str
    finished: bool
    rehearsal: bool
    demonstration: bool | None = Field(default=None, description="Whether it asked texts made for demonstration.")
    because: tuple[str, ...] = Field(description="Why it is a rehearsal.")
    student: str
    source: str = Field(description="Hub id or folder of the student.")
    revision: str | None
    server: str | None
    adapters: dict[str, str]
    taught: dict[str, str] = Field(default_factory=dict, description="Recipe and mixture of each adapter.")
    selection: tuple[Selection, ...] = Field(
        default=(), description="Which adapters were taken, and what else there was."
    )
    model_notes: tuple[str, ...] = Field(default=(), description="What was said of the student and its adapters.")
    date: str = Field(default="", description="What the student's chat template took for today.")
    fingerprint: str
    inputs: dict[str, Any]
    content: dict[str, ContentUsed]
    sheets: GroupCounts = Field(description="Request groups.")
    unanswered: dict[str, int] = Field(
        default_factory=dict, description="Prompts to which the server gave no answer, by reason."
    )
    caveats: tuple[str, ...] = Field(default=(), description="What has to be read beside the scores, once finished.")
    sha256: dict[str, str] = Field(
        default={}, description="Digests of predictions.jsonl and scores.json; earlier versions did not record them."
    )
    sittings: tuple[RunEntry, ...] = Field(description="Runs of the command that answered something.")
