"""Which published numbers a study makes anew, before anything is carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from clca.content.lookup import Content
from clca.records import Record
from clca.study.cells import Cell
from clca.study.study_file import StudyFile


class Reproduction(Record):
    """A published table that a study makes anew: how many of its `numbers` are `made`, of how many evaluations."""

    table: str = Field(description="Id of the table, as `clca published` has it.")
    title: str
    numbers: int = Field(description="Numbers that the table has.")
    made: int = Field(description="Of these, those that cells of the study give.")
    cells: tuple[str, ...] = Field(description="Evaluations that the numbers are made of.")
    differing: dict[str, int] = Field(
        description="In what the study differs from what numbers need, with how many numbers that is."
    )


def reproductions(study: StudyFile, cells: Sequence[Cell], content: Content) -> tuple[Reproduction, ...]:
    """The published tables that a study makes anew; none where it names none.

    Raises `NotFoundError` for an unknown table, and `SettingsError` without the libraries of an evaluation.
    """
    if not study.reproduces:
        return ()
    from clca.evaluation.validation import require_libraries

    require_libraries(server=True)
    from clca.evaluation.published.catalogue import load_catalogue
    from clca.study.tables.expected_settings import expected_evaluations
    from clca.study.tables.planned_tables import published_tables, stand_ins_of

    evaluations = expected_evaluations(cells, content)
    tables = []
    for table in published_tables(study.reproduces, load_catalogue(content), evaluations, stand_ins_of(study)):
        made = [number for number in table.numbers if number.by_seed]
        differing = Counter(str(entry) for number in made if number.source for entry in number.source.differing)
        made_of = tuple(dict.fromkeys(part.cell for number in made for part in number.parts))
        tables.append(
            Reproduction(
                table=table.published,
                title=table.title,
                numbers=len(table.numbers),
                made=len(made),
                cells=made_of,
                differing=dict(differing),
            )
        )
    return tuple(tables)
