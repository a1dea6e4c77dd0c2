"""Social Chemistry 101's TSV: a norm for each rule of thumb (`rot`), in the `situation` that it was written for.

Taken are rules that are about social norms (`rot-categorization`), which three in four people or more would agree to
(`rot-agree` of `AGREED`), and whose writer did not mark them as bad (`rot-bad`). What the data set lacks is derived:

scope        `--culture`; without it `usa`, a choice of ours: the rules are in English, and most speak of life there
relationship that of the `characters`, where all whose words name one name the same (`people`); else it stays open

Place, breach, explain and remedy stay open. Of a rule that several workers broke down, one row is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from clca.generation.importers.context import ImportContext, slug_id
from clca.generation.importers.outcome import Outcome, Row, RowFault, Taken, build, outcomes, text_of
from clca.generation.importers.people import relationships_in
from clca.generation.importers.sources import Source
from clca.generation.importers.tables import table_rows
from clca.records import Norm

NEEDED = ("rot", "rot-id", "rot-agree", "rot-bad", "rot-categorization", "situation", "characters")
AGREED = 3  # of 0 to 4: below 1 %, 5-25 %, 50 %, 75-90 %, above 99 %
ABOUT = "social-norms"
SCOPE = ("usa",)


def read(sources: Sequence[Source], context: ImportContext) -> Iterator[Outcome]:
    """A norm for each row with a rule of thumb that is taken."""
    rows = chain.from_iterable(table_rows(source, "\t", NEEDED) for source in sources)
    return outcomes(rows, lambda row: _norm(row, context), lambda row: str(row.values.get("rot-id", "")))


def _norm(row: Row, context: ImportContext) -> Taken:
    values = row.values
    if ABOUT not in text_of(values, "rot-categorization").split("|"):
        raise RowFault("rot-categorization", f"not about {ABOUT}", values["rot-categorization"])
    if _number(row, "rot-bad"):
        raise RowFault("rot-bad", "marked as bad by its writer")
    if not _number(row, "rot-agree") >= AGREED:
        raise RowFault("rot-agree", f"below {AGREED}: fewer than three in four would agree", values["rot-agree"])
    name = text_of(values, "rot-id")
    relationships = relationships_in(text_of(values, "characters", required=False).replace("|", " "))
    derived = [] if context.scope else [f"scope: not said, {SCOPE[0]} taken"]
    derived.append("relationship: by the characters" if len(relationships) == 1 else "relationship: left open")
    norm = build(
        Norm,
        {
            "id": slug_id("social-chem", name.removeprefix("rot/"), 75),
            "scope": context.scope or SCOPE,
            "text": text_of(values, "rot"),
            "situation": text_of(values, "situation", required=False),
            "relationship": relationships[0] if len(relationships) == 1 else "",
            "inspiration": f"Social Chemistry 101, {name}",
            "license": context.license or "",
        },
        {"text": "rot", "inspiration": "rot-id"},
    )
    return Taken(row.place, norm, tuple(derived), name=name)


def _number(row: Row, field: str) -> float:
    text = text_of(row.values, field)
    try:
        return float(text)  # pandas writes 3.0
    except ValueError:
        raise RowFault(field, "no number", text) from None
