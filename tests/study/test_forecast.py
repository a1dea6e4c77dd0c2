"""What a study would take is estimated before its adapters exist: by what is asked without them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from clca.cli.views.study_plan import show_plan
from clca.content.lookup import Content, UsedFile
from clca.models.student import Student
from clca.study.config import StudyConfig
from clca.study.forecast import forecast
from clca.study.plan import plan

TEXT = """\
title: Before anything is made
matrix: {culture: [germany, turkey]}
stages:
  dialogues: {run: generate, over: [culture], with: {culture: "{culture}", scenarios: 1, samples: 1}}
  adapters: {run: train, over: [culture], with: {run: "{dialogues}", culture: "{culture}", student: tiny}}
"""
ASKED = {
    "own": ("eval-offense", 'culture: "{culture}", row: "{culture}", limit: 4', 16 * 2),
    "beside": ("eval-offense", 'culture: "{culture}", limit: 4', 16 * (2 + 2)),  # base and zero-shot, too
    "knowledge": ("eval-mmlu", "data: demo, shots: 0, limit: 2", 12 * (1 + 2)),
    "adapted": ("eval-wvs", 'culture: "{culture}", method: clca, respondents: 5, items: [Q1, Q2]', 2 * 10),
    "personas": ("eval-wvs", 'culture: "{culture}", method: persona, respondents: 5, items: [Q1, Q2]', 2 * 10),
}


def test_adapters_that_are_not_there_yet_are_asked_what_their_student_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_student: Student
) -> None:
    monkeypatch.chdir(tmp_path)
    stages = "".join(
        f'  {name}: {{run: {command}, with: {{student: tiny, adapter: "{{adapters}}", {settings}}}}}\n'
        for name, (command, settings, _) in ASKED.items()
    )
    (tmp_path / "own.yaml").write_text(TEXT + stages)
    read: Counter[str] = Counter()
    really = Content._read

    def counting(content: Content, path: str) -> tuple[UsedFile, str]:
        read[path] += 1
        return really(content, path)

    made = plan(StudyConfig(study="own.yaml"))
    monkeypatch.setattr(Content, "_read", counting)
    found = {cell.id: cell for cell in forecast(made).cells}
    assert read["prompts/turn.j2"] == 1
    assert {path for path, times in read.items() if times > 1} == set(), "each file is read once for all cells"
    assert {name: found[name].requests for name in ASKED} == {name: requests for name, (*_, requests) in ASKED.items()}
    assert {found[name].how for name in ASKED} == {"estimate"}
    assert found["adapters.turkey"].note == "known once dialogues.turkey is done"


def test_a_cell_that_would_fail_as_things_are_is_told_from_one_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(TEXT.replace("[germany, turkey]", "[germany, narnia]"))
    made = plan(StudyConfig(study="own.yaml"))
    refused = {cell.id: cell.note for cell in forecast(made).cells if cell.refused}
    assert refused.keys() == {"dialogues.narnia"}
    assert refused["dialogues.narnia"].startswith("unknown culture 'narnia'")
    show_plan(made, as_json=False)
    assert "dialogues.narnia: unknown culture 'narnia'" in capsys.readouterr().out
