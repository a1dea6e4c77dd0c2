"""The record of an evaluation's runs in `evaluation.json`, kept while a run goes on.

An evaluation is known by its inputs. Whatever ends a run, the answers it had are kept and counted, and the next run
resumes from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from clca.errors import ClcaError, NotFoundError, SettingsError, StoreError
from clca.evaluation.evaluated_model import EvaluatedModelError
from clca.evaluation.plan import EvaluationPlan
from clca.evaluation.prediction_dir import PREDICTIONS, QUESTIONS, SCORES, SHEETS, PredictionDir, read_info
from clca.evaluation.predictor import LazyPredictor, TopKCoverage
from clca.evaluation.result import ContentUsed, EvaluationInfo, GroupCounts, LabelCounts, RunEntry
from clca.inference.keys import key_for, key_notices
from clca.models.fixed_date import ISO_DATE
from clca.progress import Note, ProgressCallback
from clca.storage.fingerprint import differences, file_sha256, fingerprint
from clca.storage.provenance import now, versions
from clca.urls import without_credentials

LIBRARIES = ("numpy", "pyarrow", "torch", "transformers", "peft", "bitsandbytes")
NO_MEMORY = ("out of memory", "allocate memory")  # what torch says on GPUs and on CPUs


class EvaluationStopped(ClcaError):
    """The user stopped the evaluation; finished request groups are kept, and the same command resumes."""

    exit_code = 130


class RunRecorder:
    """Writes `evaluation.json` before and after a `with` block in which its `predictor` answers pending requests.

    `earlier` is what the file said before, `status` gives further keys that say how far the evaluation is. An
    interruption becomes `EvaluationStopped`, a lack of memory `EvaluatedModelError`.
    """

    def __init__(
        self,
        plan: EvaluationPlan,
        earlier: Mapping[str, Any],
        folder: PredictionDir[Any, Any],
        status: Callable[[], Mapping[str, Any]],
        progress: ProgressCallback,
    ) -> None:
        inference = replace(plan.inference, on_note=lambda text: progress(Note(text)))
        self.predictor = LazyPredictor(plan.model, inference)
        self._plan, self._folder, self._status, self._progress = plan, folder, status, progress
        self._created = str(earlier.get("created", now()))
        self._earlier = _earlier_runs(folder, earlier)
        self._groups_before, self._started = len(folder.finished), monotonic()
        self._this = RunEntry(
            began=now(), ended=None, sheets=0, seconds=0.0, versions=versions(LIBRARIES), keys=_keys(plan)
        )

    def __enter__(self) -> Self:
        pending = len(self._folder.finished) < len(self._folder.sizes)
        self._write((*self._earlier, self._this) if pending else self._earlier)
        if pending:
            for notice in self._this.keys:
                self._progress(Note(notice))
            self._progress(Note(_loading(self._plan)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._plan.inference.replicas is not None:
            self._plan.inference.replicas.stop()
        ended: dict[str, Any] = {"ended": now(), "sheets": self.answered_groups, "seconds": round(self.seconds, 3)}
        coverage = self.predictor.coverage
        if coverage.labels:
            ended["labels"] = LabelCounts(asked=coverage.labels, outside=coverage.outside)
        if coverage.notes:
            ended["notes"] = coverage.notes
        self._this = self._this.model_copy(update=ended)
        self._write(self.runs)
        if isinstance(error, KeyboardInterrupt):
            raise EvaluationStopped(
                f"stopped after {self.finished_groups:,} of {len(self._folder.sizes):,} request groups"
                f" ({self.answered_groups:,} of them in this run); repeat the command to resume"
            ) from None
        if isinstance(error, MemoryError | RuntimeError) and _is_no_memory(error):
            raise EvaluatedModelError(
                f"{self._plan.model.name} ran out of memory: use fewer --bits or a smaller --student, and repeat the"
                " command to resume"
            ) from None

    @property
    def finished_groups(self) -> int:
        """Request groups that are answered."""
        return len(self._folder.finished)

    @property
    def answered_groups(self) -> int:
        """Request groups that were answered in this run."""
        return self.finished_groups - self._groups_before

    @property
    def seconds(self) -> float:
        """Seconds since the recorder was made."""
        return monotonic() - self._started

    @property
    def runs(self) -> tuple[RunEntry, ...]:
        """All runs that answered something."""
        return (*self._earlier, self._this) if self._folder.tried else self._earlier

    @property
    def answered(self) -> str:
        """When the last answer came."""
        return str(self.runs[-1].ended if self.runs else self._created)

    @property
    def coverage(self) -> TopKCoverage:
        """Labels and notes of all runs."""
        counts = [run.labels for run in self.runs if run.labels is not None]
        notes = dict.fromkeys(note for run in self.runs for note in run.notes)
        return TopKCoverage(sum(count.asked for count in counts), sum(count.outside for count in counts), tuple(notes))

    @property
    def unanswered(self) -> dict[str, int]:
        """Number of prompts without an answer, by reason."""
        return dict(self._folder.failures.most_common())

    def unanswered_caveats(self, consequence: str = "") -> list[str]:
        """How many prompts have no answer, and are therefore in no score."""
        failures = self._folder.failures
        if not failures:
            return []
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in failures.most_common())
        prompts = "prompt has" if failures.total() == 1 else "prompts have"
        return [
            f"{failures.total():,} {prompts} no answer and {'is' if failures.total() == 1 else 'are'} in no score"
            f" ({reasons}){consequence}; the same command asks again."
        ]

    def finish(self, predictions: int, caveats: Sequence[str]) -> None:
        """Record that scores and tables are written, of so many predictions, and what has to be read beside them."""
        sha256 = {name: file_sha256(self._folder.path / name) for name in (PREDICTIONS, SCORES)}
        self._write(self.runs, finished=True, predictions=predictions, caveats=tuple(caveats), sha256=sha256)

    def write(self, name: str, text: str) -> None:
        """Write another file of the evaluation's folder."""
        self._folder.write(name, text)

    def _write(self, runs: tuple[RunEntry, ...], finished: bool = False, **more: Any) -> None:
        plan = self._plan
        model, student = plan.model, plan.model.student
        info = EvaluationInfo(
            evaluation=plan.folder.name,
            kind=plan.config.kind,
            created=self._created,
            updated=now(),
            finished=finished,
            **plan.marks,
            because=model.rehearsal_reasons,
            student=model.name,
            source=student.source if student is not None and not student.tiny else model.id,
            revision=student.revision if student is not None else None,
            server=without_credentials(plan.config.base_url) if plan.config.base_url else None,
            adapters={row: adapter.name for row, adapter in model.adapters.items()},
            taught=model.taught,
            selection=model.selection,
            model_notes=model.notes,
            date=ISO_DATE,
            fingerprint=fingerprint(plan.inputs),
            inputs=plan.inputs,
            content={
                path: ContentUsed(origin=used.origin, sha256=used.digest)
                for path, used in sorted(plan.content.used.items())
            },
            sheets=GroupCounts(asked=self.finished_groups, of=len(self._folder.sizes)),
            sittings=runs,
            **({"unanswered": self.unanswered} if self._folder.unanswered else {}),
            **plan.info,
            **self._status(),
            **more,
        )
        self._folder.write_info(info.model_dump(mode="json", exclude_unset=True))


