"""The measurements of `clca report`: time, memory and size for a large run, and how long a browser takes to load it."""

from __future__ import annotations

import json
import os
from itertools import cycle, islice
from pathlib import Path

from benchmarks.processes import Used, measure
from benchmarks.table import Row
from benchmarks.training import CLCA, Bench, rehearsed

MIB = 2**20


def report(bench: Bench) -> list[Row]:
    """The report on a run of 100,000 dialogues, start to exit; peak memory against 10,000."""
    many, few = bench.size(100_000), bench.size(10_000)
    used, files = dict[int, Used](), dict[int, Path]()
    for count in (few, many):
        folder = bench.place(f"report-{count}")
        run, files[count] = _copied(bench, folder, count), folder / "report.html"
        command = [*CLCA, "report", str(run), "--out", str(files[count]), "--json", "--quiet"]
        used[count] = measure(command, folder)
    result = json.loads(used[many].output)
    rows = [
        Row("report", f"{many:,} dialogues, start to exit", used[many].seconds, "s"),
        Row("report", "CPU", used[many].cpu, "s"),
        Row("report", f"peak at {many:,}", used[many].peak, "MiB"),
        Row("report", f"over that at {few:,}", used[many].peak / used[few].peak, "x", at_most=1.2),
        Row("report", "size of the page", result["bytes"] / MIB, "MiB", at_most=5),
    ]
    browser = os.environ.get("TEST_BROWSER")
    if browser:
        rows.append(Row("report", "loaded in Chromium", _loaded(Path(browser), files[many]), "s", at_most=2))
    return rows


def _copied(bench: Bench, folder: Path, count: int) -> Path:
    """A run of `count` dialogues, all of them copies of rehearsed ones under other ids."""
    source = rehearsed(bench, "report-source", "--samples", "10")
    run = folder / "generated" / "japan" / "copied"
    run.mkdir(parents=True)
    lines = source.read_text(encoding="utf-8").splitlines()
    with (run / "dialogues.jsonl").open("w", encoding="utf-8") as file:
        for number, line in enumerate(islice(cycle(lines), count)):
            file.write(line.replace('{"id":"', f'{{"id":"{number}-', 1) + "\n")
    info = json.loads((source.parent / "run.json").read_text(encoding="utf-8"))
    info["counts"] = {**info["counts"], "requested": count, "kept": count, "discarded": 0}
    (run / "run.json").write_text(json.dumps(info), encoding="utf-8")
    return run


def _loaded(browser: Path, file: Path) -> float:
    """Seconds from the start of the navigation to the end of the load event."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser / "chromium", args=["--no-sandbox"])
        page = chromium.new_page()
        page.goto(file.as_uri())
        ended = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        chromium.close()
    return float(ended) / 1000
