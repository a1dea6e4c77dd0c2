from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.errors import NotFoundError
from clca.report.blocks import ReportCell, ReportRow, ReportTable
from clca.report.embedded_data import (
    CLOSES,
    OPENS,
    NumberChange,
    ReportData,
    compare,
    embedded,
    numbers_of,
    read_report,
)


def table(key: str, **rows: float | None) -> ReportTable:
    made = tuple(ReportRow(name, (ReportCell("x", value),), group="g") for name, value in rows.items())
    return ReportTable("title", ("kl",), made, key)


def test_numbers_are_those_of_tables_with_a_key() -> None:
    tables = [table("wvs", a=0.5, b=None), table("", c=1.0), table("nan", d=float("nan"))]
    assert numbers_of(tables) == {"wvs": {"g: a": {"kl": 0.5}}}


def test_what_is_embedded_ends_no_element_and_is_read_back(tmp_path: Path) -> None:
    data = ReportData(made="2026", clca="1", sources={"</script><b>": "f"}, numbers={"<!--\u202e": {"a&b": {"x": 0.1}}})
    page = f"<html>{embedded(data)}</html>"
    assert page.count("</script>") == 1
    assert "<!--" not in page
    assert "\u202e" not in page
    (tmp_path / "report.html").write_text(page)
    assert read_report(tmp_path / "report.html") == data


@pytest.mark.parametrize(
    "page",
    [
        "<html></html>",
        OPENS,
        f"{OPENS}{{not json{CLOSES}",
        f"{OPENS}[]{CLOSES}",
        f"{OPENS}{json.dumps({'numbers': {'a': 1}})}{CLOSES}",
        f"{OPENS}{'[' * 100_000}{CLOSES}",
        f"{OPENS}[{'1,' * 600_000}1]{CLOSES}",
    ],
)
def test_what_is_no_report_is_refused_in_one_line(tmp_path: Path, page: str) -> None:
    (tmp_path / "report.html").write_text(page)
    with pytest.raises(NotFoundError, match=r"report\.html is no report of clca: give a file that"):
        read_report(tmp_path / "report.html")


def test_what_differs_between_two_reports() -> None:
    before = ReportData(sources={"a": "1", "b": "1", "c": "1"}, numbers={"t": {"r": {"x": 1.0, "y": 2.0, "gone": 3.0}}})
    now = ReportData(
        sources={"a": "1", "b": "2", "d": "1"}, numbers={"t": {"r": {"x": 1.0 + 1e-12, "y": 2.5}, "new": {"x": 0.0}}}
    )
    changes = compare(before, now)
    assert changes.numbers == (NumberChange("t", "r", "y", 2.0, 2.5),)
    assert (changes.same, changes.only_now, changes.only_before) == (1, 1, 1)
    assert (changes.new_sources, changes.gone_sources, changes.remade_sources) == (("d",), ("c",), ("b",))
    assert compare(before, before).is_empty
