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

from clca.cli.progress import Progress
from clca.cli.screen import make_console
from clca.culture import Catalogue
from clca.errors import ClcaError, SettingsError
from clca.preview import CHARACTERS_A_TOKEN, TOKENS_A_TURN, plan, preview
from clca.session import Prepared, Session, check, locate, prepare, settings_of
from clca.settings import REHEARSAL, GenerateSettings, resolve
from clca.store.run import RunInfo, differences
from clca.workspace import Content, find_workspace

OK, LOST, BAD_INPUT, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

WARNING = (
    "Played by the embedded rehearsal: a simulator to rehearse a study with. Do not train on it or publish its scores."
)


def resolve_here(flags: dict[str, Any]) -> tuple[GenerateSettings, Path | None]:
    """The settings for a command given here, and the workspace it is given in."""
    workspace = find_workspace()
    return resolve(flags, os.environ, workspace), workspace


def expand(names: list[str], workspace: Path | None) -> list[str]:
    """The cultures meant: `all` stands for every one, and none is taken twice."""
    catalogue = Catalogue(Content(workspace))
    if any(name.casefold() == "all" for name in names):
        return catalogue.ids()
    return list(dict.fromkeys(catalogue.find(name) for name in names))


# ---------------------------------------------------------------- working


def generate_all(prepared: list[Prepared], *, new: bool, quiet: bool, as_json: bool) -> int:
    """One run after another; returns the exit code."""
    summaries: list[dict[str, Any]] = []
    code = OK
    try:
        for one in prepared:
            place = locate(one, new=new)
            screen = make_console(stderr=True, quiet=quiet)
            if place.differs:
                screen.print("A new run, because other inputs than last time are in force:")
                for line in place.differs:
                    screen.print(f"  {line}", markup=False)
            if not place.finished:
                asyncio.run(check(one))
            with Session(one, place.folder) as session:
                if place.resumed and not session.finished and session.generation.funnel.outcomes.total():
                    screen.print(f"Going on with {place.folder}", markup=False)
                code = max(code, work(session, screen))
                summaries.append(session.summary())
                if code in (LOST, BAD_INPUT, INTERRUPTED):
                    break
    finally:
        if as_json and summaries:
            print(json.dumps(joined(summaries, str(prepared[0].settings.out))), flush=True)
    return code


def work(session: Session, screen: Console) -> int:
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
        print(f"clca: {error.message}", file=sys.stderr)
        return error.exit_code
    if not session.finished:
        return INTERRUPTED
    return SOME_FAILED if session.generation.funnel.outcomes["failed"] else OK


async def _work(session: Session, screen: Console) -> None:
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


def show_summary(session: Session, screen: Console) -> None:
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
    again = f", {tally.reasked:,} invalid replies" if tally.reasked else ""
    asked = f"{summary['requests']:,} requests, {summary['cached']:,} from the journal{again}"
    screen.print(f"{asked}, {tokens}, {summary['seconds']:.1f} s", markup=False)
    if session.prepared.rehearsed and tally.requests:
        screen.print(f"[yellow]{WARNING}[/yellow]")
    if funnel.pending:
        screen.print("Run the same command again to go on.")
    elif funnel.outcomes["failed"]:
        screen.print(f"clca retry {session.run.folder} --failed tries the failed ones again.", markup=False)
    else:
        screen.print(f"clca show {session.run.folder} reads them.", markup=False)


# ---------------------------------------------------------------- plan


def show_plan(prepared: list[Prepared], *, as_json: bool) -> None:
    """What the runs would take, and a prompt of each task, without asking a teacher."""
    console = make_console()
    for number, one in enumerate(prepared):
        measured = preview(one.catalogue, one.culture, one.scenarios, one.norms, one.prompts, one.settings)
        tasks = plan(measured, len(one.scenarios), len(one.norms), one.settings)
        place = locate(one, new=False)
        if as_json:
            print(
                json.dumps(
                    {
                        "culture": one.culture,
                        "run": str(place.folder),
                        "exists": place.resumed,
                        "requested": one.requested,
                        "requests": sum(task.requests for task in tasks),
                        "prompt_tokens": sum(task.prompt_tokens for task in tasks),
                        "completion_tokens": sum(task.completion_tokens for task in tasks),
                        "tasks": {
                            task.task: {
                                "requests": task.requests,
                                "prompt_tokens": task.prompt_tokens,
                                "completion_tokens": task.completion_tokens,
                                "messages": task.messages,
                            }
                            for task in tasks
                        },
                    },
                    ensure_ascii=False,
                )
            )
            continue
        if number == 0:
            console.print(
                "One prompt per task. <...> stands for what a teacher has yet to say; the scenario is not adapted yet."
            )
            for task in tasks:
                console.rule(f"{task.task}", align="left")
                for message in task.messages:
                    console.print(f"[{message['role']}]", style="bold", markup=False)
                    console.print(message["content"], markup=False)
            console.rule()
        models = {role: teacher.name for role, teacher in one.teachers.items()}
        who = models["teacher"] if len(set(models.values())) == 1 else ", ".join(f"{r} {m}" for r, m in models.items())
        state = "is there already" if place.resumed else "would be made"
        console.print(f"{one.culture}: {one.requested} dialogues by {who}; {place.folder} {state}", markup=False)
        table = Table(box=None, padding=(0, 3, 0, 0))
        table.add_column("task")
        for column in ("requests", "prompt tokens", "reply tokens"):
            table.add_column(column, justify="right")
        for task in tasks:
            table.add_row(task.task, f"{task.requests:,}", f"{task.prompt_tokens:,}", f"{task.completion_tokens:,}")
        table.add_row(
            "at most",
            f"{sum(task.requests for task in tasks):,}",
            f"{sum(task.prompt_tokens for task in tasks):,}",
            f"{sum(task.completion_tokens for task in tasks):,}",
            style="bold",
        )
        console.print(table)
    if not as_json:
        console.print(
            "Upper bounds: every dialogue runs its full length, is kept, and nothing is asked twice."
            f" Tokens are estimated at {CHARACTERS_A_TOKEN} characters each and {TOKENS_A_TURN} to a turn;"
            " a server's prefix cache reads most prompt tokens only once."
        )
        if any(teacher.name == REHEARSAL for one in prepared for teacher in one.teachers.values()):
            console.print("The embedded rehearsal answers at no cost.")


# ---------------------------------------------------------------- retry


def retry(info: RunInfo, moved: dict[str, Any], *, quiet: bool, as_json: bool) -> int:
    """Run the failed dialogues of one run again; its inputs have to be what they were."""
    settings = settings_of(info).model_copy(update={key: url for key, url in moved.items() if url is not None})
    settings = settings.model_copy(update={"out": info.folder.parent.parent})
    one = prepare(str(info.data["culture"]), settings, find_workspace())
    changed = differences(info.inputs, one.inputs)
    if changed:
        raise SettingsError(f"{info.folder} cannot be gone on with, its inputs have changed: {'; '.join(changed[:5])}")
    asyncio.run(check(one))
    screen = make_console(stderr=True, quiet=quiet)
    with Session(one, info.folder, retry=True) as session:
        screen.print(f"Trying {session.retried} failed dialogues of {info.folder} again", markup=False)
        code = work(session, screen)
        if as_json:
            print(json.dumps(session.summary()), flush=True)
    return code
