"""The measurements. Each is a function that gives rows; README.md says what they are for."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from benchmarks.cluster import cluster
from benchmarks.importing import norm_import, survey_import
from benchmarks.labels import evaluation, labels, reading
from benchmarks.labels import stream as labels_stream
from benchmarks.lineage import trace
from benchmarks.processes import HERE, Stub, Used, measure
from benchmarks.quality import planted, stats_stream
from benchmarks.reporting import report, results
from benchmarks.survey import on_gpu, scoring
from benchmarks.table import Row
from benchmarks.training import examples, packing

CLCA = [sys.executable, "-m", "clca"]
CULTURE = "japan"
SAMPLES = 2


@dataclass
class Bench:
    """Where the measurements work, at which share of their full size, and what they share."""

    folder: Path
    scale: float = 1.0
    extras: dict[str, Any] = field(default_factory=dict)

    def size(self, full: int) -> int:
        return max(4, round(full * self.scale))

    def place(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def generate(self, name: str, url: str, dialogues: int, *options: str, **measured: Any) -> Used:
        """`clca generate` on a server, with a scenario file of its own."""
        folder = self.place(name)
        scenarios = folder / f"scenarios-{dialogues}.jsonl"
        write_scenarios(scenarios, dialogues // SAMPLES)
        command = [*CLCA, "generate", "--culture", CULTURE, "--teacher", "stub", "--base-url", url, "--json", "--quiet"]
        command.append("--no-calibrate")  # a few requests more, of which no figure is
        return measure([*command, "--scenarios", str(scenarios), *options], folder, **measured)

    @cached_property
    def bodies(self) -> Path:
        """The bodies that clca sends in a small run."""
        log = self.place("bodies") / "bodies.jsonl"
        with Stub("--log", str(log)) as stub:
            self.generate("bodies", stub.url, 40)
        return log

    @cached_property
    def large(self) -> Used:
        """A run of 20,000 dialogues and a few more, interrupted when 20,000 are finished."""
        finished, more = self.size(20_000), self.size(400)
        with Stub() as stub:

            def far_enough() -> bool:
                time.sleep(0.5)
                return bool(stub.stats()["requests"] >= (finished + more / 2) * SHORT_REQUESTS)

            return self.generate("large", stub.url, finished + more, *SHORT, until=far_enough)


# Dialogues of two exchanges: 4 turns, 2 stages of the judge, 4 intents, and half an adaptation.
SHORT = ("--exchanges", "2")
SHORT_REQUESTS = 10.5


PEOPLE: tuple[dict[str, object], dict[str, object]] = (
    {"name": "Robin", "gender": "female", "goal": "To get a table by the window.", "secret": ""},
    {"name": "Alex", "gender": "male", "goal": "To keep that table free.", "secret": "It is for the owner."},
)
SCENE = {"setting": "A small restaurant at noon, nearly full.", "relationship": "stranger", "source": "file"}


def write_scenarios(path: Path, count: int) -> None:
    """Plain scenarios, all alike but for their ids and ages."""
    same = {"occupation": "clerk", "background": "Lives near the river and works in town."}
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            ages = (20 + number % 50, 70 - number % 50)
            people = [{**person, **same, "age": age} for person, age in zip(PEOPLE, ages, strict=True)]
            file.write(json.dumps({"id": f"s{number}", **SCENE, "participants": people}) + "\n")


# ---------------------------------------------------------------- speed


def makespan(bench: Bench) -> list[Row]:
    """400 dialogues at 128 slots and 1 s: seconds from start to exit over the ideal."""
    latency, slots, dialogues = 1.0, 128, bench.size(400)
    with Stub("--latency", str(latency), "--slots", str(slots)) as stub:
        used = bench.generate("makespan", stub.url, dialogues, "--concurrency", str(slots))
        requests = stub.stats()["requests"]
    summary = json.loads(used.output)
    lines = (Path(bench.folder / "makespan") / summary["run"] / "dialogues.jsonl").read_text().splitlines()
    # The adaptation, the turns, two stages of the judge, and the intents, which do not wait for each other.
    chain = max(1 + len(json.loads(line)["turns"]) + 2 + 1 for line in lines)
    ideal = max(requests * latency / slots, chain * latency)
    return [
        Row("makespan", "requests", requests, ""),
        Row("makespan", "ideal", ideal, "s"),
        Row("makespan", "clca, start to exit", used.seconds, "s"),
        Row("makespan", "over the ideal", used.seconds / ideal, "x", at_most=1.15),
    ]


def cpu(bench: Bench) -> list[Row]:
    """CPU a request at 64 slots and 50 ms: clca, and two minimal clients with the same bodies."""
    slots = 64
    dialogues, options = bench.size(400), ("--latency", "0.05", "--slots", str(slots))
    with Stub(*options) as stub:
        used = bench.generate("cpu", stub.url, dialogues, "--concurrency", str(slots))
        requests = stub.stats()["requests"]
    own = 1000 * used.cpu / requests
    bench.extras["clca"] = own
    rows = [
        Row("cpu", f"clca generate ({requests / used.seconds:,.0f} requests/s)", own, "ms", at_most=1.5),
    ]
    for client, name in (("aiohttp", "bare aiohttp"), ("openai", "AsyncOpenAI on aiohttp")):
        with Stub(*options) as stub:
            command = [sys.executable, str(HERE / "clients.py"), client, stub.url, str(bench.bodies)]
            used = measure([*command, str(requests), str(slots)], bench.place(f"cpu-{client}"))
        rows.append(Row("cpu", name, 1000 * used.cpu / requests, "ms"))
    return rows


def peer(bench: Bench) -> list[Row]:
    """CPU a request of data-designer on the same stub, in a venv of its own."""
    if "clca" not in bench.extras:
        cpu(bench)
    slots, records = 64, bench.size(4000)
    home = bench.folder / "peer-venv"
    venv.create(home, with_pip=True)
    subprocess.run([home / "bin/python", "-m", "pip", "install", "-qq", "data-designer"], check=True)
    script = "from importlib.metadata import version; print(version('data-designer'))"
    version = subprocess.run([home / "bin/python", "-c", script], check=True, capture_output=True, text=True).stdout
    with Stub("--latency", "0.05", "--slots", str(slots)) as stub:
        command = [str(home / "bin/python"), str(HERE / "peer.py"), stub.url, str(bench.bodies)]
        used = measure([*command, str(records), str(slots)], bench.place("peer"))
        requests = stub.stats()["requests"]
    own = 1000 * used.cpu / requests
    return [
        Row("peer", f"data-designer {version.strip()} ({requests / used.seconds:,.0f} requests/s)", own, "ms"),
        Row("peer", "data-designer over clca", own / bench.extras["clca"], "x", at_least=2.0),
    ]


def rehearsal(bench: Bench) -> list[Row]:
    """Dialogues a minute with the embedded teacher, on one core, start to exit."""
    command = [*CLCA, "generate", "--culture", CULTURE, "--samples", str(bench.size(20)), "--quiet", "--json"]
    used = measure(command, bench.place("rehearsal"))
    dialogues = json.loads(used.output)["requested"]
    return [
        Row("rehearsal", "dialogues", dialogues, ""),
        Row("rehearsal", "dialogues a minute", 60 * dialogues / used.seconds, "", at_least=1000),
    ]


def startup(bench: Bench) -> list[Row]:
    """`clca --help`, median of nine."""
    seconds = [measure([*CLCA, "--help"], bench.place("help")).seconds for _ in range(9)]
    return [Row("help", "clca --help", statistics.median(seconds), "s", at_most=0.3)]


# ---------------------------------------------------------------- memory and resuming


def memory(bench: Bench) -> list[Row]:
    """Peak memory of clca at 20,000 dialogues against 2,000."""
    with Stub() as stub:
        small = bench.generate("small", stub.url, bench.size(2000), *SHORT)
    return [
        Row("memory", f"peak at {bench.size(2000):,} dialogues", small.peak, "MiB"),
        Row("memory", f"peak at {bench.size(20_000):,} dialogues", bench.large.peak, "MiB"),
        Row("memory", "ratio", bench.large.peak / small.peak, "x", at_most=1.2),
    ]


def resume(bench: Bench) -> list[Row]:
    """The large run, gone on with: seconds from the start of the process to the first request, median of three."""
    assert bench.large.code == 130
    dialogues = bench.size(20_000) + bench.size(400)
    seconds = []
    for _ in range(3):
        with Stub() as stub:
            used = bench.generate("large", stub.url, dialogues, *SHORT, until=partial(_asked, stub))
            seconds.append(stub.stats()["first"] - used.started)
    return [Row("resume", "first request after", statistics.median(seconds), "s", at_most=2.0)]


def _asked(stub: Stub) -> bool:
    return stub.stats()["first"] is not None


EVERY: dict[str, Callable[[Bench], list[Row]]] = {
    "planted": planted,
    "stats-stream": stats_stream,
    "trace": trace,
    "report": report,
    "report-results": results,
    "help": startup,
    "makespan": makespan,
    "cpu": cpu,
    "cluster": cluster,
    "peer": peer,
    "rehearsal": rehearsal,
    "memory": memory,
    "resume": resume,
    "examples": examples,
    "packing": packing,
    "survey-import": survey_import,
    "norm-import": norm_import,
    "survey-scoring": scoring,
    "survey-gpu": on_gpu,
    "labels": labels,
    "labels-stream": labels_stream,
    "offense-stream": evaluation,
    "reading": reading,
}
PEERS = ("peer", "survey-scoring")  # need what clca is compared with: only where asked for
