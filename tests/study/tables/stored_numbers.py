"""Numbers in the folder of a study, as `clca study run` writes them."""

from __future__ import annotations

from pathlib import Path

from clca.study.tables.numbers import NumberColumn, NumberTable, StudyNumber, StudyNumbers


def write_numbers(folder: Path, table: str, *numbers: StudyNumber) -> None:
    """Write a table of these numbers."""
    columns = tuple(NumberColumn(label=label) for label in dict.fromkeys(number.column for number in numbers))
    made = NumberTable(id=table, title=table, columns=columns, numbers=numbers)
    whole = StudyNumbers(
        study=folder.name,
        title="Numbers",
        rehearsal=False,
        demonstration=False,
        resamples=10,
        level=0.95,
        tables=(made,),
    )
    (folder / "numbers.json").write_text(whole.model_dump_json(), encoding="utf-8")
