"""The measurements of `clca report`: time, memory and size for a large run, and how long a browser takes to load it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.processes import Used, measure
from benchmarks.quality import written
from benchmarks.table import Row
from benchmarks.training import CLCA, Bench

MIB = 2**20


def report(bench: Bench) -> list[Row]:
    """The report on a run of 100,000 dialogues, start to exit; peak memory against 10,000."""
    many, few = bench.size(100_000), bench.size(10_000)
    used, files = dict[int, Used](), dict[int, Path]()
    for count in (few, many):
        name = f"report-{count}"
        run, files[count] = written(bench, name, count), bench.place(name) / "report.html"
        command = [*CLCA, "report", str(run), "--out", str(files[count]), "--json", "--quiet"]
        used[count] = measure(command, bench.place(name))
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
