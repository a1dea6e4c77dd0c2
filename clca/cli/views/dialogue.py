"""One dialogue on the screen: scenario, turns with their intents, judgement and verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.errors import NotRenderableError

from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.selection import show_selections
from clca.errors import StoreError
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
        make_console().print(folder, style="dim")
    show_dialogue(stored.outcome, stored.record, as_json=as_json)


def show_dialogue(outcome: str, record: dict[str, Any], *, as_json: bool, console: Console | None = None) -> None:
    """Print a record of a run. Raises `StoreError` for one that is not formed as the records of a run are."""
    if as_json:
        print_json(record)
        return
    with _record_errors(record):
        _show_parts(outcome, record, console or make_console())


@contextmanager
def _record_errors(record: dict[str, Any]) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError, NotRenderableError) as error:
        raise StoreError(f"{record['id']} is not formed as a record of a run: {type(error).__name__} {error}") from None


def _show_parts(outcome: str, record: dict[str, Any], console: Console) -> None:
    reason = record.get("reason") or ""
    console.print(styled((record["id"], "bold"), "  ", (outcome, STYLES[outcome]), f"  {reason}"))
    if outcome == "rejected":
        return
    models = dict.fromkeys(record[role] for role in ("teacher", "partner", "judge"))
    models |= dict.fromkeys(filter(None, [record.get("localiser")]))  # files of earlier versions have none
    console.print(f"by {', '.join(models)}, seed {record['seed']}", style="dim")
    if scenario := record.get("scenario"):
        _show_scenario(scenario, console)
    console.print()
    for turn in record["turns"]:
        _show_turn(turn, console)
    console.print()
    if outcome == "failed":
        console.print(f"Failed at {record['stage']}: {record['reason']}. {record['detail']}")
        return
    console.print(f"Ended by {record['ended']}.", style="dim")
    _show_judgement(record, console)


def _show_scenario(scenario: dict[str, Any], console: Console) -> None:
    console.print()
    console.print(scenario["setting"])
    console.print(f"Relationship: {scenario['relationship']}. Source: {scenario['source']}.", style="dim")
    if scenario.get("origin"):
        license = f" Licence: {scenario['license']}." if scenario.get("license") else ""
        console.print(f"Origin: {scenario['origin']}.{license}", style="dim")
    if scenario.get("breach"):
        console.print(f"Breach of the norm: {scenario['breach']}", style="dim")
    for person in scenario["participants"]:
        console.print()
        description = f"{person['name']}, {person['age']}, {person['gender']}, {person['occupation']}"
        if person.get("culture"):
            description += f", of {person['culture']}"
        console.print(description, style="bold")
        console.print(person["background"])
        console.print(f"Goal: {person['goal']}")
        if person["secret"]:
            console.print(f"Secret: {person['secret']}")


def _show_turn(turn: dict[str, Any], console: Console) -> None:
    speaker, text = turn["speaker"], turn["text"]
    if turn["action"] == "speak":
        console.print(styled((speaker, "bold"), f": {text}"))
    elif turn["action"] == "non-verbal":
        console.print(f"({text})", style="italic")
    elif turn["action"] == "leave":
        said = styled((speaker, "bold"), f": {text} ", ("(leaves)", "italic"))
        console.print(said if text else styled((f"({speaker} leaves.)", "italic")))
    else:
        console.print(f"({speaker} says nothing.)", style="italic")
    if turn.get("thought"):
        console.print(f"    thinks: {turn['thought']}", style="dim")
    if "intent" in turn:
        intent = turn["intent"]
        colour = "cyan" if intent["relevance"] == "cultural" else "dim"
        console.print(f"    {intent['text']} ({intent['relevance']})", style=colour)
        for custom in intent.get("customs", ()):
            console.print(f"    custom: {custom}", style="dim")


def show_judgement(record: dict[str, Any], console: Console) -> None:
    """Print what the judge said of a dialogue, and what became of it. Raises `StoreError` as `show_dialogue` does."""
    with _record_errors(record):
        _show_judgement(record, console)


def _show_judgement(record: dict[str, Any], console: Console) -> None:
    judgement = record.get("judgement")
    if judgement:
        for name in ("quality", "alignment", "meta"):
            verdict = judgement[name]
            words = verdict.get("critique") or verdict.get("rationale") or ""
            console.print(styled(f"{name}: {verdict['label']}, {verdict['confidence']}. ", (words, "dim")))
        for person, verdict in zip(record["scenario"]["participants"], judgement.get("sides", ()), strict=False):
            head = f"alignment of {person['name']}: {verdict['label']}, {verdict['confidence']}. "
            console.print(styled(head, (verdict["rationale"], "dim")))
    for name, rating in (record.get("ratings") or {}).items():
        if rating:
            console.print(styled(f"{name.replace('_', ' ')}: {rating['score']} of 10. ", (rating["rationale"], "dim")))
    console.print(f"Verdict: {record['verdict']}" + (f", {record['reason']}" if record["reason"] else ""))
    if record.get("planted"):
        console.print(f"The rehearsal planted a flaw here: {record['planted']}.")
