"""A server of a teacher on the screen."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from clca.cli.views.progress import Waiting
from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.wrapping import command
from clca.generation.progress import ServerStarting
from clca.generation.teacher_server import ServerReady, TeacherServerPlan, serve
from clca.inference.vllm.command import shown
from clca.inference.vllm.manager import Placement
from clca.progress import Note, Progress
from clca.shell import command_line


def show_placements(placements: Iterable[Placement], console: Console) -> None:
    """Print how the servers of models would be started."""
    for placement in placements:
        start = command(shown(placement.command, placement.variables))
        console.print(styled(f"Would be started: {placement.where}: ", start))


def show_plan(plan: TeacherServerPlan, *, as_json: bool) -> None:
    """Print how vLLM would be started."""
    variables = plan.placement.variables
    if as_json:
        print_json({"model": plan.model, "command": plan.command, "variables": variables})
    else:
        make_console().print(styled(command(shown(plan.command, variables))))


def serve_until_stopped(plan: TeacherServerPlan, *, quiet: bool, as_json: bool) -> None:
    """Run the server with progress on stderr; a JSON object on stdout says when it answers."""
    screen = make_console(stderr=True, quiet=quiet)
    with Waiting(screen) as waiting:

        def report(event: Progress | Note) -> None:
            match event:
                case ServerStarting():
                    waiting.show(event.text)
                case ServerReady():
                    waiting.__exit__(None, None, None)
                    screen.print(event.text)
                    screen.print(f"The server is up at {event.url}, its log is {event.log}. Ctrl-C stops it. Next:")
                    generate = command_line("clca", "generate", "--culture", "japan", "--teacher", event.model)
                    screen.print(styled("  ", command(f"{generate} --base-url {event.url}")))
                    if as_json:
                        ready = {"model": event.model, "url": event.url, "log": str(event.log)}
                        print_json(ready)
                case Note():
                    screen.print(event.text)

        serve(plan, report)
