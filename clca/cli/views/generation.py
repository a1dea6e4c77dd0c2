"""Runs at work on the screen: progress, interruption, summary and exit code."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from clca.cli.views.progress import Progress, Waiting, cache_share
from clca.cli.views.screen import make_console, printable
from clca.content.lookup import Content, find_workspace
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, SettingsError
from clca.generation.config import GenerateConfig, resolve, vllm_config
from clca.generation.plan import GenerationPlan, Located, check, locate, prepare
from clca.generation.run import GenerationRun, settings_of
from clca.generation.teachers import unserved
from clca.inference.vllm.manager import Servers
from clca.storage.fingerprint import differences
from clca.storage.run_index import RunInfo

OK, LOST, BAD_INPUT, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

WARNING = (
    "Played by the embedded rehearsal: a simulator to rehearse a study with. Do not train on it or publish its scores."
)


def resolve_here(flags: dict[str, Any]) -> tuple[GenerateConfig, Path | None]:
    """The settings for a command given here, and the workspace it is given in."""
    workspace = find_workspace()
    return resolve(flags, os.environ, workspace), workspace


def expand(names: list[str], workspace: Path | None) -> list[str]:
    """The cultures meant: `all` stands for every one, and none is taken twice."""
    catalogue = CultureCatalogue(Content(workspace))
    if any(name.casefold() == "all" for name in names):
        return catalogue.ids()
    return list(dict.fromkeys(catalogue.find(name) for name in names))


# ---------------------------------------------------------------- working


def servers_for(settings: GenerateConfig, workspace: Path | None) -> Servers:
    """The servers that the command may have to start: a context, at whose end none of them is left."""
    return Servers(vllm_config(settings), Content(workspace), os.environ)


def generate_all(prepared: list[GenerationPlan], servers: Servers, *, new: bool, quiet: bool, as_json: bool) -> int:
    """One run after another; returns the exit code."""
    screen = make_console(stderr=True, quiet=quiet)
    summaries: list[dict[str, Any]] = []
    code = OK
    try:
        for one in prepared:
            place = locate(one, new=new)
            if not place.finished:
                get_ready(one, servers, screen)
            say_why_new(place, screen)
            with GenerationRun(one, place.folder) as session:
                if place.resumed and not session.finished and session.generation.funnel.outcomes.total():
                    screen.print(f"Going on with {place.folder}", markup=False)
                ended = work(session, screen)
                summaries.append(session.summary())
            if ended in (LOST, BAD_INPUT, INTERRUPTED):
                code = ended
                break
            code = max(code, ended)
    finally:
        asked = any(summary["requests"] for summary in summaries)
        if asked and code not in (LOST, BAD_INPUT) and any(one.rehearsed for one in prepared):
            screen.print(f"[yellow]{WARNING}[/yellow]")
        if as_json and summaries:
            not_begun = [untouched(one, new=new) for one in prepared[len(summaries) :]]
            print(json.dumps(joined(summaries + not_begun, str(prepared[0].settings.out))), flush=True)
    return code


def get_ready(one: GenerationPlan, servers: Servers, screen: Console) -> None:
    """Start the servers that the run lacks, and ask all of its teachers whether they can be asked."""
    lacking = unserved(one.settings)
    if lacking:
        with Waiting(screen) as waiting:
            started = servers.start(lacking, waiting.tell)
        for placement in started:
            screen.print(f"Started {placement}", markup=False)
    for notice in asyncio.run(check(one)):
        screen.print(f"Note: {printable(notice)}", markup=False)


def say_why_new(place: Located, screen: Console) -> None:
    if place.differs:
        screen.print("A new run, because other inputs than last time are in force:")
        for line in place.differs:
            screen.print(f"  {line}", markup=False)


def work(session: GenerationRun, screen: Console) -> int:
    """Let one session work to its end, show how it ended, and return the exit code."""
    error: ClcaError | None = None
    try:
        asyncio.run(_work(session, screen))
    except ClcaError as caught:
        error = caught
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    show_summary(session, screen)
    if error is not None:
        print(f"clca: {printable(error.message)}", file=sys.stderr)
        return error.exit_code
    if not session.finished:
        return INTERRUPTED
    return SOME_FAILED if session.generation.funnel.outcomes["failed"] else OK


async def _work(session: GenerationRun, screen: Console) -> None:
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()
    assert main is not None

    def interrupt() -> None:
        if session.generation.desk.stopping:
            main.cancel()
            return
        session.generation.stop()
        screen.print("Stopping: waiting for the answers under way. Once more to stop now.")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        with Progress(session, screen):
            await session.work()
    finally:
        await session.close()


# ---------------------------------------------------------------- summary


def joined(summaries: list[dict[str, Any]], out: str) -> dict[str, Any]:
    """One object for the command: the run's own, or for several cultures their sums and `runs`."""
    if len(summaries) == 1:
        return summaries[0]
    total: dict[str, Any] = {"run": out}
    for key in summaries[0]:
        if key != "run":
            total[key] = round(sum(summary[key] for summary in summaries), 3)
    return {**total, "runs": summaries}


