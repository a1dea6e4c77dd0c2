"""The points of maps as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from clca.analysis.config import Method
from clca.analysis.draw import Draw
from clca.evaluation.arrays import Floats
from clca.printable import csv_cell

COLUMNS = ("source", "culture", "id", "text", "method", "x", "y")


def points_csv(layouts: Iterable[tuple[Draw, Method, Floats]]) -> str:
    """A line for each text of each layout [distinct, 2]; texts of the same number `text` are word for word the same."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for drawn, method, places in layouts:
        for entry, place in zip(drawn.texts, drawn.places, strict=True):
            x, y = places[place].tolist()
            writer.writerow((drawn.source, entry.culture, csv_cell(entry.id), place, method, x, y))
    return file.getvalue()
