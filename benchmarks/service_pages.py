"""`python -m benchmarks service-pages`: how fast `clca serve` answers many people who read one large run.

The run is made of the lines of a rehearsal, lengthened with drawn words; `--folder` keeps it for the next time. The
clients are a process of their own, see `page_readers.py`. First each looks at a web page of fifty dialogues, or at a
dialogue, for five seconds (2.5 to 7.5), which is faster than people read; then programs ask the API once a second. At
last all ask for web pages without a pause for a while, which shows how many requests a second the service comes to at
most; what an answer then takes is how many wait, and no measure of the service.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.page_readers import WORDS
from benchmarks.table import Row

NAME = "service-pages"
RUN = "japan/load-s1-abcdef"
TURNS, WORDS_OF_A_TURN = 16, 28  # of a dialogue, and of a turn: about 8 KB
TEXTS = 20_000  # different ones
WITHOUT_PAUSE = 10.0  # seconds


def make_run(folder: Path, dialogues: int) -> None:
    """Write a run of so many dialogues, unless it is there."""
    run = folder / "generated" / RUN
    (folder / "clca.toml").touch()
    if (run / "run.json").is_file():
        return
    command = [sys.executable, "-m", "clca", "generate", "--culture", "japan", "--scenarios", "4", "--samples", "1"]
    subprocess.run([*command, "--quiet", "--out", "seed"], cwd=folder, check=True)
    (info,) = folder.glob("seed/japan/*/run.json")
    seed = json.loads((info.parent / "dialogues.jsonl").read_text().splitlines()[0])
    words = [word for turn in seed["turns"] for word in turn["text"].split()] * 20
    words += [f"rare{number}" for number in range(WORDS)]
    rng = random.Random(1)
    texts = [" ".join(rng.choices(words, k=WORDS_OF_A_TURN)) for _ in range(TEXTS)]
    run.mkdir(parents=True)
    with open(run / "dialogues.jsonl", "w") as kept, open(run / "discarded.jsonl", "w") as discarded:
        for number in range(dialogues):
            turns = [{**seed["turns"][0], "text": text} for text in rng.choices(texts, k=TURNS)]
            file = kept if rng.random() < 0.8 else discarded
            file.write(json.dumps({**seed, "id": f"japan-{number:06d}", "turns": turns}) + "\n")
    (run / "run.json").write_bytes(info.read_bytes())


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, str]]:
    """The process of a service in a folder, and its address."""
    command = [sys.executable, "-m", "clca", "serve", "--port", "0", "--rate", "0", "--free", "0"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        try:
            lines = []
            while not (match := re.search(r" at http://(\S+)$", line := service.stderr.readline())):
                lines.append(line)
                if not line:
                    raise SystemExit("".join(lines))
            yield service.pid, match[1]
        finally:
            service.terminate()


def index(address: str) -> float:
    """Have the run indexed; the seconds that took."""
    began = time.monotonic()
    while True:
        with urllib.request.urlopen(f"http://{address}/v1/runs/{RUN}/dialogues?size=1") as response:
            if json.load(response)["behind"] == 0:
                return time.monotonic() - began
        time.sleep(0.5)


def cpu_of(process: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_of(process: int) -> float:
    """The largest resident memory of a process so far, in MB."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert peak is not None
    return int(peak[1]) * 1024 / 1e6


def loaded(process: int, address: str, clients: int, seconds: float, pause: float, *options: str) -> dict[str, Any]:
    """What the clients saw, with the CPU of the service and theirs for each request."""
    before = cpu_of(process)
    command = [sys.executable, "-m", "benchmarks.page_readers", address, RUN, "--clients", str(clients)]
    command += ["--seconds", str(seconds), "--pause", str(pause), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    seen: dict[str, Any] = json.loads(done.stdout)
    requests = sum(map(len, seen["seconds"].values()))
    seen["rate"] = requests / seen["length"]
    seen["service_ms"] = (cpu_of(process) - before) / requests * 1000
    seen["clients_ms"] = seen["cpu"] / requests * 1000
    return seen


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def rows(seen: dict[str, Any], what: str, *, held: bool = True) -> Iterator[Row]:
    """The figures of a load, `held` to what is promised or not."""
    limits = {"page": 300, "dialogue": 300, "search": 500}
    for kind, values in seen["seconds"].items():
        yield Row(NAME, f"{what}: {kind}, {len(values):,} of them, median", 1000 * statistics.median(values), "ms")
        yield Row(NAME, f"{what}: {kind}, p99", 1000 * p99(values), "ms", at_most=limits[kind] if held else None)
    yield Row(NAME, f"{what}: requests a second", seen["rate"], "/s")
    yield Row(NAME, f"{what}: CPU of the service for each", seen["service_ms"], "ms")
    yield Row(NAME, f"{what}: CPU of the clients for each", seen["clients_ms"], "ms")
    late = 1000 * p99(seen["late"])
    yield Row(NAME, f"{what}: lateness of the clients, p99", late, "ms", at_most=50 if held else None)


def first_paint(address: str) -> Iterator[Row]:
    """How soon Chromium, in the folder that TEST_BROWSER names, shows a page of the run; nothing without one."""
    browser = os.environ.get("TEST_BROWSER")
    if not browser:
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=f"{browser}/chromium", args=["--no-sandbox"])
        page = chromium.new_page()
        page.goto(f"http://{address}/runs/{RUN}")
        painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
        page.wait_for_function(f"{painted} > 0")
        yield Row(NAME, "first paint of a page of the run, in Chromium", page.evaluate(painted), "ms", at_most=1000)
        chromium.close()


def main(arguments: list[str]) -> int:
    """Make the run, serve it, load the service, print the figures."""
    from benchmarks.__main__ import line

    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {NAME}", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (
        ("dialogues", 100_000),
        ("clients", 200),
        ("seconds", 60.0),
        ("pause", 5.0),
        ("api-pause", 1.0),
    ):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    parser.add_argument("--folder", type=Path, help="keep the run, 800 MB, in this folder")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="clca-load-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        make_run(folder, options.dialogues)
        with serving(folder) as (process, address):
            indexed = index(address)
            load = partial(loaded, process, address, options.clients)
            figures = [*rows(load(options.seconds, options.pause), "web pages")]
            figures += rows(load(options.seconds, options.api_pause, "--api"), "API")
            figures += rows(load(min(WITHOUT_PAUSE, options.seconds), 0.0), "web pages without a pause", held=False)
            figures += first_paint(address)
            figures.append(Row(NAME, "largest resident memory", peak_of(process), "MB", at_most=300))
    figures.append(Row(NAME, f"seconds to index {options.dialogues:,} dialogues", indexed, "s"))
    for row in figures:
        print(line(row))
    return 0 if all(row.met is not False for row in figures) else 1
