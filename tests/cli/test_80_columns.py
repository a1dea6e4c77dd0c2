"""What people read fits a screen of 80 columns: nothing is cut, and what is wider has to be copied whole."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from clca.cli import app
from clca.cli.views.evaluation import show_tables
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.invalid_replies import invalid_counts_table, invalid_table
from clca.evaluation.labelled.tables import MatrixMetric, matrix_table
from clca.evaluation.mmlu.knowledge_table import data_table, mmlu_table
from clca.evaluation.offense.score_tables import f1_table, normalised_table
from clca.evaluation.published.matching import Matched
from clca.evaluation.s2n_results import CODES, read_printed
from clca.evaluation.table_systems import TableSystem
from tests.cli.test_screen import Terminal
from tests.evaluation.classification.answers import scored
from tests.report.lineage.workspaces import adapter_folder
from tests.report.workspace import make_workspace

COLUMNS = 80
COPIED = re.compile(r"`[^`]+`\S*|(?:clca|vllm|PeftModel\S+|cd|[A-Z_]+=\S+) .+|\S*[/_-]\S*")
"""A command, a path, an address, an id."""

CODES_OF_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
KEY = r"[ │├└─]*(?:\S+(?: \S+){0,3}  +)?(?:-> )?"


def too_wide(text: str) -> list[str]:
    """The lines that are wider than the screen, but for those of something that has to be copied whole."""
    lines = [line.rstrip() for line in text.splitlines() if len(line) > COLUMNS]
    return [line for line in lines if not re.fullmatch(f"{KEY}(?:{COPIED.pattern})", line)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with results of every kind, whose names and texts are hostile."""
    folder = make_workspace(tmp_path_factory.mktemp("workspace"))
    recipe = {"name": "clca", "seed": 9, "data": {"mix": "clca"}, "base": {"bits": 16}}
    lora = {"r": 1, "alpha": 1, "targets": ["q_proj"], "save": ["lm_head"]}
    adapter_folder(folder, [], f"uk/{'a-long-name-' * 8}", cultures=["uk"], recipe={**recipe, "lora": lora})
    cultures = [*CODES, "united_kingdom_of_great_britain"]
    rows = [
        ",".join([row, *(str(1 + (at * 7 + row_at) % 9) for at in range(11))]) for row_at, row in enumerate(cultures)
    ]
    (folder / "m.csv").write_text("\n".join([",".join(["", *cultures]), *rows]))
    return folder


def shown(command: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command prints on a terminal of 80 columns, in the workspace."""
    terminal = Terminal()
    monkeypatch.chdir(workspace)
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, terminal)
    for name, value in {"COLUMNS": str(COLUMNS), "TERM": "xterm", "NO_COLOR": "1", "CLCA_VLLM": sys.executable}.items():
        monkeypatch.setenv(name, value)
    app(command.split(), standalone_mode=False)
    return terminal.getvalue()


SERVED = "--student m --base-url http://127.0.0.1:1/v1 --plan"


@pytest.mark.parametrize(
    "command",
    [
        "published",
        "models list",
        "models show llama-3.1-70b",
        "cultures list",
        "cultures show japan",
        "cultures show ara",
        "content list",
        pytest.param("content check", marks=pytest.mark.slow),
        "doctor",
        "init other",
        "data fetch",
        "data fetch wvs",
        "study list",
        pytest.param("study plan rehearsal", marks=pytest.mark.slow),
        "study status small",
        "study clean small",
        "study diff small small",
        "generate --culture japan --scenarios 2 --plan",
        "generate --culture japan --scenarios 2 --teacher llama-3.1-70b --plan",
        "show",
        "show japan",
        "show japan talk-1",
        "inspect japan",
        pytest.param("stats japan", marks=pytest.mark.slow),
        "audit-judge japan --plan",
        "train --culture japan --student tiny --plan",
        "adapters list",
        "adapters show uk",
        f"eval-wvs --culture japan {SERVED}",
        f"eval-offense {SERVED}",
        f"eval-normad {SERVED}",
        f"eval-mmlu --data demo {SERVED}",
        "cluster plan --teacher llama-3.1-8b --culture japan --nodes 2 --dialogues 99 --tokens-per-second 999",
        "serve-teacher qwen2.5-0.5b --plan",
        "serve --plan",
        "tokens list",
        "trace evaluations/wvs/a-student-japan",
        pytest.param("report --out report.html", marks=pytest.mark.slow),
        "schema",
        pytest.param("generate --culture uk --scenarios 1 --samples 1", marks=pytest.mark.slow),
        pytest.param("export japan --out exported", marks=pytest.mark.slow),
        pytest.param("eval-cspec m.csv", marks=pytest.mark.slow),
    ],
)
def test_a_command_fits_the_screen(command: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = CODES_OF_COLOUR.sub("", shown(command, workspace, monkeypatch))
    assert text
    assert "…" not in text
    assert too_wide(text) == []


TEN_ROWS = ("base", "zero-shot", "combined", *CODES)


@cache
def ten_cultures() -> MatrixScores:
    """A test of each of the paper's cultures, which some answers of all its rows leave without a label."""
    tests = [
        scored(f"{culture}/hate", [0, 1] * 6, {row: [-1] + [0] * (3 + at % 5) + [1] * (8 - at % 5) for row in TEN_ROWS})
        for at, culture in enumerate(CODES)
    ]
    return score(tests, seed=1, resamples=5)


def test_the_tables_of_ten_cultures_fit_the_screen(
    catalogue: CultureCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, scores = catalogue.names, ten_cultures()
    run = TableSystem("llama-3.1-8b", "wvs", scores, comparable=Matched(read_printed(Content())))
    assert scores.specificity is not None
    tables = [
        *(matrix_table(metric, scores, names, []) for metric in get_args(MatrixMetric)),
        f1_table([run], names=names),
        invalid_table([run]),
        invalid_counts_table([run]),
        mmlu_table([run], mode="generate", names=names),
        data_table([(run, scores)]),
        normalised_table(scores.specificity, model="llama-3.1-8b", data="wvs", published=run.printed, names=names),
    ]
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    show_tables(tables, "evaluations/offense/x/table.md")
    text = CODES_OF_COLOUR.sub("", terminal.getvalue())
    assert "…" not in text
    assert too_wide(text) == []
    words = text.split()
    for table in tables:
        for position, column in enumerate(table.columns):
            assert set(column.split()) <= set(words)
            for row in table.rows:
                cell = row.cells[position]
                assert cell is None or table.number(position).text(cell.value) in words
