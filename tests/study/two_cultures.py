"""A study of cheap stages for tests of how cells are carried out."""

from __future__ import annotations

from pathlib import Path

from clca.progress import Note, ProgressCallback, ignore
from clca.study.config import StudyConfig
from clca.study.plan import StudyPlan, plan
from clca.study.result import CellRecord, StudyResult, read_study
from clca.study.run import run

TEXT = """\
title: Two cultures
matrix: {culture: [japan, uk]}
stages:
  dialogues:
    run: generate
    over: [culture]
    with: {culture: "{culture}", scenarios: 1, samples: 1, max_exchanges: 2, calibrate: false}
  texts:
    run: export
    over: [culture]
    with: {run: "{dialogues}", format: chat, out: "texts/{culture}"}
  both:
    run: inspect
    with: {run: "{dialogues}"}
"""
CELLS = ["dialogues.japan", "dialogues.uk", "texts.japan", "texts.uk", "both"]


def planned(folder: Path, text: str = TEXT) -> StudyPlan:
    """The plan of a study in a file `two.yaml` in the folder, which is the working directory."""
    (folder / "two.yaml").write_text(text, encoding="utf-8")
    return plan(StudyConfig(study="two.yaml"))


def carried_out(folder: Path, text: str = TEXT, progress: ProgressCallback = ignore) -> StudyResult:
    return run(planned(folder, text), progress)


def records(folder: Path) -> dict[str, CellRecord]:
    return dict(read_study(folder / "studies" / "two").cells)


class Notes:
    """A progress callback that keeps the texts of notes."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, event: object) -> None:
        if isinstance(event, Note):
            self.texts.append(event.text)
