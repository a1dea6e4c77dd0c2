"""`--plan`: what runs would take, on the screen."""

from __future__ import annotations

import json

from rich.table import Table

from clca.cli.views.screen import make_console, printable
from clca.errors import ClcaError
from clca.generation.config import REHEARSAL
from clca.generation.cost import CHARACTERS_A_TOKEN, TOKENS_A_TURN, plan, preview
from clca.generation.plan import GenerationPlan, locate
from clca.generation.teachers import unserved
from clca.inference.vllm.manager import Placement, ServerManager


def show_plan(prepared: list[GenerationPlan], servers: ServerManager, *, as_json: bool) -> None:
    """What the runs would take, and a prompt of each task, without asking a teacher or starting a server."""
    console = make_console()
    lacking = unserved(prepared[0].settings)
    placements: list[Placement] = []
    obstacle = ""
    try:
        placements = servers.plan(lacking)
    except ClcaError as error:  # the rest of the plan holds wherever it is carried out
        obstacle = error.message
    served = [{"model": place.name, "command": place.command} for place in placements]
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
                        "servers": served,
                        "obstacle": obstacle,
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
        for placement in placements:
            console.print(f"Would be started: {printable(str(placement))}", markup=False)
        if obstacle:
            console.print(f"Not on this machine: {printable(obstacle)}", markup=False)
        if any(teacher.name == REHEARSAL for one in prepared for teacher in one.teachers.values()):
            console.print("The embedded rehearsal answers at no cost.")
