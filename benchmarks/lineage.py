"""The measurements of `clca trace`: a dialogue and an adapter of 100,000 dialogues, in time and memory."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.processes import Used, measure
from benchmarks.table import Row
from benchmarks.training import CLCA, Bench, rehearsed

SIDES = ((":0", "dialogue"), (":1", "dialogue"), (":intent", "intent"))
"""The examples of a dialogue: the ends of their ids, and their tasks."""


def trace(bench: Bench) -> list[Row]:
    """`clca trace` of a dialogue forward, and of an adapter back, start to exit; peak memory against a tenth."""
    many, few = bench.size(100_000), bench.size(10_000)
    dialogue, adapter = dict[int, Used](), dict[int, Used]()
    for count in (few, many):
        folder = bench.place(f"trace-{count}")
        _write(folder, count, rehearsed(bench, "trace-source"))
        dialogue[count] = measure([*CLCA, "trace", f"japan-{count // 2}-1", "--json", "--quiet"], folder)
        adapter[count] = measure([*CLCA, "trace", "adapters/japan/adapter", "--json", "--quiet"], folder)
        for used, wanted in ((dialogue[count], "adapter:"), (adapter[count], "dialogue:")):
            result = json.loads(used.output)
            assert any(name.startswith(wanted) for name in (*result["back"], *result["forward"])), wanted
    size = (bench.place(f"trace-{many}") / "generated/japan/run/dialogues.jsonl").stat().st_size / 2**20
    return [
        Row("trace", f"dialogues, {size:,.0f} MiB", many, ""),
        Row("trace", "a dialogue, forward and back: CPU", dialogue[many].cpu, "s", at_most=15),
        Row("trace", "peak memory", dialogue[many].peak, "MiB"),
        Row("trace", f"over that at {few:,}", dialogue[many].peak / dialogue[few].peak, "x", at_most=1.2),
        Row("trace", "an adapter, forward and back: CPU", adapter[many].cpu, "s", at_most=15),
        Row("trace", f"its peak over that at {few:,}", adapter[many].peak / adapter[few].peak, "x", at_most=1.5),
    ]


def _write(folder: Path, count: int, source: Path) -> None:
    """A run of so many dialogues, each of a scenario of its own, and an adapter that lists three examples of each."""
    from tests.report.lineage.workspaces import adapter_folder

    run = folder / "generated" / "japan" / "run"
    run.mkdir(parents=True)
    info = json.loads((source.parent / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps(info), encoding="utf-8")
    records = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    with (run / "dialogues.jsonl").open("w", encoding="utf-8") as file:
        for number in range(count):
            record = records[number % len(records)]
            scenario = {**record["scenario"], "id": f"s{number}"}
            changed = {**record, "id": f"japan-{number}-1", "scenario": scenario}
            file.write(json.dumps(changed, ensure_ascii=False, separators=(",", ":")) + "\n")
    examples = (
        {"part": "train", "task": task, "id": f"japan-{number}-1{side}", "run": 0}
        for number in range(count)
        for side, task in SIDES
    )
    adapter_folder(folder, [run], examples=examples)
