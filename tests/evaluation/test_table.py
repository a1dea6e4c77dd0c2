from __future__ import annotations

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from clca.content.lookup import Content
from clca.errors import NotFoundError
from clca.evaluation import table_formats
from clca.evaluation.table import Cell, Estimate, Table
from clca.evaluation.wvs import score_layout
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.paper_table import PAPER_ORDER, build
from clca.evaluation.wvs.published import load_published

Row = dict[str, Estimate]


def row(**values: float) -> Row:
    return {culture: Cell(value, value - 0.01, value + 0.01) for culture, value in values.items()}


OURS = {
    "persona": row(japan=0.6, uk=0.5, average=0.55),
    "cultural": row(japan=0.61, uk=0.55, average=0.58),
    "clca": row(japan=0.5, uk=0.45, average=0.475),
}
REFERENCES = {"split_half": {"japan": Cell(0.36, 0.355, 0.365), "uk": Cell(0.35)}, "uniform": row(japan=0.51, uk=0.5)}


@pytest.fixture(scope="module")
def table(content: Content) -> Table:
    return build("kl_paper", {"llama-3.1-8b": OURS}, references=REFERENCES, published=load_published(content))


def test_a_change_of_nothing_has_no_minus() -> None:
    alike = build("kl", {"tiny": {"persona": row(japan=0.5), "clca": row(japan=0.5 + 1e-9)}})
    assert "| +0.0000 |" in table_formats.markdown([alike])
    assert "-0.0000" not in table_formats.markdown([alike])


def test_rows_are_those_of_the_paper_with_the_published_ones_below_and_references_last(table: Table) -> None:
    assert [one.label for one in table.rows] == [
        "llama-3.1-8b",
        "llama-3.1-8b, published",
        "llama-3.1-8b cultural",
        "llama-3.1-8b cultural, published",
        "llama-3.1-8b CLCA",
        "llama-3.1-8b CLCA, published",
        "uniform",
        "people, split half",
    ]
    assert table.columns == ("uk", "japan", "average")


def test_delta_is_how_much_better_the_adapted_model_is(table: Table) -> None:
    changes = {one.label: one.change for one in table.rows if one.change is not None}
    assert changes == {"llama-3.1-8b CLCA": pytest.approx(0.075)}  # the paper has none over the table's two cultures
    accuracy = build("accuracy", {"tiny": {"persona": row(uk=0.3), "clca": row(uk=0.4)}})
    assert [one.change for one in accuracy.rows] == [None, pytest.approx(0.1)]


def test_over_the_papers_own_cultures_the_printed_average_stands(content: Content) -> None:
    published = load_published(content)
    ours = {"persona": row(**dict.fromkeys(PAPER_ORDER, 0.6))}
    table = build("kl_paper", {"qwen2.5-1.5b": ours}, published=published)
    assert table.columns == (*PAPER_ORDER, "average")
    printed = next(one for one in table.rows if one.kind == "published")
    assert [cell and cell.value for cell in printed.cells] == [0.6315, 0.6069, 0.6040, 0.5134, 0.6225, 0.5956]
    changes = [one.change for one in table.rows if one.label == "qwen2.5-1.5b CLCA, published"]
    assert changes == [pytest.approx(0.0434)]
    accuracy = build("accuracy_paper", {"llama-3.1-8b": ours}, published=published)
    printed = next(one for one in accuracy.rows if one.label == "llama-3.1-8b CLCA, published")
    assert [cell and cell.value for cell in printed.cells] == [None] * 5 + [0.3973]


def test_an_average_stands_only_where_no_culture_is_missing() -> None:
    table = build("kl", {"tiny": {"persona": row(japan=0.6, usa=0.5), "cultural": row(japan=0.4)}})
    assert table.columns == ("japan", "usa", "average")
    assert [one.cells[-1] and one.cells[-1].value for one in table.rows] == [pytest.approx(0.55), None]


def test_one_culture_has_no_average() -> None:
    assert build("kl", {"tiny": {"persona": row(japan=0.6)}}).columns == ("japan",)