def untouched(one: GenerationPlan, *, new: bool) -> dict[str, Any]:
    """The summary of a run that the command did not come to."""
    costs = ("kept", "discarded", "failed", "requests", "cached", "prompt_tokens", "completion_tokens", "seconds")
    summary = dict.fromkeys(("run", "requested", *costs[:3], "pending", *costs[3:]), 0)
    return {**summary, "run": str(locate(one, new=new).folder), "requested": one.requested, "pending": one.requested}


def show_summary(session: GenerationRun, screen: Console) -> None:
    """The whole balance: requested = kept + discarded + failed + pending, with the reasons."""
    if screen.quiet:
        return
    summary, funnel = session.summary(), session.generation.funnel
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    for key in ("requested", "kept", "discarded", "failed", "pending"):
        reasons = ", ".join(
            f"{number} {reason.removeprefix(key + ': ')}"
            for reason, number in funnel.reasons.most_common()
            if reason.startswith(key + ": ")
        )
        table.add_row(f"{summary[key]:,}", f"{key}  [dim]{reasons}[/dim]" if reasons else key)
    screen.print(table)
    tally = session.generation.desk.tally
    tokens = f"{summary['prompt_tokens']:,} + {summary['completion_tokens']:,} tokens"
    again = f", {tally.invalid.total():,} invalid replies" if tally.invalid else ""
    asked = f"{summary['requests']:,} requests, {summary['cached']:,} from the reply cache{again}"
    screen.print(f"{asked}, {tokens}, {summary['seconds']:.1f} s", markup=False)
    seen = session.throughput()
    if seen is not None:
        pace = seen.completion_tokens / seen.seconds
        screen.print(f"vLLM: {pace:,.0f} tokens/s, {cache_share(seen)}", markup=False)
    if funnel.pending:
        screen.print("Run the same command again to go on.")
    elif funnel.outcomes["failed"]:
        screen.print(f"clca retry {session.run.folder} --failed tries the failed ones again.", markup=False)
    else:
        screen.print(f"clca show {session.run.folder} reads them.", markup=False)


# ---------------------------------------------------------------- retry


def retry(info: RunInfo, flags: dict[str, Any], *, quiet: bool, as_json: bool) -> int:
    """Run the failed dialogues of one run again; its inputs have to be what they were.

    `flags` may change what does not decide the records: where the servers are, and how patient to be.
    """
    changed = {key: value for key, value in flags.items() if value is not None}
    changed["vllm"] = os.environ.get("CLCA_VLLM")
    settings = resolve({**settings_of(info).model_dump(), **changed, "out": info.folder.parent.parent}, {}, None)
    workspace = find_workspace()
    screen = make_console(stderr=True, quiet=quiet)
    with servers_for(settings, workspace) as servers:
        one = prepare(str(info.data["culture"]), settings, workspace, servers)
        differs = differences(info.inputs, one.inputs)
        if differs:
            raise SettingsError(
                f"{info.folder} cannot be gone on with, its inputs have changed: {'; '.join(differs[:5])}"
            )
        get_ready(one, servers, screen)
        with GenerationRun(one, info.folder, retry=True) as session:
            screen.print(f"Trying {session.retried} failed dialogues of {info.folder} again", markup=False)
            code = work(session, screen)
            if as_json:
                print(json.dumps(session.summary()), flush=True)
    return code
