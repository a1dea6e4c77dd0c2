"""Replicas of a teacher: eight against one, what a request costs the client, and the simulation against both runs."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.processes import Stub, Used
from benchmarks.table import Row

if TYPE_CHECKING:
    from benchmarks.measurements import Bench

NAME = "cluster"
REPLICAS = 8
# 1,000 requests in flight at 8 replicas are 125 a second, of which the core of the stubs takes many times more.
LATENCY, SLOTS = 8.0, 125
DIALOGUES = 250  # for each replica: every slot plays two, one after the other
SIZE = ("--exchanges", "4", "--samples", "2")


def cluster(bench: Bench) -> list[Row]:
    """The same work for each of eight replicas as for one, and what `clca cluster plan` simulates of both runs."""
    seconds: dict[int, float] = {}
    rows: list[Row] = []
    for replicas in (1, REPLICAS):
        used, requests, seconds[replicas] = _run(bench, replicas)
        simulated, simulated_requests = _simulated(bench, replicas)
        assert simulated_requests == requests
        what = "1 replica" if replicas == 1 else f"{replicas} replicas"
        rows += [
            Row(NAME, f"{what}: requests", requests, ""),
            Row(NAME, f"{what}: first request to last reply", seconds[replicas], "s"),
            Row(NAME, f"{what}: CPU of clca a request", 1000 * used.cpu / requests, "ms", at_most=1.0),
            Row(
                NAME, f"{what}: simulated over measured", simulated / seconds[replicas], "x", at_most=1.1, at_least=0.9
            ),
        ]
    ratio = seconds[REPLICAS] / seconds[1]
    return [*rows, Row(NAME, f"{REPLICAS} replicas over 1, same work for each", ratio, "x", at_most=1.05)]


def _dialogues(bench: Bench, replicas: int) -> int:
    return bench.size(DIALOGUES) // 2 * 2 * replicas


def _run(bench: Bench, replicas: int) -> tuple[Used, int, float]:
    """`clca generate` on so many stubs: what it used, the requests, and seconds from the first to the last reply."""
    with ExitStack() as stack:
        options = ("--latency", str(LATENCY), "--slots", str(SLOTS))
        stubs = [stack.enter_context(Stub(*options)) for _ in range(replicas)]
        others = [word for stub in stubs[1:] for word in ("--base-url", stub.url)]
        flags = (*SIZE, *others, "--concurrency", str(SLOTS * replicas))
        used = bench.generate(_name(replicas), stubs[0].url, _dialogues(bench, replicas), *flags)
        stats = [stub.stats() for stub in stubs]
    requests = sum(each["requests"] for each in stats)
    return used, requests, max(each["last"] for each in stats) + LATENCY - min(each["first"] for each in stats)


def _simulated(bench: Bench, replicas: int) -> tuple[float, int]:
    """The makespan of the same run in seconds, and its requests, by the simulation."""
    scenarios = bench.place(_name(replicas)) / f"scenarios-{_dialogues(bench, replicas)}.jsonl"
    run = ("--culture", "japan", "--teacher", "stub", "--scenarios", str(scenarios), *SIZE)
    replies = ("--latency", str(LATENCY), "--slots", str(SLOTS), "--spread", "0", "--start-seconds", "0")
    size = ("--replicas", str(replicas), "--concurrency", str(SLOTS * replicas))
    command = [sys.executable, "-m", "clca", "cluster", "plan", *run, *replies, *size, "--json"]
    done = subprocess.run(command, cwd=bench.folder, stdout=subprocess.PIPE, text=True, check=True)
    (trial,) = json.loads(done.stdout)["trials"]
    return trial["makespan"], trial["requests"]


def _name(replicas: int) -> str:
    return f"cluster-{replicas}"
