"""NormAd's CSV: a norm for each `Rule-of-Thumb`, of its `Country`, in the situation that `Subaxis` names.

Its stories and explanations are left out, since `clca eval-normad` asks about them. A row whose label is `neutral`
tells of a norm that does not bear on its story and may be another country's: it is rejected. What a norm needs and
NormAd lacks (place, relationship, breach, explain, remedy) stays open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from clca.generation.importers.context import ImportContext, slug_id
from clca.generation.importers.outcome import Outcome, Row, RowFault, Taken, build, outcomes, text_of
from clca.generation.importers.sources import Source
from clca.generation.importers.tables import table_rows
from clca.records import Norm

LICENSE = "CC-BY-4.0"
NEEDED = ("ID", "Country", "Rule-of-Thumb", "Gold Label")
LABELS = ("yes", "no")


def read(sources: Sequence[Source], context: ImportContext) -> Iterator[Outcome]:
    """A norm for each row with a story that keeps or breaches it."""
    rows = chain.from_iterable(table_rows(source, ",", NEEDED) for source in sources)
    return outcomes(rows, lambda row: _norm(row, context), lambda row: str(row.values.get("ID", "")))


def _norm(row: Row, context: ImportContext) -> Taken:
    label = text_of(row.values, "Gold Label").lower()
    if label == "neutral":
        raise RowFault("Gold Label", "neutral: the story is not about the norm")
    if label not in LABELS:
        raise RowFault("Gold Label", "none of yes, no and neutral", label)
    culture = context.culture("Country", text_of(row.values, "Country"))
    name = text_of(row.values, "ID")
    norm = build(
        Norm,
        {
            "id": slug_id("normad", name, 75),
            "scope": culture,
            "text": text_of(row.values, "Rule-of-Thumb"),
            "situation": text_of(row.values, "Subaxis", required=False).replace("_", " "),
            "inspiration": f"NormAd, {name}",
            "license": context.license or LICENSE,
        },
        {"text": "Rule-of-Thumb", "situation": "Subaxis", "inspiration": "ID"},
    )
    return Taken(row.place, norm, name=name)
