"""The whole chain of a study as a user runs it: killed, resumed, and done again where a prompt changed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import package_content
from tests.cli.evaluation_folder import Desk
from tests.cli_process import last_json, start
from tests.report.reading import Page, numbers, untraced

CHAIN = """\
title: The chain
matrix: {culture: [china, germany]}
stages:
  dialogues:
    run: generate
    over: [culture]
    with: {culture: "{culture}", scenarios: 4, samples: 1, max_exchanges: 4}
  alone:
    run: eval-offense
    with: {student: tiny, row: base, culture: germany, limit: 1}
  adapters:
    run: train
    over: [culture]
    with: {run: "{dialogues}", student: tiny, settings: [training.steps=2, "training.log=[]"]}
  survey:
    run: eval-wvs
    with: {adapter: "{adapters}", culture: "{culture}", respondents: 2, items: [Q1, Q2]}
  offensiveness:
    run: eval-offense
    with: {adapter: "{adapters}", culture: "{culture}", limit: 6}
  knowledge:
    run: eval-mmlu
    with: {adapter: "{adapters}", shots: 0, data: demo, limit: 1}
  specificity:
    run: eval-cspec
    with: {matrix: "{offensiveness}", mmlu: "{knowledge}"}
"""
CELLS = ["dialogues.china", "dialogues.germany", "alone", "adapters.china", "adapters.germany"]
CELLS += ["survey", "offensiveness", "knowledge", "specificity"]
RUN = ("study", "run", "chain.yaml", "--no-figures", "--json")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A workspace with the study, carried out until a SIGKILL while the second adapter is trained."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "clca.toml").touch()
    (folder / "chain.yaml").write_text(CHAIN, encoding="utf-8")
    found = Desk(folder)
    process = start(folder, *RUN, **found.env)
    patience = time.monotonic() + 600
    try:
        while states(folder).get("adapters.germany") != "running":
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < patience
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    return found


def states(folder: Path) -> dict[str, str]:
    return {id: cell["state"] for id, cell in cells(folder).items()}


def cells(folder: Path) -> dict[str, Any]:
    files = (folder / "studies/chain/cells").glob("[!.]*.json")
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def test_the_same_command_resumes_what_was_killed_and_does_nothing_twice(desk: Desk) -> None:
    before = cells(desk.folder)
    finished = {id for id, cell in before.items() if cell["state"] == "finished"}
    assert {"dialogues.china", "dialogues.germany", "adapters.china"} <= finished
    assert "adapters.germany" not in finished
    status = desk.run("study", "status", "chain")
    assert "process" in status.stdout
    assert "running" not in status.stdout

    result = desk.json(*RUN[:-1])
    assert result["finished"] is True
    assert result["worked"] == len(CELLS) - len(finished)
    after = cells(desk.folder)
    assert sorted(after) == sorted(CELLS)
    for id in finished:
        kept = ("results", "fingerprint", "requests", "tokens", "seconds", "inputs")
        assert {key: after[id][key] for key in kept} == {key: before[id][key] for key in kept}, id
        assert after[id]["done"] is True
    assert (desk.folder / after["specificity"]["results"][0]).is_dir()
    assert (desk.folder / after["survey"]["results"][0] / "scores.json").is_file()
    page = Page.of((desk.folder / result["report"]).read_text(encoding="utf-8"))
    assert untraced(page, "data") == []
    assert {"study", "funnel", "survey", "offense", "mmlu", "cspec"} <= {number.section for number in numbers(page)}


def test_a_changed_prompt_redoes_just_what_depends_on_it(desk: Desk) -> None:
    if states(desk.folder).get("specificity") != "finished":
        desk.json(*RUN[:-1])
    change(desk.folder, "prompts/wvs-question.j2")
    result = desk.json(*RUN[:-1])
    worked = [id for id, cell in cells(desk.folder).items() if not cell["done"]]
    assert (result["finished"], result["worked"], worked) == (True, 1, ["survey"])

    assert not (desk.folder / "studies/chain/figures").exists()
    figures = desk.json("study", "run", "chain.yaml")
    assert (figures["finished"], figures["worked"]) == (True, 0)
    written = {path.suffix for path in (desk.folder / "studies/chain/figures").iterdir()}
    assert {".svg", ".pdf", ".csv"} <= written
    assert not (desk.folder / "studies/chain/figures/published").exists(), "it reproduces nothing"

    change(desk.folder, "prompts/judge.j2")
    planned = last_json(desk.run("study", "plan", "chain.yaml", "--json").stdout)
    to_do = [cell["id"] for cell in planned["cells"] if not cell["done"]]
    assert to_do == [id for id in CELLS if id != "alone"]
    assert planned["left"] == 8
    by_id = {cell["id"]: cell for cell in planned["cells"]}
    assert by_id["dialogues.china"]["requests"] > 0
    assert (by_id["survey"]["how"], by_id["adapters.china"]["how"]) == ("estimate", "unknown")


def change(folder: Path, path: str) -> None:
    """A copy of a packaged prompt in the workspace, with one more word."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text((package_content() / path).read_text(encoding="utf-8") + "\nPlease.\n", encoding="utf-8")
