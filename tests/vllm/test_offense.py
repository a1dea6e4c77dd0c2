"""The matrix of three adapters that answer differently per culture, through both back ends."""

from __future__ import annotations

import json

import pytest

from clca.content.lookup import Content
from clca.evaluation.offense.suite import load_tasks
from clca.models.load import Student
from tests.cli.evaluation_folder import Desk
from tests.evaluation.trained_adapters import teach
from tests.vllm.servers import NAME, Server

TYPE, COUNT = "offensive_detect_finegrained", 20
ALWAYS = {"ara": "1", "germany": "2", "turkey": "3"}
"""What the adapter of each culture answers, to whatever it is asked."""

LABELS = ("non", "prof", "grp")
TEXTS = ("The bus is late.", "You drive like a clown.", "Soup!", "What a fine day it was, they all said")
pytestmark = pytest.mark.xdist_group("vllm-lora")


@pytest.fixture(scope="module")
def desk(vllm_command: str, tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> Desk:
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
        entry = {"path": f"{culture}.jsonl", "culture": culture, "task": TYPE, "type": TYPE}
        files.append({**entry, "text": "text", "label": "label"})
    (one.folder / "mapping.yaml").write_text(json.dumps({"files": files}))
    imported = one.run("data", "import-offense", "in", "--mapping", "mapping.yaml")
    assert imported.returncode == 0, imported.stderr
    task = load_tasks(Content()).type(TYPE)
    for culture, number in ALWAYS.items():
        answers = {task.prompt(text): number for text in TEXTS}
        teach(tiny_student, answers, one.folder / "adapters" / culture / "always", [culture])
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
