"""The matrix of three adapters that answer differently per culture, through both back ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.models.student import Student
from tests.cli.evaluation_folder import Desk
from tests.evaluation.trained_adapters import ALWAYS, OFFENSE, TEXTS, offense_adapters
from tests.vllm.servers import NAME, Server

COUNT = 20

LABELS = ("non", "prof", "grp")


@pytest.fixture(scope="module")
def desk(
    vllm_command: str, tiny_student: Student, session_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Desk:
    """A folder with test sets of three cultures, in which each culture's own label is that of half the texts."""
    one = Desk(tmp_path_factory.mktemp("desk"))
    (one.folder / "in").mkdir()
    files = []
    for place, culture in enumerate(ALWAYS):
        lines = [
            {"text": f"{TEXTS[n % 4]} {n}", "label": LABELS[(place + (n % 4) // 2 * (1 + n % 2)) % 3]}
            for n in range(COUNT)
        ]
        (one.folder / "in" / f"{culture}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        entry = {"path": f"{culture}.jsonl", "culture": culture, "task": OFFENSE, "type": OFFENSE}
        files.append({**entry, "text": "text", "label": "label"})
    (one.folder / "mapping.yaml").write_text(json.dumps({"files": files}))
    imported = one.run("data", "import-offense", "in", "--mapping", "mapping.yaml")
    assert imported.returncode == 0, imported.stderr
    offense_adapters(tiny_student, session_folder, one.folder / "adapters")
    return one


@pytest.fixture(scope="module")
def served(lora_server: Server, desk: Desk) -> Server:
    for culture in ALWAYS:
        lora_server.add_adapter(f"{culture}-lora", desk.folder / "adapters" / culture / "always")
    return lora_server


@pytest.mark.parametrize("mode", ["generate", "probability"])
def test_both_back_ends_give_the_same_matrix_with_the_diagonal_one_expects(
    desk: Desk, served: Server, mode: str
) -> None:
    # The odds of the student as it is are near each other, so that its likeliest option may be another one.
    rows = [word for culture in ALWAYS for word in ("--row", culture)]
    rows += ["--row", "base", "--row", "zero-shot"] if mode == "generate" else []
    command = ["eval-offense", "--mode", mode, "--quiet", *rows]
    here = desk.json(*command)
    names = [word for culture in ALWAYS for word in ("--adapter", f"{culture}={culture}-lora")]
    there = desk.json(*command, *names, "--student", NAME, "--base-url", served.url)
    for culture in ALWAYS:
        column = {row: here["matrix"][row][culture]["f1"]["value"] for row in ALWAYS}
        assert max(column, key=lambda row: column[row]) == culture
        assert len(set(column.values())) == 2
    first, second = (desk.folder / one["evaluation"] / "matrix.csv" for one in (here, there))
    assert first.read_bytes() == second.read_bytes()
    assert here["specificity"]["cspec"]["value"] == there["specificity"]["cspec"]["value"] == 1.0
