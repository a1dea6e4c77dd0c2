"""The measurements of `clca stats`: what it finds of what is planted, and memory against a tenth of the dialogues."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sized
from pathlib import Path

from benchmarks.processes import HERE, Used, measure
from benchmarks.table import Row
from benchmarks.training import CLCA, Bench, rehearsed

NEAR = 0.6  # the Jaccard index of near-duplicates, the default of `clca stats`


def planted(bench: Bench) -> list[Row]:
    """Near-copies and texts of evaluations among 10,000 dialogues: what is found, in which time on one core."""
    folder = _written(bench, "planted", bench.size(10_000))
    used = _stats(bench, "planted", folder)
    result, truth = json.loads(used.output), json.loads((folder / "planted.json").read_text())
    copies = {name: one for name, one in truth.items() if "original" in one and one["jaccard"] >= NEAR}
    below = sum("original" in one and one["jaccard"] < NEAR for one in truth.values())
    texts = {name for name, one in truth.items() if "item" in one and not one["changed"]}
    changed = {name for name, one in truth.items() if "item" in one and one["changed"]}
    near, shared = result["near_duplicates"], result["contamination"]
    hits = {hit["dialogue"] for hit in shared["hits"]}
    right = sum("item" in truth.get(name, {}) for name in hits)
    count = bench.size(10_000)
    return [
        Row("planted", f"dialogues, {len(copies)} near-copies, {len(texts)} texts", count, ""),
        Row("planted", "start to exit, one core that others share", used.seconds, "s"),
        Row("planted", "CPU", used.cpu, "s", at_most=30),
        Row("planted", "near-copies found (recall)", _percent(near["repeats"]["first"], copies), "%", at_least=98),
        Row("planted", f"clusters beyond these ({below} planted below {NEAR})", near["clusters"] - len(copies), ""),
        Row("planted", "texts found (recall)", _percent(len(hits & texts), texts), "%", at_least=99),
        Row("planted", "of those with one word changed", _percent(len(hits & changed), changed), "%"),
        Row("planted", "dialogues found that hold one (precision)", _percent(right, hits), "%", at_least=99),
    ]


def stats_stream(bench: Bench) -> list[Row]:
    """`clca stats` of 100,000 dialogues, start to exit; peak memory against 10,000."""
    many, few = bench.size(100_000), bench.size(10_000)
    used = {count: _stats(bench, "stats", _written(bench, f"stats-{count}", count)) for count in (few, many)}
    return [
        Row("stats-stream", f"{many:,} dialogues, start to exit", used[many].seconds, "s"),
        Row("stats-stream", "CPU for a dialogue", 1000 * used[many].cpu / many, "ms"),
        Row("stats-stream", f"peak at {many:,}", used[many].peak, "MiB"),
        Row("stats-stream", f"over that at {few:,}", used[many].peak / used[few].peak, "x", at_most=1.2),
    ]


def _stats(bench: Bench, name: str, run: Path) -> Used:
    command = [*CLCA, "stats", str(run), "--json", "--quiet", "--embedder", "none"]
    return measure(command, bench.place(name))


def _written(bench: Bench, name: str, count: int) -> Path:
    """A run of `count` dialogues, of which some are planted."""
    source = rehearsed(bench, "planted-source", "--samples", "10")
    folder = bench.place(name) / "run"
    subprocess.run([sys.executable, str(HERE / "planted.py"), str(folder), str(count), str(source)], check=True)
    return folder


def _percent(part: int, whole: Sized) -> float:
    return 100 * part / len(whole)
