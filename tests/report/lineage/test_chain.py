"""The whole chain with the embedded teacher and the tiny student, traced in both directions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import clca
from clca.cli import app
from clca.models.adapter import read_adapter
from clca.models.student import Student
from clca.report.lineage.config import TraceConfig
from clca.report.lineage.plan import plan
from clca.report.lineage.result import TraceResult
from clca.report.lineage.run import run
from clca.storage.fingerprint import file_sha256

TRAINING = ("training.steps=1", "training.log=[]", "lora.r=1", "training.packing=false", "data.held_out=0")


@pytest.fixture(scope="module")
def workspace(tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run with kept requests, the adapter that learned from it, and a survey evaluation of both methods."""
    folder = tmp_path_factory.mktemp("chain")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = clca.generate(
            culture="japan", scenarios=2, samples=1, max_exchanges=2, keep_requests=True, progress=False
        )
        clca.train(run=str(made.folder), student="tiny", mix="clca", settings=TRAINING, progress=False)
        adapter = next((folder / "adapters" / "japan").iterdir())
        clca.eval_wvs(culture="japan", adapter=str(adapter), respondents=1, items="Q1,Q2", progress=False)
        yield folder


@pytest.fixture(autouse=True)
def inside(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)


def only(pattern: str) -> Path:
    (path,) = Path().glob(pattern)
    return path


def trace(target: object) -> TraceResult:
    return run(plan(TraceConfig(target=str(target))))


def test_a_dialogue_leads_to_its_requests_and_forward_to_the_scores_of_the_adapter() -> None:
    folder = only("generated/japan/*")
    dialogue = json.loads((folder / "dialogues.jsonl").read_text().splitlines()[0])["id"]
    result = trace(dialogue)
    requests = [result.nodes[name] for name in result.back if name.startswith("request:")]
    assert {request.facts["task"] for request in requests} >= {"adapt", "turn", "judge", "meta", "intent"}
    assert all(request.facts["reply"] and request.facts["messages"] for request in requests)
    adapter, evaluation = only("adapters/japan/*"), only("evaluations/wvs/*")
    assert result.forward[:3] == (
        f"examples:{adapter}#{dialogue}",
        f"adapter:{adapter}",
        f"evaluation:{evaluation}",
    )
    assert [entry.split()[:2] for entry in result.nodes[result.forward[0]].facts["examples"]] == [
        ["train", "dialogue"],
        ["train", "dialogue"],
        ["train", "intent"],
    ]
    assert f"score:{evaluation}#japan.clca.kl_paper" in result.forward
    assert result.unread == ()


def test_a_score_leads_back_to_every_dialogue_s_run_with_all_links_verified() -> None:
    evaluation, adapter, folder = only("evaluations/wvs/*"), only("adapters/japan/*"), only("generated/japan/*")
    result = trace(f"{evaluation}#japan.clca.kl_paper")
    verified = {link.role: link.by for node in result.graph.nodes for link in node.parents}
    for role in ("scored in", "counted from", "answered for japan", "learned from"):
        assert verified[role] == "digest", role
    assert verified["asked with"] == "digest"
    told = result.origin
    assert (told.runs, told.adapters, told.evaluations) == ((str(folder),), (str(adapter),), (str(evaluation),))
    assert (told.students, told.teachers["teacher"]) == (("tiny",), ("rehearsal",))
    assert set(told.seeds) == {str(folder), str(adapter), str(evaluation)}
    assert set(told.prompts) == {str(folder), str(adapter), str(evaluation)}
    assert (told.rehearsed, told.synthetic, told.faults) == (True, True, ())


def test_an_adapter_lists_its_examples_and_records_its_digests() -> None:
    adapter = read_adapter(only("adapters/japan/*"))
    assert adapter.data.weights_sha256 == file_sha256(adapter.folder / "adapter_model.safetensors")
    assert adapter.data.examples_sha256 == file_sha256(adapter.folder / "examples.jsonl")
    lines = [json.loads(line) for line in (adapter.folder / "examples.jsonl").read_text().splitlines()]
    assert len(lines) == adapter.data.examples
    kept = {json.loads(line)["id"] for line in (only("generated/japan/*") / "dialogues.jsonl").read_text().splitlines()}
    assert {line["id"].rpartition(":")[0] for line in lines} == kept
    result = trace(adapter.folder)
    dialogues = {name.rpartition("#")[2] for name in result.back if name.startswith("dialogue:")}
    assert dialogues == kept
    assert {link.by for link in result.nodes[result.start].parents if link.role == "trained on"} == {"digest"}


def test_requests_that_were_not_kept_are_made_again_and_say_so(tmp_path: Path) -> None:
    folder = only("generated/japan/*")
    kept = folder / "requests.jsonl"
    kept.rename(tmp_path / "requests.jsonl")
    try:
        dialogue = json.loads((folder / "dialogues.jsonl").read_text().splitlines()[0])["id"]
        before = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
        result = trace(dialogue)
    finally:
        (tmp_path / "requests.jsonl").rename(kept)
    turns = [result.nodes[name] for name in result.back if name.startswith("request:")]
    first = [line["messages"] for line in before if line["owner"] == dialogue and line["task"] == "turn"]
    assert [turn.facts["messages"] for turn in turns] == first[: len(turns)]
    assert all(turn.notes == ("its raw reply was not kept",) for turn in turns)
    assert any("its requests and raw replies were not kept" in note for note in result.nodes[result.start].notes)


def test_the_screen_shows_both_trees_and_json_the_graph() -> None:
    adapter = only("adapters/japan/*")
    shown = CliRunner().invoke(app, ["trace", str(adapter), "--most", "1"])
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert lines[0] == f"adapter {adapter}"
    for title in ("Made from", "In short", "What was made of it"):
        assert title in lines
    assert any(line.startswith("learned from: run generated/japan/") and "verified by digest" in line for line in lines)
    printed = CliRunner().invoke(app, ["trace", str(adapter), "--json", "--direction", "back"])
    graph = json.loads(printed.stdout)
    assert graph["start"] == f"adapter:{adapter}"
    assert graph["forward"] == []
    ids = {node["id"] for node in graph["graph"]["nodes"]}
    assert all(link["node"] in ids for node in graph["graph"]["nodes"] for link in node["parents"])


def test_files_of_an_evaluation_record_their_digests() -> None:
    folder = only("evaluations/wvs/*")
    recorded = json.loads((folder / "evaluation.json").read_text())["sha256"]
    assert recorded == {name: file_sha256(folder / name) for name in ("predictions.jsonl", "scores.json")}
