"""The predictions that a score was counted from, each with its prompt and the raw reply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from clca.errors import ContentError
from clca.evaluation.prediction_dir import PREDICTIONS, QUESTIONS, SHEETS
from clca.report.lineage.context import Lineage
from clca.report.lineage.evaluations import evaluation_id
from clca.report.lineage.graph import Link, Node, node_id
from clca.report.lineage.values import facts, mapping, text
from clca.storage.jsonl import read_lines
from clca.storage.line_search import lines_with

WHO = ("culture", "method", "order", "item", "row", "test", "respondent", "place")
"""Keys that identify a prediction: culture, method, respondent and the like."""
LONGEST_TEXT = 20_000  # characters of a prompt or reply
ZERO_SHOT = "zero-shot"  # as `classification.scores` has it, which would load numpy


def add_predictions(
    lineage: Lineage, folder: Path, wanted: Mapping[str, frozenset[str]], info: Mapping[str, Any], most: int
) -> Link:
    """The link to the predictions with one of these values of each key.

    All are counted, the first `most` are nodes of their own.

    Raises `ContentError` for a line that is no prediction, `StoreError` where the file cannot be read.
    """
    shown = lineage.folders.shown(folder)
    counts = {"predictions": 0, "unanswered": 0, "without a readable answer": 0}
    links: list[Link] = []
    for number, record in _matching(folder, wanted):
        if record.get("failure"):
            counts["unanswered"] += 1
            continue
        counts["predictions"] += 1
        counts["without a readable answer"] += record.get("option", record.get("label")) is None
        if len(links) < most:
            name = add_prediction(lineage, folder, number, record)
            links.append(Link(node=name, role=f"line {number:,}", by="record"))
    restricted = {
        key: next(iter(values)) if len(values) == 1 else f"{len(values)} {key}s" for key, values in wanted.items()
    }
    of = " ".join(restricted.values())
    part = f"the first {len(links):,} of {counts['predictions']:,}" if len(links) < counts["predictions"] else ""
    node = Node(
        kind="predictions",
        id=node_id("predictions", f"{shown}#predictions" + (f" {text(of)}" if of else "")),
        name=f"{counts['predictions']:,} predictions" + (f" of {text(of)}" if of else ""),
        path=f"{shown}/{PREDICTIONS}",
        facts=facts({**restricted, **counts, "here": part}),
        parents=tuple(links),
    )
    lineage.graph.add(node)
    return _checked(lineage, folder, info, node.id)


def _checked(lineage: Lineage, folder: Path, info: Mapping[str, Any], name: str) -> Link:
    recorded = mapping(info.get("sha256")).get(PREDICTIONS)
    role = "counted from"
    if not isinstance(recorded, str) or not lineage.check:
        return Link(node=name, role=role, by="record")
    if lineage.digest(folder / PREDICTIONS) == recorded:
        return Link(node=name, role=role, by="digest")
    return Link(node=name, role=role, by="nothing", fault=f"{PREDICTIONS} has changed since it was scored")


def _matching(folder: Path, wanted: Mapping[str, frozenset[str]]) -> Iterator[tuple[int, dict[str, Any]]]:
    path = folder / PREDICTIONS
    texts = [next(iter(values)) for values in wanted.values() if len(values) == 1]
    longest = max(texts, key=len, default="")
    lines = lines_with(path, [longest]) if longest else enumerate((line for _, line in read_lines(path)), 1)
    for number, line in lines:
        record = _parsed(path, number, line)
        if all(_is_one_of(record.get(key, "given" if key == "order" else None), of) for key, of in wanted.items()):
            yield number, record


def _is_one_of(value: Any, values: frozenset[str]) -> bool:
    return isinstance(value, str) and value in values


def read_prediction(folder: Path, number: int) -> dict[str, Any] | None:
    """The prediction in a line, counted from 1; None where there is no such line."""
    for line_number, (_, line) in enumerate(read_lines(folder / PREDICTIONS), 1):
        if line_number == number:
            return _parsed(folder / PREDICTIONS, number, line)
    return None


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = from_json(line)
    except ValueError as error:
        raise ContentError(str(path), number, f"not a prediction ({error})") from None
    if not isinstance(record, dict):
        raise ContentError(str(path), number, "not a prediction (not an object)")
    return record


def add_prediction(lineage: Lineage, folder: Path, number: int, record: Mapping[str, Any]) -> str:
    """Add a prediction with its prompt; returns its id."""
    shown = lineage.folders.shown(folder)
    name = node_id("prediction", f"{shown}#predictions.{number}")
    reply = record.get("reply")
    known = {
        **{key: record.get(key) for key in WHO},
        **{key: record.get(key) for key in ("option", "label", "gold", "probabilities", "mass", "failure")},
    }
    raw = {"reply": reply[:LONGEST_TEXT]} if isinstance(reply, str) else {}
    notes = () if raw or record.get("probabilities") or record.get("failure") else ("its reply was not kept",)
    prompt = _prompt(folder, record)
    links = [Link(node=evaluation_id(lineage, folder), role="answered in", by="record")]
    if prompt:
        node = Node(
            kind="prompt",
            id=node_id("prompt", f"{shown}#predictions.{number}"),
            name=f"prompt of line {number:,}",
            path=f"{shown}/{SHEETS}, {QUESTIONS}",
            facts=prompt,
        )
        links.insert(0, Link(node=lineage.graph.add(node), role="asked", by="record"))
    else:
        notes = (*notes, f"its prompt is not in {SHEETS} and {QUESTIONS}")
    who = " ".join(str(record[key]) for key in WHO if record.get(key) not in (None, "", "given"))
    lineage.graph.add(
        Node(
            kind="prediction",
            id=name,
            name=f"{text(who)}: {text(_answer(record))}",
            path=f"{shown}/{PREDICTIONS}:{number}",
            facts={**facts(known), **raw},
            parents=tuple(links),
            notes=notes,
        )
    )
    return name


def _answer(record: Mapping[str, Any]) -> str:
    if record.get("failure"):
        return f"no answer ({record['failure']})"
    answer = record.get("option", record.get("label"))
    return "no readable answer" if answer is None else f"answer {answer}"


def _prompt(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Both halves of the prompt of a prediction, as they were written when it was asked; {} where they are missing."""
    if "row" in record:
        same = {"test": record.get("test")}
        sheets = list(_lines(folder / SHEETS, same))
        forms = [str(sheet.get("form")) for sheet in sheets]
        form = record["row"] if record["row"] in forms else next((name for name in forms if name != ZERO_SHOT), "")
        same |= {"form": form}
        sheet = next((sheet for sheet in sheets if sheet.get("form") == form), None)
        question = next(iter(_lines(folder / QUESTIONS, {**same, "place": record.get("place")})), None)
    else:
        same = {key: record.get(key) for key in ("culture", "method", "respondent")}
        sheet = next(iter(_lines(folder / SHEETS, same)), None)
        own = {"item": record.get("item"), "order": record.get("order", "given")}
        of_set = {"set": sheet.get("questions")} if sheet is not None else {}
        question = next(iter(_lines(folder / QUESTIONS, {**of_set, **own})), None)
    if sheet is None or question is None:
        return {}
    return {
        "system": str(sheet.get("system", ""))[:LONGEST_TEXT],
        "question": str(question.get("text", ""))[:LONGEST_TEXT],
        **facts({"shown": question.get("shown"), "form": sheet.get("form")}),
    }


def _lines(path: Path, wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The lines of half prompts with these values."""
    if not path.is_file():
        return
    longest = max((value for value in wanted.values() if isinstance(value, str)), key=len, default="")
    if not longest:
        return
    for number, line in lines_with(path, [longest]):
        record = _parsed(path, number, line)
        if all(record.get(key) == value for key, value in wanted.items()):
            yield record
