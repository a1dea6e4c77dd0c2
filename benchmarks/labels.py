"""The measurements of labelling texts: ten adapters on ten test sets against the loop of the paper, and streams."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks.processes import HERE, Stub, Used, measure
from benchmarks.table import Row
from benchmarks.training import CLCA, Bench

NAME, STREAM, EVALUATION, READING = "labels", "labels-stream", "offense-stream", "reading"
REPLIES = 100_000
TEXTS = 8  # in each set
MANY, FEW = 70_000, 2_000
HABITS = {
    "next": "label, then the next question",
    "on": "label, then a sentence",
    "never": "no label",
    "ends": "label, then ends",
}
TALK = "you people never the game last night was such a joke and they still think nobody will say it why would anyone"
MAPPING = """files:
  - {path: posts.jsonl, culture: japan, task: posts, type: offensive_detect, text: text, label: label}
"""
COMMAND = [sys.executable, str(HERE / "labelling.py")]


def labels(bench: Bench) -> list[Row]:
    """Prompts a CPU second, by what the student writes after its label and by how its replies are read."""
    used = measure([*COMMAND, "compare", str(bench.size(TEXTS))], bench.place(NAME))
    found: dict[str, Any] = json.loads(used.output.splitlines()[-1])
    bound = found["full_pass"] / found["tokens"]
    rows = [Row(NAME, f"parameters; prompts of {found['tokens']:.0f} tokens", found["parameters"], "")]
    for one in found["runs"]:
        words = HABITS[one["habit"]] + (", paper" if one["scoring"] == "paper" else "")
        target = 5.0 if one["habit"] != "ends" else None
        rows += [
            Row(NAME, f"{words}: prompts", one["prompts"], ""),
            Row(NAME, f"{words}: without a label", one["unread"], ""),
            Row(NAME, f"{words}: tokens written", one["written"], ""),
            Row(NAME, f"{words}: clca, a CPU second", one["pace"], "/s"),
            Row(NAME, f"{words}: the loop, a CPU second", one["loop"], "/s"),
            Row(NAME, f"{words}: clca over the loop", one["pace"] / one["loop"], "x", at_least=target),
            Row(NAME, f"{words}: over passes on prompts alone", one["pace"] / bound, "x"),
            Row(NAME, f"{words}: equal of {one['compared']}", one["equal"] / one["compared"], "x", at_least=1.0),
        ]
    return [
        *rows,
        Row(NAME, "tokens a CPU second of full passes", found["full_pass"], "/s"),
        Row(NAME, "peak memory", found["peak"], "MiB"),
    ]


def stream(bench: Bench) -> list[Row]:
    """70,000 texts to a small student; peak memory against 2,000."""
    many, few = bench.size(MANY), bench.size(FEW)
    used = {count: measure([*COMMAND, "stream", str(count)], bench.place(STREAM)) for count in (few, many)}
    return _rows(STREAM, used)


def evaluation(bench: Bench) -> list[Row]:
    """`clca eval-offense` of 70,000 imported texts, two rows, answered by the stub; peak memory against 2,000."""
    used = {}
    for count in (bench.size(FEW), bench.size(MANY)):
        folder = bench.place(f"{EVALUATION}-{count}")
        (folder / "in").mkdir(exist_ok=True)
        with (folder / "in" / "posts.jsonl").open("w") as file:
            for number in range(count):
                line = {
                    "text": f"{' '.join(TALK.split()[number % 20 :])} ({number})",
                    "label": ("OFF", "NOT")[number % 2],
                }
                file.write(json.dumps(line) + "\n")
        (folder / "mapping.yaml").write_text(MAPPING)
        subprocess.run(
            [*CLCA, "data", "import-offense", "in", "--mapping", "mapping.yaml", "--out", "sets", "--json"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        asked = ["--data", "sets", "--row", "base", "--row", "zero-shot", "--format", "chat", "--quiet"]
        with Stub() as stub:
            used[count] = measure([*CLCA, "eval-offense", "--student", "stub", "--base-url", stub.url, *asked], folder)
    return _rows(EVALUATION, used)


def reading(bench: Bench) -> list[Row]:
    """Replies that are read a CPU second, and how many of them are an answer, by suite."""
    command = [sys.executable, str(HERE / "reading.py"), str(bench.size(REPLIES))]
    figures = json.loads(measure(command, bench.place(READING)).output.splitlines()[-1])
    return [
        row
        for suite, of_suite in figures.items()
        for row in (
            Row(READING, f"{suite}: replies, a CPU second", of_suite["pace"], "/s"),
            Row(READING, f"{suite}: read", of_suite["read"], "x"),
        )
    ]


def _rows(name: str, used: dict[int, Used]) -> list[Row]:
    few, many = sorted(used)
    return [
        Row(name, f"peak at {few:,} texts", used[few].peak, "MiB"),
        Row(name, f"peak at {many:,} texts", used[many].peak, "MiB"),
        Row(name, "ratio", used[many].peak / used[few].peak, "x", at_most=1.2),
        Row(name, "CPU a text (ms)", 1000 * used[many].cpu / many, "ms"),
    ]
