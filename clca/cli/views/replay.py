"""The requests of a turn on the screen."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.selection import show_selections
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.printable import json_text, one_line
from clca.quality.inspection.config import InspectConfig
from clca.quality.inspection.replay import Replay
from clca.quality.inspection.replay import replay as replay_turn
from clca.quality.run_choice import choose_runs
from clca.storage.kept_requests import KeptRequest


def replay(config: InspectConfig, workspace: Path | None, dialogue: str, turn: int, *, as_json: bool) -> None:
    """Print what was asked for a turn and what was replied, or one JSON object."""
    runs, selections = choose_runs(config.run, config.generated, CultureCatalogue(Content(workspace)))
    show_selections(selections)
    show(replay_turn(runs, dialogue, turn, workspace), as_json=as_json)


def show(replayed: Replay, *, as_json: bool) -> None:
    """Print the requests of a turn, oldest first, or one JSON object."""
    if as_json:
        print_json(replayed.model_dump(mode="json"))
        return
    console = make_console()
    console.print(one_line(f"{replayed.dialogue}, turn {replayed.turn}, in {replayed.run}"), style="bold")
    for request in replayed.requests:
        _show_request(request, console)
    console.print()
    console.print(f"Taken: {json_text(replayed.taken)}")
    if replayed.note:
        console.print(replayed.note, style="dim")


def _show_request(request: KeptRequest, console: Console) -> None:
    console.print()
    sampling = f"seed {request.seed}, temperature {request.temperature:g}, top_p {request.top_p:g}"
    line = f"attempt {request.attempt + 1}, to {request.teacher} as {request.role}: {sampling}"
    console.print(one_line(f"{line}, at most {request.max_tokens} tokens"), style="dim")
    for message in request.messages:
        console.print(styled((one_line(message.get("role", "")), "bold cyan")))
        console.print(message.get("content", ""))
    if request.json_schema is None:
        console.print(f"plain text, which ends before {json_text(list(request.stop))}", style="dim")
    else:
        console.print(styled(("schema ", "bold"), json_text(request.json_schema)))
    if request.reply is not None:
        counts = f"{request.reply.prompt_tokens:,} + {request.reply.completion_tokens:,} tokens"
        console.print(styled((one_line(f"reply ({request.reply.finish_reason}, {counts})"), "bold green")))
        console.print(request.reply.text)