def test_the_family_of_a_number_and_its_quirks_are_told(table: Table) -> None:
    assert table.title == "KL-D ↓ (paper-compatible)"
    assert "over all items the survey's own scores about 0.35" in table.notes[0]
    titles = {}
    for metric in HEADS:
        one = build(metric, {"tiny": {"persona": row(japan=0.5)}}, notes=["A rehearsal."])
        titles[metric] = one.title
        assert one.notes[-1] == "A rehearsal."
    assert tuple(HEADS) == score_layout.METRICS
    assert titles["kl"] == "KL ↓ (proper)"
    assert titles["accuracy_paper"] == "accuracy ↑ (paper-compatible)"
    assert titles["invalid"] == "unreadable answers ↓"


def test_a_bare_question_is_not_called_cultural(content: Content) -> None:
    ours = {"cultural": row(japan=0.6), "clca": row(japan=0.5)}
    table = build("kl_paper", {"llama-3.1-8b": ours}, published=load_published(content), bare=True)
    assert [one.label for one in table.rows] == ["llama-3.1-8b, bare question", "llama-3.1-8b CLCA, bare question"]


def test_what_counts_as_uniform_is_told_wherever_it_does() -> None:
    told = {metric for metric, about in HEADS.items() if "counts as uniform" in about.note}
    assert told == {"kl", "jsd", "wasserstein_1"}


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(NotFoundError, match="no metric 'kld'; there are kl_paper, accuracy_paper"):
        build("kld", {})


def test_markdown(table: Table) -> None:
    lines = table_formats.markdown([table]).split("\n")
    assert lines[:2] == ["## KL-D ↓ (paper-compatible)", ""]
    assert lines[2] == "|  | uk | japan | average | Δ |"
    assert lines[3] == "| --- | ---: | ---: | ---: | ---: |"
    assert (
        lines[4] == "| llama-3.1-8b | 0.5000 [0.4900, 0.5100] | 0.6000 [0.5900, 0.6100] | 0.5500 [0.5400, 0.5600] |  |"
    )
    assert lines[9] == "| llama-3.1-8b CLCA, published | 0.5510 | 0.5024 | – |  |"  # no average of two is printed
    assert lines[11] == "| people, split half | 0.3500 | 0.3600 [0.3550, 0.3650] | 0.3550 |  |"


def test_markdown_holds_names_that_look_like_markup() -> None:
    text = table_formats.markdown([build("kl", {"a|b_c*<i>": {"persona": row(japan=0.5)}})])
    assert "| a\\|b\\_c\\*\\<i> |" in text


def test_csv_has_a_line_for_each_number_in_full_precision(table: Table) -> None:
    rows = list(csv.DictReader(io.StringIO(table_formats.csv_text([table]))))
    assert rows[0] == {
        "metric": "kl_paper",
        "kind": "ours",
        "row": "llama-3.1-8b",
        "column": "uk",
        "value": "0.5",
        "low": "0.49",
        "high": "0.51",
        "rehearsal": "no",
    }
    marked = csv.DictReader(io.StringIO(table_formats.csv_text([table], rehearsal=True)))
    assert {one["rehearsal"] for one in marked} == {"yes"}
    assert [one["value"] for one in rows if one["column"] == "delta"] == [
        repr(one.change) for one in table.rows if one.change is not None
    ]
    assert len(rows) == 8 * 3 + 1 - 3  # the published rows have no average


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_shows_every_number_and_every_note(table: Table, width: int) -> None:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(table_formats.screen(table))
    text = console.export_text()
    assert "0.4500" in text
    assert ".440–.460" in text
    assert "+0.0750" in text
    assert "Published: Liu" in text
    assert max(map(len, text.splitlines())) <= width


def test_a_narrow_terminal_cuts_no_number_of_five_cultures() -> None:
    values = dict(zip((*PAPER_ORDER, "average"), (0.1111, 0.2222, 0.3333, 0.4444, 0.5555, 0.6666), strict=True))
    wide: Row = {culture: Cell(1.5, 1.4567, 1.5433) for culture in values}
    ours = {"persona": row(**values), "clca": row(**dict.fromkeys(values, 0.05))}
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(table_formats.screen(build("kl", {"llama-3.1-8b": ours}, references={"majority": wide})))
    text = console.export_text()
    for value in values.values():
        assert f"{value:.4f}" in text
        assert f"{value - 0.01:.3f}–".removeprefix("0") in text
        assert f"–{value + 0.01:.3f}".replace("–0", "–") in text
    assert "+0.6166" in text
    assert text.count("1.46–1.54") == 6
    assert "llama-3.1-8b" in text
    assert "…" not in text


