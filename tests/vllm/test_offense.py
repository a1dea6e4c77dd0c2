"""The matrix of three adapters that answer differently per culture, through both back ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from clca.models.student import Student
from tests.cli.evaluation_folder import Desk
from tests.evaluation.trained_adapters import ALWAYS
from tests.vllm.offense_folder import offense_folder
from tests.vllm.servers import NAME, Server

COUNT = 20


@pytest.fixture(scope="module")
def desk(
    vllm_command: str, tiny_student: Student, session_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Desk:
    return offense_folder(tmp_path_factory.mktemp("desk"), tiny_student, session_folder, COUNT)


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
