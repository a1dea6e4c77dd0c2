"""The result of `clca generate`: what `--json` prints, and the records that were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError
from clca.generation.judge_metrics import JudgeCalibration
from clca.generation.outcomes import Funnel
from clca.inference.server_state import Throughput
from clca.records import Dialogue, Failure, Record
from clca.storage.jsonl import read_lines
from clca.storage.reply_cache import Outcome
from clca.storage.run_dir import FILES

SIMULATED = (
    "Played by the embedded rehearsal: a simulator to rehearse a study with. Do not train on it or publish its scores."
)

R = TypeVar("R", Dialogue, Failure)


class _InFolder(Record):
    run: Path = Field(description="Folder of the run; of several runs the folder of all.")

    @property
    def folder(self) -> Path:
        return self.run


class Counts(Record):
    """Numbers of dialogues: requested = kept + discarded + failed + rejected + pending."""

    requested: int = Field(
        description="Dialogues that were asked for; with `kept` those played, and the fewest that it still takes."
    )
    kept: int = Field(description="Dialogues that the judge let pass.")
    discarded: int = Field(description="Dialogues that degenerated or that the judge rejected.")
    failed: int = Field(description="Dialogues that could not be finished.")
    rejected: int = Field(default=0, description="Kept dialogues that somebody has removed from dialogues.jsonl.")
    pending: int = Field(description="Dialogues that the same command has yet to finish.")


class Costs(Record):
    """What one command cost."""

    requests: int = Field(description="Requests that a teacher answered.")
    cached: int = Field(description="Requests that the reply cache answered.")
    prompt_tokens: int = Field(description="Tokens of the prompts that a teacher answered.")
    completion_tokens: int = Field(description="Tokens of the teachers' replies.")
    seconds: float = Field(description="Wall-clock seconds.")


class _Replies(Record):
    invalid_replies: dict[str, int] = Field(
        default={}, description="Replies to this command that held no valid answer, by what was wrong."
    )


def counts_of(funnel: Funnel) -> Counts:
    """The counts of a run under way."""
    outcomes = {outcome: funnel.outcomes[outcome] for outcome in FILES}
    return Counts(requested=funnel.requested, **outcomes, pending=funnel.pending)


class _Records(_InFolder):
    def _folders(self) -> Iterable[Path]:
        return (self.run,)

    def dialogues(self) -> Iterator[Dialogue]:
        """The kept dialogues of all runs, read from `dialogues.jsonl`. Raises `ContentError` for a damaged line."""
        return _read(self._folders(), "kept", Dialogue)

    def discarded_dialogues(self) -> Iterator[Dialogue]:
        """The discarded dialogues, each with its reason."""
        return _read(self._folders(), "discarded", Dialogue)

    def failures(self) -> Iterator[Failure]:
        """The dialogues that could not be finished, each with its reason."""
        return _read(self._folders(), "failed", Failure)


class RunResult(_Replies, Costs, Counts, _Records):
    """The run of one culture: counts of the whole run, costs of this command."""

    judge_calibration: JudgeCalibration | None = Field(
        default=None, description="What the judge found among prepared dialogues; null where it was not shown them."
    )
    wanted: int | None = Field(
        default=None, description="Dialogues that were to be kept, with `kept`: fewer are where its bound was reached."
    )
    reasons: dict[str, int] = Field(default_factory=dict, exclude=True, repr=False)
    caveats: tuple[str, ...] = Field(default=(), exclude=True, repr=False)
    throughput: Throughput | None = Field(default=None, exclude=True, repr=False)

    @property
    def is_short(self) -> bool:
        """Whether the run has ended with fewer kept dialogues than were wanted."""
        return self.wanted is not None and self.kept < self.wanted and not self.pending

    @classmethod
    def untouched(cls, folder: Path, requested: int, wanted: int | None = None) -> RunResult:
        """The result of a run that the command did not come to."""
        nothing = dict.fromkeys((*Counts.model_fields, *Costs.model_fields), 0)
        return cls(run=folder, wanted=wanted, **{**nothing, "requested": requested, "pending": requested})


class GenerationResult(_Replies, Costs, Counts, _Records):
    """All runs of a command, with the sums of their counts and costs."""

    runs: tuple[RunResult, ...]
    caveats: tuple[str, ...] = Field(default=(), exclude=True, repr=False)

    @classmethod
    def of(cls, out: Path, runs: Iterable[RunResult], *, simulated: bool) -> GenerationResult:
        """Sum the runs of a command, which lie below `out`."""
        runs = tuple(runs)
        sums = {key: sum(getattr(run, key) for run in runs) for key in (*Counts.model_fields, *Costs.model_fields)}
        sums["seconds"] = round(sums["seconds"], 3)
        invalid = sum((Counter(run.invalid_replies) for run in runs), Counter[str]())
        folder = runs[0].run if len(runs) == 1 else out
        caveats = dict.fromkeys(
            (f"{run.run}: " if len(runs) > 1 else "") + caveat for run in runs for caveat in run.caveats
        )
        return cls(
            run=folder,
            runs=runs,
            invalid_replies=dict(invalid),
            caveats=(*((SIMULATED,) if simulated else ()), *caveats),
            **sums,
        )

    def _folders(self) -> Iterable[Path]:
        return (run.run for run in self.runs)

    @classmethod
    def single_type(cls) -> type[RunResult]:
        """The type of the object that `--json` prints where there is only one."""
        return RunResult

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints: of a single run its own result, of several their sums and `runs`."""
        return (self.runs[0] if len(self.runs) == 1 else self).model_dump(mode="json")


def _read(folders: Iterable[Path], outcome: Outcome, record: type[R]) -> Iterator[R]:
    for file in (folder / FILES[outcome] for folder in folders):
        for number, (_, line) in enumerate(read_lines(file) if file.is_file() else (), start=1):
            try:
                yield record.model_validate_json(line)
            except ValidationError as error:
                raise ContentError(str(file), number, validation_message(error)) from None