def test_the_terminal_takes_names_as_they_are() -> None:
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(table_formats.screen(build("kl", {"[bold]x": {"persona": row(japan=0.5)}}, notes=["[red]y"])))
    text = console.export_text()
    assert "[bold]x" in text
    assert "[red]y" in text


def test_latex_is_escaped(table: Table) -> None:
    text = table_formats.latex(
        [build("kl", {"[50%] a_b & {c}": {"persona": row(south_korea=0.5)}}, notes=["~ ^ \\ # $ < > | –"])]
    )
    assert r"{[}50\%{]} a\_b \& \{c\} & 0.5000 {\scriptsize [0.4900, 0.5100]} \\" in text
    assert r" & south\_korea \\" in text
    assert (
        r"\textasciitilde{} \textasciicircum{} \textbackslash{} \# \$ \textless{} \textgreater{} \textbar{} --" in text
    )
    whole = table_formats.latex([table])
    assert r"KL-D $\downarrow$ (paper-compatible)." in whole
    assert r"\begin{tabular}{lrrrr}" in whole
    lines = whole.split("\n")
    assert (
        lines[
            lines.index(
                r"uniform & 0.5000 {\scriptsize [0.4900, 0.5100]} & "
                r"0.5100 {\scriptsize [0.5000, 0.5200]} & 0.5050 &  \\"
            )
            - 1
        ]
        == r"\midrule"
    )
    for line in lines:  # every row has the columns of the head
        if line.endswith(r"\\"):
            assert line.count("&") - line.count(r"\&") == 4
    assert whole.isascii()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
def test_latex_compiles(table: Table, tmp_path: Path) -> None:
    rules = "".join(
        rf"\newcommand\{rule}rule{{\hline}}" for rule in ("top", "mid", "bottom")
    )  # booktabs may be missing
    names = build("kl", {"[50%] a_b & {c} ~^\\#$<>|": {"persona": row(japan=0.5)}})
    tables = table_formats.latex([table, names])
    source = rf"\documentclass{{article}}{rules}\begin{{document}}{tables}\end{{document}}"
    (tmp_path / "t.tex").write_text(source, encoding="utf-8")
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "t.tex"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_a_row_is_called_what_its_adapters_are_and_adapters_that_differ_have_rows_of_their_own(
    content: Content,
) -> None:
    published = load_published(content)
    names = {"japan": "adapted (recipe wvs)", "uk": "CLCA"}
    ours = {"persona": row(uk=0.6, japan=0.5), "clca": row(uk=0.5, japan=0.4)}
    table = build("kl_paper", {"llama-3.1-8b": ours}, adapters=names, published=published)
    rows = {one.label: one.cells for one in table.rows if one.kind == "ours"}
    assert list(rows) == ["llama-3.1-8b", "llama-3.1-8b CLCA", "llama-3.1-8b adapted (recipe wvs)"]
    values = {label: [cell and cell.value for cell in cells] for label, cells in rows.items()}
    assert values["llama-3.1-8b CLCA"] == [0.5, None, None]
    assert values["llama-3.1-8b adapted (recipe wvs)"] == [None, 0.4, None]
    alike = build("kl_paper", {"llama-3.1-8b": ours}, adapters=dict.fromkeys(names, "adapted (recipe wvs)"))
    assert [one.label for one in alike.rows] == ["llama-3.1-8b", "llama-3.1-8b adapted (recipe wvs)"]
    intents = dict.fromkeys(names, "adapted (recipe intent-only)")
    only = build("kl_paper", {"llama-3.1-8b": ours}, adapters=intents, published=published)
    assert "llama-3.1-8b CLCA, published" not in [one.label for one in only.rows]
