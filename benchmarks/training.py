"""The measurements of training: rows, and packing. Each is a function that gives rows of the table."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from benchmarks.processes import HERE, measure
from benchmarks.table import Row


class Bench(Protocol):
    """Where a measurement works, and at which share of its full size."""

    def size(self, full: int) -> int: ...

    def place(self, name: str) -> Path: ...


CLCA = [sys.executable, "-m", "clca"]
FEW = 2_000  # dialogues, for memory to be compared with


def examples(bench: Bench) -> list[Row]:
    """20,000 dialogues made into examples and token rows on all cores; peak memory against 2,000."""
    source = rehearsed(bench, "examples", "--samples", "10")
    many, few = bench.size(20_000), bench.size(FEW)
    used = {
        count: measure(
            [sys.executable, str(HERE / "rows.py"), str(count), str(source)], bench.place("examples"), pinned=False
        )
        for count in (few, many)
    }
    found = json.loads(used[many].output)
    return [
        Row("examples", f"rows from {many:,} dialogues", found["rows"], ""),
        Row("examples", "tokens", found["tokens"], ""),
        Row("examples", "examples and rows", found["seconds"], "s", at_most=60),
        Row("examples", f"peak over that of {few:,}", used[many].peak / used[few].peak, "x", at_most=1.2),
    ]


def packing(bench: Bench) -> list[Row]:
    """Tokens with loss a CPU second, packed against padded; and how far packed rows are from lone ones."""
    source = bench.place("packing") / "mixed.jsonl"
    each = bench.size(16) // 2
    dialogues: dict[str, str] = {}  # an id may occur only once in a file
    for exchanges in ("2", "20"):
        file = rehearsed(bench, f"packing-{exchanges}", "--samples", "1", "--exchanges", exchanges)
        by_id = {str(json.loads(line)["id"]): line for line in file.read_text(encoding="utf-8").splitlines()}
        dialogues |= dict(islice((item for item in by_id.items() if item[0] not in dialogues), each))
    source.write_text("".join(f"{line}\n" for line in dialogues.values()), encoding="utf-8")
    command = [sys.executable, str(HERE / "packing.py"), str(source)]
    found = json.loads(measure(command, bench.place("packing")).output.splitlines()[-1])
    speed = {way: found["trained"] / found[way]["seconds"] for way in ("padded", "packed")}
    return [
        Row("packing", "trained tokens/CPU s, padded", speed["padded"], ""),
        Row("packing", f"trained tokens/CPU s, packed in {found['packed']['rows']} rows", speed["packed"], ""),
        Row("packing", "packed over padded", speed["packed"] / speed["padded"], "x", at_least=1.5),
        Row("packing", "log-probability, packed - alone (1e-6)", 1e6 * found["contamination"], "", at_most=100),
    ]


def rehearsed(bench: Bench, name: str, *options: str) -> Path:
    """The dialogues of a run of the rehearsal."""
    folder = bench.place(name)
    command = [*CLCA, "generate", "--culture", "japan", "--json", "--quiet", *options]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    summary: dict[str, Any] = json.loads(done.stdout)
    return folder / str(summary["run"]) / "dialogues.jsonl"
