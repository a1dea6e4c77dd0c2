"""One dialogue on the screen: scenario, turns with their intents, judgement and verdict."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.markup import escape

from clca.cli.views.screen import make_console, printable
from clca.cli.views.selection import show_selections
from clca.generation.run_records import StoredRecord
from clca.storage.selection import Selection

STYLES = {"kept": "green", "discarded": "yellow", "failed": "red", "rejected": "magenta"}


def show_record(stored: StoredRecord, *, as_json: bool) -> None:
    """Print a record, and on stderr which run it is of where others hold its id too."""
    others = {str(run.folder): "" for run in stored.others}
    reason = f"the newest of {len(others) + 1} runs that hold it"
    folder, dialogue_id = str(stored.run.folder), stored.record["id"]
    show_selections([Selection(target=dialogue_id, taken=(folder,), reason=reason, others=others)])
    if not as_json:
        make_console().print(folder, style="dim", markup=False)
    show_dialogue(stored.outcome, stored.record, as_json=as_json)


def show_dialogue(outcome: str, record: dict[str, Any], *, as_json: bool) -> None:
    """Print a record of a run."""
    if as_json:
        print(json.dumps(record, ensure_ascii=False))
        return
    console = make_console()
    record = printable_record(record)
    console.print(f"[bold]{escape(record['id'])}[/]  [{STYLES[outcome]}]{outcome}[/]", end="")
    console.print(f"  {record.get('reason') or ''}", markup=False)
    if outcome == "rejected":
        return
    models = dict.fromkeys(record[role] for role in ("teacher", "partner", "judge"))
    console.print(f"by {', '.join(models)}, seed {record['seed']}", style="dim", markup=False)
    if scenario := record.get("scenario"):
        _show_scenario(scenario, console)
    console.print()
    for turn in record["turns"]:
        _show_turn(turn, console)
    console.print()
    if outcome == "failed":
        console.print(f"Failed at {record['stage']}: {record['reason']}. {record['detail']}", markup=False)
        return
    console.print(f"Ended by {record['ended']}.", style="dim")
    _show_judgement(record, console)


def printable_record(value: Any) -> Any:
    """The same record with all its texts fit for a terminal."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: printable_record(inner) for key, inner in value.items()}
    return [printable_record(inner) for inner in value] if isinstance(value, list) else value


def _show_scenario(scenario: dict[str, Any], console: Console) -> None:
    console.print()
    console.print(scenario["setting"], markup=False)
    console.print(f"Relationship: {scenario['relationship']}. Source: {scenario['source']}.", style="dim", markup=False)
    if scenario.get("breach"):
        console.print(f"Breach of the norm: {scenario['breach']}", style="dim", markup=False)
    for person in scenario["participants"]:
        console.print()
        description = f"{person['name']}, {person['age']}, {person['gender']}, {person['occupation']}"
        console.print(description, style="bold", markup=False)
        console.print(person["background"], markup=False)
        console.print(f"Goal: {person['goal']}", markup=False)
        if person["secret"]:
            console.print(f"Secret: {person['secret']}", markup=False)


def _show_turn(turn: dict[str, Any], console: Console) -> None:
    speaker, text = escape(turn["speaker"]), escape(turn["text"])
    if turn["action"] == "speak":
        console.print(f"[bold]{speaker}[/]: {text}")
    elif turn["action"] == "non-verbal":
        console.print(f"[italic]({text})[/]")
    elif turn["action"] == "leave":
        console.print(f"[bold]{speaker}[/]: {text} [italic](leaves)[/]" if text else f"[italic]({speaker} leaves.)[/]")
    else:
        console.print(f"[italic]({speaker} says nothing.)[/]")
    if turn.get("thought"):
        console.print(f"    [dim]thinks: {escape(turn['thought'])}[/]")
    if "intent" in turn:
        intent = turn["intent"]
        colour = "cyan" if intent["relevance"] == "cultural" else "dim"
        console.print(f"    [{colour}]{escape(intent['text'])} ({intent['relevance']})[/]")
        for custom in intent.get("customs", ()):
            console.print(f"    [dim]custom: {escape(custom)}[/]")


def _show_judgement(record: dict[str, Any], console: Console) -> None:
    judgement = record.get("judgement")
    if judgement:
        for name in ("quality", "alignment", "meta"):
            verdict = judgement[name]
            words = verdict.get("critique") or verdict.get("rationale") or ""
            console.print(f"{name}: {verdict['label']}, {verdict['confidence']}. [dim]{escape(words)}[/]")
    console.print(f"Verdict: {record['verdict']}" + (f", {record['reason']}" if record["reason"] else ""), markup=False)
    if record.get("planted"):
        console.print(f"The rehearsal planted a flaw here: {record['planted']}.", markup=False)
