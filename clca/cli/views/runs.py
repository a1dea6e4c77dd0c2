"""Runs and dialogues as text for the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clca.cli.views.screen import make_console, printable
from clca.content.parsing import suggestion
from clca.errors import NotFoundError, StoreError
from clca.storage.jsonl import read_lines
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo, list_runs

STYLES = {"kept": "green", "discarded": "yellow", "failed": "red"}


def show_runs(out: Path, *, as_json: bool) -> None:
    found = list_runs(out)
    if as_json:
        for run in found:
            keys = ("culture", "created", "finished", "counts", "models")
            print(json.dumps({"run": str(run.folder), **{key: run.data.get(key) for key in keys}}))
        return
    if not found:
        raise NotFoundError(f"there are no runs in {out}/ (make one with `clca generate`, or give --out)")
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("run", overflow="fold")
    table.add_column("made")
    for column in ("requested", "kept", "discarded", "failed", "pending"):
        table.add_column(column, justify="right")
    for run in found:
        counts = run.data.get("counts", {})
        table.add_row(
            escape(f"{run.folder.parent.name}/{run.folder.name}"),
            str(run.data.get("created", ""))[:16].replace("T", " "),
            *(str(counts.get(key, "")) for key in ("requested", "kept", "discarded", "failed", "pending")),
        )
    make_console().print(table)


def list_dialogues(run: RunInfo, outcomes: list[str], limit: int, *, as_json: bool) -> None:
    records = _records(run.folder, outcomes)
    if as_json:
        for _, record in records:
            print(json.dumps(record, ensure_ascii=False))
        return
    console = make_console()
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("id", overflow="fold")
    for column in ("outcome", "turns", "ended", "why"):
        table.add_column(column, justify="right" if column == "turns" else "left")
    for outcome, record in islice(records, limit):
        record = _shown(record)
        why = record.get("reason") or ""
        table.add_row(
            escape(record["id"]),
            f"[{STYLES[outcome]}]{outcome}[/]",
            str(len(record["turns"])),
            record.get("ended", record.get("stage", "")),
            escape(why),
        )
    console.print(table)
    counts = run.data.get("counts", {})
    shown = table.row_count
    total = sum(counts.get(outcome, 0) for outcome in outcomes)
    if total > shown:
        hint = "--limit shows more" if shown == limit else "the rest is not in the files"
        console.print(f"{shown} of {total} ({hint})")
    _show_calibration(run, console)


def show_dialogue(run: RunInfo, name: str, *, as_json: bool) -> None:
    record, outcome = _find(run, name)
    if as_json:
        print(json.dumps(record, ensure_ascii=False))
        return
    console = make_console()
    record = _shown(record)
    console.print(f"[bold]{escape(record['id'])}[/]  [{STYLES[outcome]}]{outcome}[/]", end="")
    console.print(f"  {record.get('reason') or ''}", markup=False)
    models = dict.fromkeys(record[role] for role in ("teacher", "partner", "judge"))
    console.print(f"by {', '.join(models)}, seed {record['seed']}", style="dim", markup=False)
    scenario = record.get("scenario")
    if scenario:
        console.print()
        console.print(scenario["setting"], markup=False)
        console.print(
            f"Relationship: {scenario['relationship']}. Source: {scenario['source']}.", style="dim", markup=False
        )
        for person in scenario["participants"]:
            console.print()
            console.print(
                f"{person['name']}, {person['age']}, {person['gender']}, {person['occupation']}",
                style="bold",
                markup=False,
            )
            console.print(person["background"], markup=False)
            console.print(f"Goal: {person['goal']}", markup=False)
            if person["secret"]:
                console.print(f"Secret: {person['secret']}", markup=False)
    console.print()
    for turn in record["turns"]:
        _show_turn(turn, console)
    console.print()
    if outcome == "failed":
        console.print(f"Failed at {record['stage']}: {record['reason']}. {record['detail']}", markup=False)
        return
    console.print(f"Ended by {record['ended']}.", style="dim")
    _show_judgement(record, console)


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
    if "intent" in turn:
        intent = turn["intent"]
        colour = "cyan" if intent["relevance"] == "cultural" else "dim"
        console.print(f"    [{colour}]{escape(intent['text'])} ({intent['relevance']})[/]")


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


def _show_calibration(run: RunInfo, console: Console) -> None:
    found = run.data.get("calibration")
    if found:
        console.print(
            f"Judge against planted flaws: {found['caught']} of {found['planted']} discarded,"
            f" {found['false_alarms']} of {found['clean']} others discarded.",
            style="dim",
        )


def _records(folder: Path, outcomes: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for outcome, name in FILES.items():
        path = folder / name
        if outcome in outcomes and path.is_file():
            for _, line in read_lines(path):
                yield outcome, _parse(path, line)


def _parse(path: Path, line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line)
        if not isinstance(data, dict) or "id" not in data or "turns" not in data:
            raise ValueError("not a dialogue")
    except ValueError as error:
        raise StoreError(f"{path} holds a line that is not a record of a run ({error})") from None
    return data


def _shown(value: Any) -> Any:
    """The same value with all its texts fit for a terminal."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    return [_shown(inner) for inner in value] if isinstance(value, list) else value


def _find(run: RunInfo, name: str) -> tuple[dict[str, Any], str]:
    """The dialogue of that id, or the only one whose id begins or ends so."""
    near, ids = [], []
    for outcome, record in _records(run.folder, list(FILES)):
        if record["id"] == name:
            return record, outcome
        ids.append(record["id"])
        if record["id"].startswith(name) or record["id"].endswith(name):
            near.append((record, outcome))
    if len(near) == 1:
        return near[0]
    if near:
        few = ", ".join(record["id"] for record, _ in near[:4])
        raise NotFoundError(f"{len(near)} dialogues of {run.folder} are meant by {name!r}: {few}")
    raise NotFoundError(f"no dialogue {name!r} in {run.folder}{suggestion(name, ids)}")
