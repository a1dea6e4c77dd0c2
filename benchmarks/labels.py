"""The measurements of labelling texts: ten adapters on ten test sets against the loop of the paper, and a stream."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.processes import HERE, measure
from benchmarks.table import Row
from benchmarks.training import Bench

NAME, STREAM = "labels", "labels-stream"
TEXTS, EVERY = 4, 4  # texts in each set, of which the loop gets the first of four
MANY, FEW = 70_000, 2_000
HABITS = {"on": "label, then writes on", "ends": "label, then ends", "never": "no label"}
COMMAND = [sys.executable, str(HERE / "labelling.py")]


def labels(bench: Bench) -> list[Row]:
    """Prompts a CPU second, of students that write on after their label, that end there, and that give none."""
    count = bench.size(TEXTS)
    used = measure([*COMMAND, "compare", str(count), str(min(count, EVERY))], bench.place(NAME))
    found: dict[str, Any] = json.loads(used.output.splitlines()[-1])
    rows = [Row(NAME, f"parameters; prompts of {found['tokens']:.0f} tokens", found["parameters"], "")]
    for habit, words in HABITS.items():
        one = found["habits"][habit]
        target = 5.0 if habit == "on" else None
        rows += [
            Row(NAME, f"{words}: invalid of {one['prompts']} prompts", one["invalid"], ""),
            Row(NAME, f"{words}: clca, a CPU second", one["pace"], "/s"),
            Row(NAME, f"{words}: the loop, a CPU second", one["loop"], "/s"),
            Row(NAME, f"{words}: clca over the loop", one["pace"] / one["loop"], "x", at_least=target),
            Row(NAME, f"{words}: equal of {one['compared']}", one["equal"] / one["compared"], "x", at_least=1.0),
        ]
    bound = found["full_pass"] / found["tokens"]
    return [
        *rows,
        Row(NAME, "prompt tokens a CPU second, writes on", found["habits"]["on"]["pace"] * found["tokens"], "/s"),
        Row(NAME, "share of the pace of full passes over prompts", found["habits"]["on"]["pace"] / bound, "x"),
        Row(NAME, "peak memory", found["peak"], "MiB"),
    ]


def stream(bench: Bench) -> list[Row]:
    """70,000 texts to a small student; peak memory against 2,000."""
    many, few = bench.size(MANY), bench.size(FEW)
    used = {count: measure([*COMMAND, "stream", str(count)], bench.place(STREAM)) for count in (few, many)}
    return [
        Row(STREAM, f"peak at {few:,} texts", used[few].peak, "MiB"),
        Row(STREAM, f"peak at {many:,} texts", used[many].peak, "MiB"),
        Row(STREAM, "ratio", used[many].peak / used[few].peak, "x", at_most=1.2),
        Row(STREAM, "CPU a text (ms)", 1000 * used[many].cpu / many, "ms"),
    ]
