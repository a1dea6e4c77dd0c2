"""Our own JSONL: scenarios (`Seed`) and norms (`Norm`), checked line by line.

A scenario that names no `origin` gets the name of its file; a record without a licence gets that of `--license`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from clca.culture.localisation import mark_fault
from clca.culture.profile import PLACES
from clca.generation.importers.context import ImportContext
from clca.generation.importers.outcome import Outcome, Row, RowFault, Taken, build, outcomes
from clca.generation.importers.sources import Source
from clca.generation.importers.tables import json_rows
from clca.printable import one_line
from clca.records import Norm, Seed
from clca.records.scenario import GENERAL


def read_scenarios(sources: Sequence[Source], context: ImportContext) -> Iterator[Outcome]:
    """The scenarios of the files."""

    def make(row: Row) -> Taken:
        seed = build(Seed, row.values)
        if seed.culture and context.find(seed.culture) != seed.culture:
            raise RowFault("culture", "no culture with this id (clca cultures list)", seed.culture)
        if fault := mark_fault(seed):
            raise RowFault("", "annotations do not fit the texts", fault)
        added = {"license": seed.license or context.license or "", "source": "file"}
        added["origin"] = seed.origin or one_line(sources[row.place.file].path.name)[:400]
        return Taken(row.place, seed.model_copy(update=added), name=seed.id)

    return outcomes(chain.from_iterable(map(json_rows, sources)), make, _name)


def read_norms(sources: Sequence[Source], context: ImportContext) -> Iterator[Outcome]:
    """The norms of the files."""

    def make(row: Row) -> Taken:
        norm = build(Norm, row.values)
        for field, cultures in (("scope", norm.scope), ("not_in", norm.not_in)):
            for culture in cultures:
                if culture != GENERAL and context.find(culture) != culture:
                    raise RowFault(field, "no culture with this id (clca cultures list)", culture)
        if norm.place and norm.place not in PLACES:
            raise RowFault("place", "no kind of place", norm.place)
        license = norm.license or context.license or ""
        return Taken(row.place, norm.model_copy(update={"license": license}), name=norm.id)

    return outcomes(chain.from_iterable(map(json_rows, sources)), make, _name)


def _name(row: Row) -> str:
    return str(row.values.get("id", ""))
