from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from clca.report import environment, stored_tables
from clca.report.blocks import ReportTable
from clca.report.stored_tables import Cited, by_table, read_tables
from tests.report.workspace import ADAPTED, HOSTILE, offense_table, survey_table, write_tables


def read(folder: Path, cited: Cited = by_table) -> tuple[ReportTable, ...]:
    return read_tables(folder, "table", key="k", marks=(), sources=("E1",), cited=cited)


def by_column(row: str, column: str, kind: str) -> tuple[str, ...]:
    """The code of what a cell comes from: of the column of Japan another one."""
    return () if row != ADAPTED else ("A1",) if column == "Japan" else ("A1", "A2")


def test_doctests() -> None:
    assert doctest.testmod(stored_tables).failed == doctest.testmod(environment).failed == 0


def test_tables_come_back_with_titles_notes_kinds_and_full_precision(tmp_path: Path) -> None:
    write_tables(tmp_path, "table", survey_table("kl_paper", "KL-D ↓"), offense_table())
    survey, offense = read(tmp_path, by_column)
    assert (survey.title, survey.columns, survey.key) == ("KL-D ↓", ("Japan", "average", "Δ"), "k: KL-D ↓")
    assert survey.notes == ("KL(o || q) in nats.", f"REHEARSAL (the student is tiny): {HOSTILE[0]}")
    assert [row.kind for row in survey.rows] == ["ours", "ours", "published", "reference"]
    assert [(cell.text, cell.value, cell.interval) for cell in survey.rows[0].cells] == [
        ("0.5123", 0.5123, "[0.4000, 0.6000]"),
        ("0.5000", 0.5, "[0.4000, 0.6000]"),
        ("", None, ""),
    ]
    assert (survey.rows[1].label, survey.rows[1].cells[2].value, survey.rows[1].sources) == (ADAPTED, 0.26, ())
    assert [cell.sources for cell in survey.rows[1].cells] == [("A1",), ("A1", "A2"), ("A1", "A2")]
    assert survey.rows[2].cells[1].value is None
    assert (offense.corner, offense.columns) == ("answers", ("deu", "t*u|r"))
    assert [row.group for row in offense.rows] == ["without an adapter", HOSTILE[0]]
    assert offense.rows[1].label.startswith("=cmd|' /C calc'!A0")
    assert [cell.value for cell in offense.rows[1].cells] == [0.5, -0.25]


def test_files_that_do_not_go_together_still_give_what_is_shown(tmp_path: Path) -> None:
    write_tables(tmp_path, "table", survey_table("kl_paper", "KL-D ↓"))
    (tmp_path / "table.csv").write_text("metric,kind,row,column,value\nkl,published,another,Japan,9\n")
    (survey,) = read(tmp_path)
    assert [(row.kind, row.cells[0].value) for row in survey.rows[:2]] == [("ours", 0.5123), ("ours", 0.25)]


def test_a_file_that_leads_out_of_the_folder_or_is_missing_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "table.csv").write_text("")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "out")
    (tmp_path / "table.md").write_text("## secret\n\n| a | b |\n")
    (tmp_path / "out" / "table.md").symlink_to(tmp_path / "table.md")
    with pytest.raises(OSError, match="link that leads out"):
        read(tmp_path / "out")
