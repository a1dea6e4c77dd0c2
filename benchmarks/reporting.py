"""The measurements of `clca report`: time, memory and size for a large run, and how long a browser takes to load it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from itertools import cycle, islice
from pathlib import Path

from benchmarks.processes import Used, measure
from benchmarks.table import Row
from benchmarks.training import CLCA, Bench, rehearsed

MIB = 2**20
STUDY = """\
title: Results
matrix: {culture: [china, germany], seed: [42, 43]}
stages:
  dialogues:
    run: generate
    over: [culture]
    with: {culture: "{culture}", scenarios: 4, samples: 1, max_exchanges: 4}
  adapters:
    run: train
    over: [culture, seed]
    with: {run: "{dialogues}", student: tiny, settings: ["seed={seed}", training.steps=2, "training.log=[]"]}
  survey:
    run: eval-wvs
    over: [seed]
    with: {adapter: "{adapters}", culture: "{culture}", respondents: 2, seed: "{seed}"}
  offensiveness:
    run: eval-offense
    over: [seed]
    with: {adapter: "{adapters}", culture: "{culture}", limit: 6, seed: "{seed}"}
  knowledge:
    run: eval-mmlu
    over: [seed]
    with: {adapter: "{adapters}", shots: 0, data: demo, limit: 1, seed: "{seed}"}
"""


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
    return [*rows, *_browsed("report", files[many])]


def results(bench: Bench) -> list[Row]:
    """The report on 81 adapters and evaluations, of a study and copies of what it made."""
    folder = bench.place("report-results")
    (folder / "clca.toml").touch()
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    subprocess.run([*CLCA, "study", "run", "study.yaml", "--quiet"], cwd=folder, check=True, capture_output=True)
    made = sorted(file.parent for name in ("adapter", "evaluation") for file in folder.glob(f"*/*/*/{name}.json"))
    copies = max(bench.size(81) - len(made), 0)
    for number, source in enumerate(islice(cycle(made), copies)):
        shutil.copytree(source, source.with_name(f"{source.name}-{number}"))
    used = measure([*CLCA, "report", "--json", "--quiet"], folder)
    result = json.loads(used.output)
    name, count = "report-results", len(made) + copies
    return [
        Row(name, f"{count} adapters and evaluations, CPU", used.cpu, "s"),
        Row(name, "numbers of its tables", result["numbers"], ""),
        Row(name, "size of the page", result["bytes"] / MIB, "MiB", at_most=5),
        *_browsed(name, folder / result["file"]),
    ]


def _browsed(name: str, file: Path) -> list[Row]:
    """How long Chromium takes for a page, in the folder that TEST_BROWSER names; nothing without one."""
    browser = os.environ.get("TEST_BROWSER")
    if not browser:
        return []
    seconds, elements = _loaded(Path(browser), file)
    return [
        Row(name, "elements of the page", elements, ""),
        Row(name, "loaded in Chromium", seconds, "s", at_most=2),
    ]


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


def _loaded(browser: Path, file: Path) -> tuple[float, int]:
    """Seconds from the start of the navigation to the end of the load event, and how many elements there are."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser / "chromium", args=["--no-sandbox"])
        page = chromium.new_page()
        page.goto(file.as_uri())
        ended = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        elements = page.evaluate("document.querySelectorAll('*').length")
        chromium.close()
    return float(ended) / 1000, int(elements)
