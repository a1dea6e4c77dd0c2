"""The measurements of imports of large files: seconds, and memory against a small one."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.processes import HERE, measure
from benchmarks.table import Row
from benchmarks.training import CLCA, Bench

WRITER = HERE.parent / "tests" / "evaluation" / "wvs" / "survey_files.py"
COLUMNS = 600
RULES = HERE.parent / "tests" / "generation" / "importers" / "data_sets.py"


def survey_import(bench: Bench) -> list[Row]:
    """`clca data import-wvs` of 94,000 respondents in 600 columns; peak memory against a twentieth of them."""
    folder = bench.place("survey-import")
    many, few = bench.size(94_000), bench.size(4_700)
    used, found = {}, {}
    for count in (few, many):
        file = folder / f"{count}.csv"
        subprocess.run([sys.executable, str(WRITER), str(file), str(count), str(COLUMNS)], check=True)
        used[count] = measure([*CLCA, "data", "import-wvs", str(file), "--json"], folder)
        found[count] = json.loads(used[count].output)
    whole = folder / f"{many}.csv"
    pandas = measure(
        [sys.executable, "-c", f"import pandas; pandas.read_csv({str(whole)!r}, low_memory=False)"], folder
    )
    return [
        Row("survey-import", f"file of {many:,} x {COLUMNS}", whole.stat().st_size / 2**20, "MiB"),
        Row("survey-import", "respondents kept", found[many]["respondents"], ""),
        Row("survey-import", "start to exit", used[many].seconds, "s", at_most=60),
        Row("survey-import", "pandas.read_csv alone", pandas.seconds, "s"),
        Row("survey-import", f"peak at {many:,}", used[many].peak, "MiB"),
        Row("survey-import", f"over that at {few:,}", used[many].peak / used[few].peak, "x", at_most=1.5),
        Row("survey-import", "peak of pandas.read_csv", pandas.peak, "MiB"),
    ]


def norm_import(bench: Bench) -> list[Row]:
    """`clca data import-norms` of 300,000 rules of thumb, a tenth of them rejected; peak memory against a tenth."""
    folder = bench.place("norm-import")
    many, few = bench.size(300_000), bench.size(30_000)
    used, found = {}, {}
    for count in (few, many):
        file = folder / f"{count}.tsv"
        subprocess.run([sys.executable, str(RULES), str(file), str(count)], check=True)
        used[count] = measure(
            [*CLCA, "data", "import-norms", str(file), "--out", str(folder / "out"), "--json"], folder
        )
        found[count] = json.loads(used[count].output)
    whole = folder / f"{many}.tsv"
    return [
        Row("norm-import", f"file of {many:,} rows", whole.stat().st_size / 2**20, "MiB"),
        Row("norm-import", "norms", found[many]["taken"], ""),
        Row("norm-import", "start to exit", used[many].seconds, "s"),
        Row("norm-import", "CPU", used[many].cpu, "s", at_most=60),
        Row("norm-import", f"peak at {many:,}", used[many].peak, "MiB"),
        Row("norm-import", f"over that at {few:,}", used[many].peak / used[few].peak, "x", at_most=1.5),
    ]
