"""Runs, adapters, evaluations and measurements read into a graph, and what a reader is told of a number."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from clca.report.lineage.adapters import add_adapter
from clca.report.lineage.context import Folders, Lineage
from clca.report.lineage.evaluations import add_evaluation
from clca.report.lineage.graph import Link
from clca.report.lineage.measurements import add_audit, add_statistics
from clca.report.lineage.origins import origin, way
from clca.report.lineage.runs import add_run
from clca.report.lineage.specificity import add_specificity, specificities_of
from tests.quality.runs import talk
from tests.report.lineage.workspaces import adapter_folder, evaluation_folder, run_folder, sha256


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def link(lineage: Lineage, child: str, role: str) -> Link:
    (only,) = [link for link in lineage.graph.nodes[child].parents if link.role.startswith(role)]
    return only


def changed(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_an_evaluation_leads_back_to_teacher_student_prompts_data_and_seeds(base: Path) -> None:
    adapter = adapter_folder(base, [run_folder(base)])
    lineage = Lineage()
    name = add_evaluation(lineage, evaluation_folder(base, adapter))
    assert name == "evaluation:evaluations/wvs/a-student-japan"
    assert link(lineage, name, "answered for japan") == Link(
        node="adapter:adapters/japan/adapter", role="answered for japan", by="digest"
    )
    assert link(lineage, "adapter:adapters/japan/adapter", "learned from").by == "digest"
    found = origin(lineage.graph.nodes, name)
    assert found.runs == ("generated/japan/one",)
    assert found.teachers == {"teacher": ("a-teacher",), "judge": ("a-judge",)}
    assert found.students == ("a-student",)
    assert found.adapters == ("adapters/japan/adapter",)
    assert found.seeds == {name.partition(":")[2]: 5, "adapters/japan/adapter": 9, "generated/japan/one": 7}
    versions = {version for versions in found.prompts.values() for version in versions}
    assert (len(versions), len(found.prompts)) == (1, 3)  # all three had the same one prompt
    assert (found.rehearsed, found.synthetic, found.faults) == (False, False, ())


def test_weights_that_changed_since_are_not_those_that_answered(base: Path) -> None:
    adapter = adapter_folder(base, [run_folder(base)])
    evaluation = evaluation_folder(base, adapter)
    shutil.rmtree(adapter)
    adapter_folder(base, [base / "generated/japan/one"], number=2.0)
    lineage = Lineage()
    found = link(lineage, add_evaluation(lineage, evaluation), "answered for japan")
    assert (found.by, found.fault) == ("nothing", "adapters/japan/adapter has other weights now")
    assert origin(lineage.graph.nodes, found.node).runs == ()  # what the other adapter learned from is not guessed at


def test_an_adapter_that_moved_is_found_by_its_weights(base: Path) -> None:
    adapter = adapter_folder(base, [run_folder(base)])
    evaluation = evaluation_folder(base, adapter)
    adapter_folder(base, [base / "generated/japan/one"], "japan/another", number=3.0)
    adapter.rename(adapter.with_name("moved"))
    lineage = Lineage()
    found = link(lineage, add_evaluation(lineage, evaluation), "answered for japan")
    assert (found.node, found.by) == ("adapter:adapters/japan/moved", "digest")
    assert found.fault == "adapters/japan/adapter is no longer there; the same is in adapters/japan/moved"
    assert way(found) == f"verified by digest; {found.fault}"


def test_dialogues_that_changed_since_training_are_told(base: Path) -> None:
    run = run_folder(base)
    adapter = adapter_folder(base, [run])
    with (run / "dialogues.jsonl").open("a") as file:
        file.write(talk(3).model_dump_json() + "\n")
    lineage = Lineage()
    found = link(lineage, add_adapter(lineage, adapter), "learned from")
    assert (found.by, found.fault) == ("fingerprint", "dialogues.jsonl has changed since")


def test_a_run_that_moved_is_found_by_fingerprint_and_digest_and_one_that_is_gone_is_named(base: Path) -> None:
    run, other = run_folder(base), run_folder(base, "japan/two")
    adapter = adapter_folder(base, [run, other])
    run.rename(base / "generated/japan/elsewhere")
    shutil.rmtree(other)
    lineage = Lineage()
    moved, gone = [link for link in lineage.graph.nodes[add_adapter(lineage, adapter)].parents if "learn" in link.role]
    assert (moved.node, moved.by) == ("run:generated/japan/elsewhere", "digest")
    assert moved.fault == "generated/japan/one is no longer there; the same is in generated/japan/elsewhere"
    assert (gone.by, gone.fault) == ("nothing", "generated/japan/two is no longer there")
    assert lineage.graph.nodes[gone.node].notes == ("is no longer there",)


def test_a_prompt_that_changed_since_is_named(base: Path) -> None:
    run = run_folder(base, content={"prompts/turn.j2": {"origin": "package", "sha256": "0" * 64}})
    lineage = Lineage()
    found = link(lineage, add_run(lineage, run), "asked with")
    assert (found.by, found.fault) == ("nothing", "prompts/turn.j2 changed since")
    assert lineage.graph.nodes[found.node].notes[0].startswith("prompts/turn.j2 has changed since: ")


def test_what_earlier_versions_did_not_record_is_said(base: Path) -> None:
    run = run_folder(base, fingerprint="", content={}, models={})
    evaluation = evaluation_folder(base, None, inputs=None, content=None)
    (evaluation / "scores.json").unlink()
    lineage = Lineage()
    assert set(lineage.graph.nodes[add_run(lineage, run)].notes) == {
        "its fingerprint was not recorded",
        "its teachers were not recorded",
        "the digests of its prompts were not recorded",
    }
    assert set(lineage.graph.nodes[add_evaluation(lineage, evaluation)].notes) == {
        "its inputs were not recorded",
        "the digests of its prompts were not recorded",
        "it has no scores.json: it is not finished",
    }


def test_an_adapter_on_a_server_is_known_by_name_alone(base: Path) -> None:
    evaluation = evaluation_folder(
        base, None, adapters={"japan": "lora-1"}, inputs={"adapters": {"japan": "server:lora-1"}}
    )
    lineage = Lineage()
    found = link(lineage, add_evaluation(lineage, evaluation), "answered for japan")
    assert (found.node, found.by) == ("adapter:served:lora-1", "path only")


def test_a_record_leads_to_no_folder_outside(base: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    run_folder(outside)
    adapter_folder(outside, [outside / "generated/japan/one"])
    (base / "link").symlink_to(outside / "adapters/japan/adapter")
    for recorded in (str(outside / "adapters/japan/adapter"), "link", "../" * 9 + str(outside)[1:], "a\0b"):
        evaluation = evaluation_folder(
            base, None, adapters={"japan": recorded}, inputs={"adapters": {"japan": "1" * 64}}
        )
        lineage = Lineage()
        found = link(lineage, add_evaluation(lineage, evaluation), "answered for japan")
        assert (found.by, found.node.startswith("adapter:")) == ("nothing", True)
        assert not any(node.kind == "run" for node in lineage.graph.nodes.values())
        shutil.rmtree(evaluation)


def test_a_workspace_is_read_from_elsewhere(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = evaluation_folder(base, adapter_folder(base, [run_folder(base)]))
    (base / "elsewhere").mkdir()
    monkeypatch.chdir(base / "elsewhere")
    lineage = Lineage()
    name = add_evaluation(lineage, lineage.name(evaluation))
    assert link(lineage, name, "answered for japan").by == "digest"
    assert origin(lineage.graph.nodes, name).runs == (os.path.realpath(base / "generated/japan/one"),)


def test_hostile_records_are_read_as_what_they_are(base: Path) -> None:
    run = run_folder(base)
    changed(run / "run.json", content=[1], temperatures=3, culture={"a": 1}, versions="x" * 10_000)
    evaluation = evaluation_folder(base, None)
    changed(evaluation / "evaluation.json", adapters={"japan": {"a": 1}}, content={"prompts/x": 3, "../y": "z"})
    changed(evaluation / "evaluation.json", sittings=[3], cultures=["\x1b[2J"] * 1000, data="\0", student=3)
    lineage = Lineage()
    add_run(lineage, run)
    node = lineage.graph.nodes[add_evaluation(lineage, evaluation)]
    assert len(node.facts["cultures"]) == 61
    assert all(len(str(fact)) < 10_000 for node in lineage.graph.nodes.values() for fact in node.facts.values())


def test_statistics_and_audits_lead_to_their_runs(base: Path) -> None:
    run, folder = run_folder(base), base / "audits" / "one"
    of_run = json.loads((run / "run.json").read_text())["fingerprint"]
    folder.mkdir(parents=True)
    recorded = {"runs": ["generated/japan/one"], "run_fingerprints": {"generated/japan/one": of_run}, "judge": "j"}
    (folder / "audit.json").write_text(json.dumps(recorded))
    (folder / "stats.json").write_text(json.dumps({"runs": [{"run": "generated/japan/one", "read": 2}]}))
    lineage = Lineage()
    assert link(lineage, add_audit(lineage, folder), "measured").by == "fingerprint"
    statistics = add_statistics(lineage, folder)
    assert link(lineage, statistics, "measured").by == "path only"
    assert lineage.graph.nodes[statistics].notes == (
        "generated/japan/one: the fingerprint of the run was not recorded",
    )


def test_a_specificity_leads_to_the_evaluation_that_it_was_read_from(base: Path) -> None:
    evaluation = evaluation_folder(base, None, "offense/tiny")
    folder = evaluation / "cspec"
    folder.mkdir()
    recorded = {"source": "evaluations/offense/tiny", "cspec": {"value": 1.0}, "cultures": ["japan"]}
    (folder / "cspec.json").write_text(json.dumps({**recorded, "source_sha256": sha256(evaluation / "scores.json")}))
    lineage = Lineage()
    name = add_specificity(lineage, folder)
    assert link(lineage, name, "measured") == Link(
        node="evaluation:evaluations/offense/tiny", role="measured", by="digest"
    )
    assert list(specificities_of(lineage, evaluation)) == [Path("evaluations/offense/tiny/cspec")]
    (evaluation / "scores.json").write_text("{}")
    lineage = Lineage()
    found = link(lineage, add_specificity(lineage, folder), "measured")
    assert (found.by, found.fault) == ("nothing", "evaluations/offense/tiny/scores.json has changed since")
    (folder / "cspec.json").write_text(json.dumps({**recorded, "source": "matrix.csv"}))
    lineage = Lineage()
    assert link(lineage, add_specificity(lineage, folder), "measured").fault == "matrix.csv is no longer there"


def test_without_check_nothing_is_said_to_be_verified_by_digest(base: Path) -> None:
    lineage = Lineage(Folders(), check=False)
    name = add_evaluation(lineage, evaluation_folder(base, adapter_folder(base, [run_folder(base)])))
    assert {link.by for node in lineage.graph.nodes.values() for link in node.parents} == {
        "path only",
        "fingerprint",
        "record",
    }
    assert origin(lineage.graph.nodes, name).runs == ("generated/japan/one",)


@pytest.mark.parametrize("data", ["demo", "cais/mmlu"])
def test_questions_that_are_no_file_are_known_by_their_recorded_digest(base: Path, data: str) -> None:
    lineage = Lineage()
    evaluation = evaluation_folder(base, None, "mmlu/a-student", data=data, inputs={"data": "a" * 64})
    asked = link(lineage, add_evaluation(lineage, evaluation), "asked the data of")
    assert (asked.by, asked.fault) == ("record", "")
    assert lineage.graph.nodes[asked.node].facts == {"sha256": "a" * 64}
