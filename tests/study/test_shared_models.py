from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from clca.evaluation import model_loading
from clca.inference.vllm import server as vllm_server
from clca.models.student import Student
from clca.study.config import StudyConfig
from clca.study.plan import plan
from clca.study.result import StudyResult
from clca.study.run import run
from tests.evaluation.trained_adapters import offense_adapters
from tests.inference.vllm.commands import left, nvidia_smi, script, whole
from tests.study.two_cultures import Notes

ONE_STUDENT = """\
title: Two questions to one student
matrix: {culture: [germany, turkey]}
stages:
  texts:
    run: eval-offense
    over: [culture]
    with: {student: tiny, culture: "{culture}", row: base, adapter: "{culture}=adapters/{culture}/always", limit: 2}
"""
ONE_TEACHER = """\
title: One teacher
matrix: {culture: [japan, uk]}
stages:
  dialogues:
    run: generate
    over: [culture]
    with: {culture: "{culture}", teacher: qwen2.5-0.5b, scenarios: 1, samples: 1, max_exchanges: 2, calibrate: false}
"""


def carried_out(text: str, notes: Notes) -> StudyResult:
    Path("shared.yaml").write_text(text, encoding="utf-8")
    return run(plan(StudyConfig(study="shared.yaml")), notes)


def test_evaluations_of_one_student_load_it_once_and_answer_as_those_that_load_their_own(
    tiny_student: Student, session_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", os.environ["TESTS_CACHE"])
    offense_adapters(tiny_student, session_folder, tmp_path / "adapters")
    loaded: list[str] = []
    load = model_loading.load_model

    def counted(student: Student, *others: Any) -> Any:
        loaded.append(student.name)
        return load(student, *others)

    monkeypatch.setattr(model_loading, "load_model", counted)
    result = carried_out(ONE_STUDENT, Notes())
    assert (result.finished, loaded) == (True, ["tiny"])
    shared = {cell.id: replies(cell.results[0]) for cell in result.cells}
    monkeypatch.setattr("clca.evaluation.model_loading.kept_weights", lambda: None)
    alone = carried_out(ONE_STUDENT.replace("limit: 2", "limit: 2, out: apart"), Notes())
    assert loaded == ["tiny"] * 3
    assert {cell.id: replies(cell.results[0]) for cell in alone.cells} == shared
    assert shared["texts.germany"] != shared["texts.turkey"]


def replies(evaluation: Path) -> list[Any]:
    lines = (evaluation / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    return sorted(
        (line["row"], line["id"], line["label"], line["probabilities"], line["reply"])
        for line in map(json.loads, lines)
    )


def test_runs_by_one_teacher_share_the_server_that_is_started_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(vllm_server, "POLL_INTERVAL", 0.05)
    for name, value in nvidia_smi(tmp_path / "smi", "NVIDIA H200").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("CLCA_VLLM", str(script(tmp_path / "bin", whole())))
    notes = Notes()
    result = carried_out(ONE_TEACHER, notes)
    assert result.finished, result.failures
    assert len([text for text in notes.texts if "Started qwen2.5-0.5b" in text]) == 1
    assert left(tmp_path / "bin") == []
