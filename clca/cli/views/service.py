"""The service and its tokens on the screen."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from rich.table import Table

from clca.cli.views.screen import make_console, print_json
from clca.content.lookup import find_workspace
from clca.progress import Note, Progress
from clca.service.access import Role, TokenFile
from clca.service.config import ServeConfig
from clca.service.plan import ServePlan
from clca.service.run import run
from clca.stages import resolve_config


def show_plan(plan: ServePlan, *, as_json: bool) -> None:
    """Print who could do what, and where."""
    facts = plan.json_object()
    if as_json:
        print_json(facts)
        return
    console = make_console()
    console.print(f"{facts['address']} would serve {plan.workspace}; jobs and tokens are in {facts['folder']}")
    who = ", ".join(f"{name} ({role})" for name, role in facts["tokens"].items()) or "nobody"
    console.print(f"Tokens: {who}. {'Every' if facts['needs_token'] else 'No'} request needs one.")
    jobs = facts["jobs"]
    console.print(f"At a time {jobs['gpu']} jobs on the GPU and {jobs['cpu']} others; {jobs['queue']:,} may wait.")
    for note in facts["notes"]:
        console.print(note, style="yellow")


def serve_until_stopped(plan: ServePlan, *, quiet: bool, as_json: bool) -> None:
    """Serve until a signal comes, and print what was done."""
    screen = make_console(stderr=True, quiet=quiet)

    def show(event: Progress | Note) -> None:
        if isinstance(event, Note):
            screen.print(event.text)

    result = run(plan, show)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        states = ", ".join(f"{count:,} {state}" for state, count in result.jobs.items()) or "none"
        screen.print(f"Stopped after {result.requests:,} requests; jobs: {states}.")


def add_token(name: str, role: Role, days: float | None, folder: str | None) -> None:
    """Make a token, and print it alone on the standard output."""
    sys.stdout.write(f"{_tokens(folder).add(name, role, days)}\n")
    sys.stdout.flush()
    make_console(stderr=True).print(f"{name} may {role}. The token is shown this once: hand it over safely.")


def show_tokens(folder: str | None, *, as_json: bool) -> None:
    """Print who has a token."""
    tokens = _tokens(folder).tokens()
    if as_json:
        for token in tokens:
            print_json(token.model_dump(mode="json", exclude={"sha256"}))
        return
    table = Table(box=None, padding=(0, 3, 0, 0))
    for column in ("name", "role", "made", "ends"):
        table.add_column(column)
    for token in tokens:
        ends = "never" if token.expires is None else token.expires.date().isoformat()
        table.add_row(token.name, token.role, token.created[:10], ends if token.is_valid(time.time()) else "has ended")
    make_console().print(table)


def remove_token(name: str, folder: str | None) -> None:
    """Take a token back."""
    _tokens(folder).remove(name)
    make_console(stderr=True).print(f"{name} has no token any more.")


def _tokens(folder: str | None) -> TokenFile:
    workspace = find_workspace()
    flags = {} if folder is None else {"folder": folder}
    config: ServeConfig = resolve_config(ServeConfig, flags, os.environ, workspace)
    return TokenFile((workspace or Path.cwd()) / config.folder)
