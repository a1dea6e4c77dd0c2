"""The cells of a table name the adapters that answered, by the names of cultures in rows and columns."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.report.sections.answering import answering


@pytest.mark.parametrize(
    ("row", "column", "codes"),
    [
        ("Turkey (tur)", "Germany (deu)", ("A1",)),
        ("Turkey (tur) (recipe s2n, mix wvs)", "Avg.", ("A1",)),
        ("Japan: first (served as first)", "Turkey (tur)", ("A2",)),
        ("Japan: second (served as second)", "Turkey (tur)", ("A3",)),
        ("a-student adapted (recipe clca)", "Turkey", ("A1",)),
        ("a-student adapted (recipe clca)", "Turkey (tur)", ("A1",)),
        ("a-student adapted (recipe clca)", "average", ("A1", "A2", "A3")),
        ("a-student", "Turkey", ()),
    ],
)
def test_a_cell_comes_from_the_adapter_of_its_row_or_column(
    row: str, column: str, codes: tuple[str, ...], content: Content
) -> None:
    adapters = {"turkey": "A1", "japan: first": "A2", "japan: second": "A3"}
    cited = answering(adapters, tuple(adapters.values()), ("P1",), content)
    assert cited.codes(row, column, "ours") == codes
    assert cited.codes(row, column, "published") == ("P1",)
