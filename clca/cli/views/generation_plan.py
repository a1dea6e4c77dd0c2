"""`--plan`: what runs would take, on the screen."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from clca.cli.views.replicas import show_nodes
from clca.cli.views.screen import make_console, print_json
from clca.cli.views.serving import show_placements
from clca.cluster.servers import ClusterServers
from clca.generation.cost import CHARACTERS_PER_TOKEN, TOKENS_PER_TURN
from clca.generation.plan import GenerationPlan
from clca.generation.plan_summary import cost_sums, run_summary
from clca.generation.roles import unused_notes
from clca.generation.run_plan import RunPlan
from clca.generation.teachers import addresses, unserved


def show_plan(plan: GenerationPlan, *, as_json: bool) -> None:
    """Print what the runs would take, and a prompt of each task."""
    if as_json:
        for run in plan.runs:
            print_json(run_summary(plan, run))
        return
    console = make_console()
    _show_prompts(plan.runs[0], console)
    for run in plan.runs:
        _show_run(run, console)
    console.print(
        "Upper bounds: every dialogue runs its full length and is kept, and no request is repeated."
        f" Tokens are estimated at {CHARACTERS_PER_TOKEN} characters each and {TOKENS_PER_TURN} per turn;"
        " with a prefix cache a server computes most prompt tokens only once."
    )
    show_placements(plan.placements, console)
    if isinstance(plan.servers, ClusterServers) and plan.unavailable is None and (models := unserved(plan.config)):
        with plan.servers as servers:
            show_nodes(servers.look(models), console)
    if plan.unavailable is not None:
        console.print(f"Not on this machine: {plan.unavailable.message}")
    if plan.simulated:
        console.print("The embedded rehearsal answers at no cost.")


def _show_prompts(run: RunPlan, console: Console) -> None:
    console.print(
        "One prompt per task. <...> stands for a reply not yet written; the scenario is shown before its adaptation."
    )
    for cost in run.costs:
        console.rule(f"{cost.task}", align="left")
        for message in cost.messages:
            console.print(f"[{message['role']}]", style="bold")
            console.print(message["content"])
    console.rule()


def _show_run(run: RunPlan, console: Console) -> None:
    models = {role: address.model for role, address in addresses(run.config, {}).items()}
    if models["localiser"] == models["teacher"]:
        del models["localiser"]
    names = set(models.values())
    teachers = models["teacher"] if len(names) == 1 else ", ".join(f"{role} {name}" for role, name in models.items())
    state = "exists" if run.exists else "would be made"
    number = f"{run.requested} {'dialogues' if run.target is None else 'kept dialogues'}"
    console.print(f"{run.culture}: {number} by {teachers}; {run.folder} {state}")
    if run.target is not None and run.forecast is not None:
        console.print(run.forecast.line(run.target))
    for note in unused_notes(run.config):
        console.print(note)
    console.print(f"Scenarios: {_origins(run)}")
    sides = dict.fromkeys(f"{entry.value:g} ({entry.source})" for entry in run.temperatures.values())
    console.print(f"temperature of the role-play: {', '.join(sides)}")
    table = Table(box=None, padding=(0, 3, 0, 0))
    table.add_column("task")
    for column in ("requests", "prompt tokens", "reply tokens"):
        table.add_column(column, justify="right")
    for cost in run.costs:
        table.add_row(cost.task, f"{cost.requests:,}", f"{cost.prompt_tokens:,}", f"{cost.completion_tokens:,}")
    table.add_row("at most", *(f"{number:,}" for number in cost_sums(run).values()), style="bold")
    console.print(table)


def _origins(run: RunPlan) -> str:
    """Where the scenarios come from, such as `40 of no culture, 12 of its own, 5 from norms`."""
    counts = run.scenarios.counts
    numbers = {
        "of no culture": counts.neutral,
        "of its own": counts.own,
        "from norms": len(run.norms),
        "of other cultures left out": counts.skipped,
        "of relatives left out": counts.family,
    }
    return ", ".join(f"{number} {origin}" for origin, number in numbers.items() if number)
