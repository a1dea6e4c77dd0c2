"""`clca generate` at work: servers are started, the runs of a plan are generated one after another."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial

from clca.cluster.servers import ClusterServers
from clca.generation.config import GenerateConfig
from clca.generation.interruption import Interruption
from clca.generation.plan import GenerationPlan
from clca.generation.progress import ServerStarting
from clca.generation.result import GenerationResult, RunResult
from clca.generation.retry import reset_failed
from clca.generation.roles import unused_notes
from clca.generation.run_plan import RunPlan
from clca.generation.session import Session
from clca.generation.teachers import connect, unserved, where_keys_go
from clca.inference.open_files import too_few
from clca.inference.protocol import Teacher
from clca.inference.vllm.manager import ServerManager
from clca.progress import Note, ProgressCallback, ignore
from clca.storage.run_dir import FILES, RunDir

OBJECTS = 50_000  # more of them than before, and the garbage collector runs


def run(plan: GenerationPlan, progress: ProgressCallback = ignore) -> GenerationResult:
    """Generate the dialogues that the runs of a plan lack; returns the runs and their sums.

    Servers that are started for it are stopped when it returns. In the main thread the first Ctrl-C or SIGTERM waits
    for the answers under way, the second does not. Where an event loop is running, as in a notebook, the work is done
    in a thread, which is also where `progress` is called.

    Raises `TeacherError` when no request can be answered, `TeacherLost` when the teacher was lost on the way,
    `StoreError` when a folder cannot be written, `KeyboardInterrupt` when it was interrupted. The same plan or command
    resumes the runs.
    """
    if plan.unavailable is not None:
        raise plan.unavailable
    interruption = Interruption(progress)
    results: list[RunResult] = []
    with _rare_collections(), plan.servers as servers:
        for run_plan in plan.runs:
            if not run_plan.finished:
                _start_servers(run_plan.config, servers, progress)
            result = interruption.run(partial(_generate, run_plan, servers, progress, interruption))
            results.append(result)
            if result.pending or (interruption.requested and len(results) < len(plan.runs)):
                raise KeyboardInterrupt
    return GenerationResult.of(plan.config.out, results, simulated=plan.simulated)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for unreachable cycles more rarely: with a thousand dialogues in flight that is a fifth of the CPU."""
    threshold = gc.get_threshold()
    gc.set_threshold(threshold[0] and max(threshold[0], OBJECTS), *threshold[1:])
    try:
        yield
    finally:
        gc.set_threshold(*threshold)


def _start_servers(config: GenerateConfig, servers: ServerManager | ClusterServers, progress: ProgressCallback) -> None:
    """Start the servers that are not running. Raises `TeacherError`."""
    for placement in servers.start(unserved(config), lambda text: progress(ServerStarting(text))):
        progress(Note(f"Started {placement}"))


async def _generate(
    plan: RunPlan, servers: ServerManager | ClusterServers, progress: ProgressCallback, interruption: Interruption
) -> RunResult:
    """Check the teachers and work on one run."""
    teachers = connect(plan.config, plan.content, plan.simulator, servers, os.environ)
    async with AsyncExitStack() as stack:
        for teacher in dict.fromkeys(teachers.values()):
            stack.push_async_callback(teacher.close)
        if not plan.finished:
            for notice in (*unused_notes(plan.config), *where_keys_go(plan.config, os.environ)):
                progress(Note(notice))
            await _check(dict.fromkeys(teachers.values()), progress)
            if plan.config.base_url and (notice := too_few(plan.config.concurrency)):
                progress(Note(notice))
        if plan.differences:
            progress(Note("A new run, because its inputs differ from the last run's:"))
            for line in plan.differences:
                progress(Note(f"  {line}"))
        with RunDir(plan.folder, plan.dialogue_ids(), keep_requests=plan.config.keep_requests) as run_dir:
            for file in run_dir.cut:
                progress(Note(f"{file} ended in half a line, which was cut off: its dialogue is generated again"))
            if run_dir.rejected:
                progress(Note(rejection_note(run_dir)))
            if plan.retry_failed:
                progress(Note(f"Trying {reset_failed(run_dir)} failed dialogues of {plan.folder} again"))
            if plan.target is not None and plan.forecast is not None and not plan.finished:
                progress(Note(plan.forecast.line(plan.target)))
            session = Session(plan, teachers, run_dir, progress)
            if plan.exists and not plan.retry_failed and session.begun and session.pending:
                progress(Note(f"Resuming {plan.folder}"))
            interruption.drain = session.stop
            return await session.work()


def rejection_note(run_dir: RunDir) -> str:
    """What is said of dialogues that somebody has removed since the last command."""
    number, file = len(run_dir.rejected), run_dir.folder / FILES["rejected"]
    dialogues = "1 dialogue was" if number == 1 else f"{number} dialogues were"
    return (
        f"{dialogues} removed from {FILES['kept']}: recorded as rejected in {file}, and not generated again unless the"
        " line there is removed too"
    )


async def _check(teachers: Iterable[Teacher], progress: ProgressCallback) -> None:
    """Find out now whether the teachers can answer. Raises `TeacherError`."""
    for teacher in teachers:
        for notice in await teacher.check():
            progress(Note(f"Note: {notice}"))
