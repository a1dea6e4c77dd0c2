from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

from clca.report.figures import figure as figure_module
from clca.report.figures import palette, runs
from clca.report.figures.drawing import Caption, label, make_figure
from clca.report.figures.figure import DataTable

TABLE = DataTable(("culture", "value"), (("uk", 0.25),))
CAPTION = Caption("A title that says what is shown", "Marks are scores.", "Two marks.", "Model: m. Seed: 42")


def draw(figure: Any) -> list[tuple[Any, str]]:
    axes = figure.subplots()
    (mark,) = axes.plot([0, 1], [1, 0], "o")
    return [(mark, "before"), (mark, "after")]


def test_worked_examples() -> None:
    for module in (figure_module, palette, runs):
        failures, examples = doctest.testmod(module)
        assert examples
        assert not failures


def test_a_figure_has_picture_table_and_words() -> None:
    figure = make_figure("a-figure", CAPTION, TABLE, (4, 2), draw, sources=[Path("a"), Path("a")])
    files = figure.files()
    assert list(files) == ["a-figure.svg", "a-figure.pdf", "a-figure.png", "a-figure.csv"]
    assert (figure.pdf[:4], figure.png[:4]) == (b"%PDF", b"\x89PNG")
    assert files["a-figure.csv"] == "culture,value\nuk,0.25\n"
    assert figure.caption == "Marks are scores. Model: m. Seed: 42."
    assert figure.sources == (Path("a"),)
    for text in ("A title that says what is shown", "before", "after", "Model: m. Seed: 42"):
        assert f">{text}</text>" in figure.svg.decode()


def test_a_rehearsal_is_watermarked() -> None:
    plain, marked = (make_figure("f", CAPTION, TABLE, (4, 2), draw, rehearsal=of).svg for of in (False, True))
    assert b">REHEARSAL</text>" in marked
    assert b"REHEARSAL" not in plain


def test_the_same_data_give_the_same_bytes() -> None:
    first, second = (make_figure("f", CAPTION, TABLE, (4, 2), draw) for _ in range(2))
    assert first.svg == second.svg


def test_a_name_is_drawn_inert_on_one_line_and_cut() -> None:
    assert label("a\u202eb\nc") == "a\\u202eb\\nc"
    assert label("x" * 100, 10) == "xxxxxxx..."