def earlier_info(plan: EvaluationPlan) -> dict[str, Any]:
    """What the plan's folder says of an evaluation that was begun there; {} for a new one.

    Raises `SettingsError` for one of other inputs, `StoreError` for a folder of something else.
    """
    try:
        earlier = read_info(plan.folder)
    except (NotFoundError, StoreError):  # a new evaluation, or one whose file is lost
        _require_none_or_own(plan.folder)
        return {}
    if earlier.get("fingerprint", fingerprint(plan.inputs)) != fingerprint(plan.inputs):
        inputs = earlier.get("inputs")
        lines = differences(inputs, plan.inputs) if isinstance(inputs, dict) else []
        changed = f" ({'; '.join(lines[:3])})" if lines else ""
        raise SettingsError(
            f"{plan.folder} was made from other inputs{changed}: --new starts another evaluation beside it"
        )
    return earlier


def _require_none_or_own(folder: Path) -> None:
    """Refuse a folder without a record that holds files of no evaluation: it may be a link of a stranger to others.

    Predictions tell that it is one: what they are of is looked at when they are read.
    """
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")} if folder.is_dir() else set()
    if PREDICTIONS in names and (folder / PREDICTIONS).stat().st_size:
        return
    foreign = sorted(names - ({PREDICTIONS, QUESTIONS, SHEETS} if PREDICTIONS in names else set()))
    if foreign:
        raise StoreError(
            f"{folder} holds {foreign[0]}, and no evaluation: move it away, or give another folder with --out"
        )


def _earlier_runs(folder: PredictionDir[Any, Any], earlier: Mapping[str, Any]) -> tuple[RunEntry, ...]:
    try:
        return tuple(RunEntry.model_validate(entry) for entry in earlier.get("sittings", ()))
    except (ValidationError, TypeError):
        raise StoreError(
            f"{folder.path}: evaluation.json has damaged `sittings`; --new starts another evaluation"
        ) from None


def _loading(plan: EvaluationPlan) -> str:
    """What happens before the first request group is answered."""
    model, base_url = plan.model, plan.config.base_url
    if base_url is not None:
        return f"waiting for the first answers of {without_credentials(base_url)}"
    count = len({adapter.name for adapter in model.adapters.values()})
    adapters = f" and {count} adapter{'s' if count > 1 else ''}" if count else ""
    if plan.config.cluster is not None:
        return f"starting replicas of {model.name}{adapters} on the Ray cluster at {plan.config.cluster}"
    return f"loading {model.name}{adapters}, and waiting for the first answers"


def _keys(plan: EvaluationPlan) -> tuple[str, ...]:
    """What the user is told of the API key before the first request."""
    urls = [plan.config.base_url] if plan.config.base_url else []
    return tuple(key_notices(urls, key_for(urls, os.environ), os.environ)) if urls else ()


def _is_no_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in NO_MEMORY)
