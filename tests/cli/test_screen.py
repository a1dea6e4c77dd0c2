"""Nothing that has to be copied is cut, whatever the width of the screen."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest
from rich.console import Group
from rich.table import Table

import clca
from clca.cli.views.evaluation import show_notes
from clca.cli.views.screen import make_console
from clca.printable import one_line

ID = "japan-" + "a-long-name-" * 12 + "1"
PATH = "/somewhere/" + "with-a-long-name/" * 20


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, grouped: bool) -> str:
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    table = Table(box=None)
    for column in ("id", "folder", "why"):
        table.add_column(column, no_wrap=column == "id")
    table.add_row(ID, PATH, "because it is so")
    make_console().print(Group(table) if grouped else table)
    return stream.getvalue()


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_no_name_in_a_table_is_cut(monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], grouped: bool) -> None:
    text = shown(monkeypatch, stream(), grouped=grouped)
    assert ID in text
    assert PATH in text
    assert "…" not in text


def test_every_view_prints_by_the_console_that_cuts_nothing() -> None:
    views = Path(clca.__file__).parent / "cli/views"
    cutting = re.compile(r"\b(?:Console\(|max_width=|overflow=\"(?:ellipsis|crop)\")")
    names = {file.name for file in views.glob("*.py") if cutting.search(file.read_text(encoding="utf-8"))}
    assert names == set()


def test_a_message_is_one_line_with_its_control_characters_written_out() -> None:
    assert one_line("a\nb\tc\x1b[31m\u202e\udcff é") == "a\\nb\\tc\\x1b[31m\\u202e\\udcff é"


def test_three_notes_stand_below_a_table_and_the_rest_in_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    notes = ["first", "second", "third", "fourth", "REHEARSAL: nobody answered"]
    show_notes(make_console(), notes, "evaluations/wvs/x/table.md")
    assert capsys.readouterr().out.splitlines() == [
        "REHEARSAL: nobody answered",
        "first",
        "second",
        "2 more notes: evaluations/wvs/x/table.md",
    ]


def test_marks_and_the_scoring_of_a_paper_always_stand_below_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    always = ["REHEARSAL: a", "DEMONSTRATION: b", "CAUTION: c", "Scored as the paper's framework does."]
    show_notes(make_console(), ["first", *always], "table.md")
    assert capsys.readouterr().out.splitlines() == [*always, "1 more note: table.md"]
