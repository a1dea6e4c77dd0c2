"""One command's work on one run: dialogues generated, progress reported, `run.json` kept up to date."""

from __future__ import annotations

import asyncio
import functools
import operator
from collections.abc import Iterator, Mapping
from contextlib import suppress
from time import monotonic

from clca.errors import ClcaError, StoreError
from clca.generation.calibration import Calibrator
from clca.generation.judge_metrics import JudgeCalibration, judge_caveats
from clca.generation.pipeline import Pipeline
from clca.generation.progress import GenerationProgress, RunEnded
from clca.generation.result import Costs, RunResult, counts_of
from clca.generation.run_info_writer import RunInfoWriter
from clca.generation.run_plan import RunPlan
from clca.inference.protocol import Role, Teacher
from clca.inference.server_state import ServerState, Throughput
from clca.progress import Note, ProgressCallback
from clca.storage.run_dir import RunDir

SAVE_EVERY = 5.0  # seconds between updates of run.json
REPORT_EVERY = 0.25  # seconds between progress reports


class Session:
    """Works on an open run folder with teachers that have been checked."""

    def __init__(
        self, plan: RunPlan, teachers: Mapping[Role, Teacher], run_dir: RunDir, progress: ProgressCallback
    ) -> None:
        self._plan, self._run_dir, self._progress = plan, run_dir, progress
        self._teachers = list(dict.fromkeys(teachers.values()))
        self._pipeline = Pipeline(plan, teachers, run_dir)
        self._calibrator = Calibrator(plan, teachers) if plan.config.calibrate and not plan.finished else None
        self._calibration: JudgeCalibration | None = None
        self._info = RunInfoWriter(plan, run_dir)
        self._began, self._pending_before = monotonic(), self.pending
        self._noted = {adjustment for server in self._servers() for adjustment in _adjustments(server)}

    @property
    def pending(self) -> int:
        """Number of dialogues that are not finished."""
        return self._pipeline.funnel.pending

    @property
    def begun(self) -> bool:
        """Whether any dialogue is finished."""
        return self._pipeline.funnel.outcomes.total() > 0

    def stop(self) -> None:
        """Send nothing more; what is in flight is still answered and cached."""
        self._pipeline.scheduler.stop()
        if self._calibrator is not None:
            self._calibrator.stop()

    async def work(self) -> RunResult:
        """Finish the dialogues that are pending. `run.json` says how it ended, whatever happened.

        Raises the `ClcaError` that ended the run, what `progress` raised, or `CancelledError`.
        """
        self._save("running")
        error: BaseException | None = None
        if self.pending:
            try:
                async with asyncio.TaskGroup() as group:
                    background = [group.create_task(self._keep_saving()), group.create_task(self._keep_reporting())]
                    await self._observe()
                    await self._calibrate()
                    await self._pipeline.generate()
                    await self._observe()
                    for task in background:
                        task.cancel()
            except BaseExceptionGroup as errors:
                error = first_error(errors)
            except asyncio.CancelledError as cancelled:
                error = cancelled
        self._note_adjustments()
        await self._run_dir.drain()
        # A dialogue may have reached the disk although the task that waited for it was cancelled.
        self._pipeline.recount()
        try:
            self._save(f"error: {error}" if isinstance(error, ClcaError) else self._ended())
        except StoreError as store_error:
            error = error or store_error  # the first error is the one to report
        result = self._result()
        target = self._plan.target
        done, total = result.requested - result.pending, result.requested
        if target is not None:
            done, total = result.kept, target.kept
        self._progress(RunEnded(done, total, "dialogues", result))
        if error is not None:
            raise error from None
        return result

    async def _calibrate(self) -> None:
        """Show the judge prepared dialogues, unless it has seen them, and say what it found."""
        if self._calibrator is not None:
            if pending := self._calibrator.pending:
                self._progress(Note(f"First the judge is shown {pending} prepared dialogues; --no-calibrate skips it"))
            self._calibration = await self._calibrator.calibrate()
        if self._calibration is not None:
            self._progress(Note(self._calibration.line()))

    def _result(self) -> RunResult:
        """Counts of the whole run, costs of this command."""
        scheduler, funnel = self._pipeline.scheduler, self._pipeline.funnel
        return RunResult(
            run=self._run_dir.folder,
            **dict(counts_of(funnel)),
            **dict(self._costs()),
            wanted=funnel.target.kept if funnel.target is not None else None,
            reasons=dict(funnel.reasons.most_common()),
            invalid_replies=dict(scheduler.counts.invalid.most_common()),
            throughput=self._throughput(),
            judge_calibration=self._calibration,
            caveats=judge_caveats(self._calibration, self._info.verdicts(self._pipeline.verdicts)),
        )

    def _ended(self) -> str:
        return "interrupted" if self.pending else "finished"

    def _costs(self) -> Costs:
        counts = self._pipeline.scheduler.counts
        return Costs(
            requests=counts.requests,
            cached=counts.cached,
            prompt_tokens=counts.prompt_tokens,
            completion_tokens=counts.completion_tokens,
            seconds=round(monotonic() - self._began, 3),
        )

    def _servers(self) -> list[ServerState]:
        """The servers behind the teachers, as they were last seen."""
        return [state for teacher in self._teachers for state in teacher.servers]

    def _throughput(self) -> Throughput | None:
        """What the servers together say they did meanwhile; None when none of them says so."""
        # Roles with different keys may share a server.
        by_url = {server.url: server.throughput for server in self._servers() if server.throughput is not None}
        return functools.reduce(operator.add, by_url.values()) if by_url else None

    async def _observe(self) -> None:
        await asyncio.gather(*(teacher.observe() for teacher in self._teachers))

    async def _keep_saving(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            await self._observe()
            with suppress(StoreError):  # a full disk shows soon enough where it matters
                self._save("running")

    async def _keep_reporting(self) -> None:
        while True:
            self._note_adjustments()
            self._report()
            await asyncio.sleep(REPORT_EVERY)

    def _note_adjustments(self) -> None:
        """Tell what a server refuses that its probe did not show, once."""
        for server in self._servers():
            for adjustment in _adjustments(server):
                if adjustment not in self._noted:
                    self._noted.add(adjustment)
                    self._progress(Note(f"Note: {adjustment}"))

    def _report(self) -> None:
        funnel, counts = self._pipeline.funnel, self._pipeline.scheduler.counts
        outcomes, seconds = funnel.outcomes, monotonic() - self._began or 1.0
        target, forecast = funnel.target, self._plan.forecast
        left = None
        if target is not None:
            share = forecast.share if forecast is not None else None
            left = target.left(outcomes["kept"], funnel.finished, share)
        self._progress(
            GenerationProgress(
                done=funnel.finished if target is None else outcomes["kept"],
                total=funnel.requested if target is None else target.kept,
                unit="dialogues",
                culture=self._plan.culture,
                kept=outcomes["kept"],
                discarded=outcomes["discarded"],
                failed=outcomes["failed"],
                under_way=funnel.under_way,
                in_flight=counts.running,
                requests_per_second=counts.requests / seconds,
                tokens_per_second=counts.completion_tokens / seconds,
                cached=counts.cached,
                throughput=self._throughput(),
                servers_down=tuple(server.url for server in self._servers() if not server.up),
                target=target,
                played=funnel.finished,
                dialogues_left=left,
                seconds_left=self._seconds_left(seconds),
            )
        )

    def _seconds_left(self, seconds: float) -> float | None:
        """The time that the pending dialogues take at the pace so far; None before the first is finished."""
        finished = self._pending_before - self.pending
        return seconds * self.pending / finished if finished else None

    def _save(self, ended: str) -> None:
        pipeline = self._pipeline
        self._info.write(
            pipeline.funnel,
            pipeline.scheduler.counts,
            self._costs(),
            self._servers(),
            ended,
            verdicts=pipeline.verdicts,
            calibration=self._calibration,
        )


def _adjustments(server: ServerState) -> Iterator[str]:
    """What a server gets otherwise than it should, in sentences."""
    return (f"{server.url} {adjustment}" for adjustment in server.adjustments)


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error of a group to report: the first that is meant for the user, or else the first."""
    errors = list(_leaves(group))
    return next((error for error in errors if isinstance(error, ClcaError)), errors[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
