"""Texts and tables for a terminal of some columns: broken at spaces, and never within what has to be copied."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clca.cli.views.fitting import fitted
from clca.cli.views.screen import styled
from clca.cli.views.wrapping import command, narrowest, wrapped


def lines(text: str | Text, width: int, *, hanging: bool = True) -> list[str]:
    return wrapped(Text(text) if isinstance(text, str) else text, width, hanging=hanging).plain.split("\n")


def test_a_line_is_broken_at_spaces_and_goes_on_below_its_beginning() -> None:
    assert lines("a bc def ghij", 6) == ["a bc", "def", "ghij"]
    assert lines("  a bc def", 6) == ["  a bc", "  def"]
    assert lines("key     a value of words", 17) == ["key     a value", "        of words"]
    assert lines("  1. do this or that", 13) == ["  1. do this", "     or that"]
    assert lines("  -> do this or that", 14) == ["  -> do this", "     or that"]
    assert lines("key     a value of words", 17, hanging=False) == ["key     a value", "of words"]


def test_a_command_and_a_path_stay_whole() -> None:
    assert lines("Try `clca show japan`, or not.", 12) == ["Try", "`clca show japan`,", "or not."]
    assert lines(styled("Next: ", command("cd x && clca"), " then"), 9) == ["Next:", "cd x && clca", "then"]
    assert lines("in /a/very/long/path here", 8) == ["in", "/a/very/long/path", "here"]
    assert lines("folder  /a/very/long/path", 16) == ["folder  /a/very/long/path"]


def test_a_script_without_spaces_is_broken_between_its_characters_but_not_before_a_full_stop() -> None:
    assert lines("日本語です。はい", 10) == ["日本語で", "す。はい"]
    assert lines("data/日本語です", 6) == ["data/日本語です"]


@given(st.text("ab `-/\n日", max_size=60), st.integers(1, 30))
def test_nothing_is_lost_and_only_what_is_not_broken_is_wider(text: str, width: int) -> None:
    shown = wrapped(Text(text), width, hanging=False)
    assert "".join(shown.plain.split()) == "".join(text.split())
    widest = max(Text(line).cell_len for line in shown.plain.split("\n"))
    assert widest <= max(width, narrowest(Text(text)))


def table(columns: int, *, id: str = "row", cell: str = "0.1234") -> Table:
    made = Table(box=None, padding=(0, 2, 0, 0))
    for number in range(columns):
        made.add_column(f"head {number}" if number else "")
    for number in range(2):
        made.add_row(f"{id}-{number}", *[cell] * (columns - 1))
    return made


def printed(made: Table, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    for part in fitted(made, width):
        console.print(part, soft_wrap=True)
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_the_columns_that_have_no_room_stand_below_beside_the_heads_of_the_rows_again() -> None:
    assert printed(table(5), 23) == [
        "       head 1  head 2",
        "row-0  0.1234  0.1234",
        "row-1  0.1234  0.1234",
        "",
        "       head 3  head 4",
        "row-0  0.1234  0.1234",
        "row-1  0.1234  0.1234",
    ]


def test_a_row_stands_below_itself_where_its_head_leaves_no_room() -> None:
    shown = printed(table(3, id="a-very-long-name"), 20)
    assert shown[:3] == ["a-very-long-name-0", "  head 1  0.1234", "  head 2  0.1234"]


def test_cells_of_several_words_give_way_before_a_table_is_parted() -> None:
    shown = printed(table(3, cell="words of a cell"), 30)
    assert max(map(len, shown)) <= 30
    assert shown[0].split() == ["head", "1", "head", "2"]
