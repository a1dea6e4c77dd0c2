"""The audit of an import: what was read and what is missing, by country, item and persona field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from clca.content.wvs_items import Shares
from clca.evaluation.wvs.microdata.codebook import ABSENT, BLANK
from clca.records import Record

MIN_ANSWERS_UNUSED = 100  # with fewer answers, an option that nobody chose is no finding
MIN_ANSWERS_DISTANT = 500  # with fewer answers, a distance from the published shares is no finding
DISTANT = 0.1  # total variation; samples of 500 stay well below


class SourceFile(Record):
    """A survey file. `rows` is the number of data rows, `layout` the kind of their content."""

    file: str
    sha256: str
    rows: int
    layout: str


class ItemAudit(Record):
    """Answers to an item in one country: `chosen` counts them by option.

    `missing` counts missing answers by code, "blank" for an empty cell, "no column" for none. `unused` are codes of
    options that nobody of at least 100 chose: where a country was asked on fewer points, the survey leaves those
    options empty.
    """

    chosen: tuple[int, ...]
    missing: dict[str, int]

    @property
    def answered(self) -> int:
        """How many respondents chose an option."""
        return sum(self.chosen)

    @property
    def unused(self) -> tuple[int, ...]:
        """The numbers of options that nobody chose, where enough people answered to tell."""
        if self.answered < MIN_ANSWERS_UNUSED:
            return ()
        return tuple(option + 1 for option, count in enumerate(self.chosen) if not count)

    def distance(self, shares: Sequence[float]) -> float:
        """Total-variation distance from the shares of the options, in [0, 1]; 0 for too few answers to tell."""
        if self.answered < MIN_ANSWERS_DISTANT:
            return 0.0
        from clca.evaluation.wvs.metrics import total_variation

        return float(total_variation(self.chosen, shares))

    @property
    def share_missing(self) -> float:
        """Share of missing answers in [0, 1]; 1 where the item was not asked."""
        missing = sum(self.missing.values())
        return missing / (missing + self.answered)


class FieldAudit(Record):
    """A persona field in one country: `known` respondents have it, `capped` ones with a number above the last code."""

    known: int
    missing: dict[str, int]
    capped: int = 0


class CountryAudit(Record):
    """Audit of one country; items and fields without a column in the files are left out."""

    iso3: str
    respondents: int
    weighted: int
    items: dict[str, ItemAudit]
    fields: dict[str, FieldAudit]

    @property
    def asked(self) -> list[str]:
        """The items that anybody answered."""
        return [item for item, audit in self.items.items() if audit.answered]


class SurveyAudit(Record):
    """Audit of an import: what was kept, and everything that was not.

    `left_out` counts rows by the country they name, "" for none. `unmatched` counts respondents who are in only one
    of two tables. `absent` are items and persona fields without a column in any file.
    """

    version: str
    sources: tuple[SourceFile, ...]
    respondents: int
    countries: dict[str, CountryAudit]
    left_out: dict[str, int]
    unmatched: dict[str, int]
    absent: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]


def item_audit(codes: Any, options: int) -> ItemAudit:
    """The audit of an item from the codes of a country's n respondents, an integer array [n]."""
    import numpy as np

    chosen = np.bincount(codes[codes > 0], minlength=options + 1)[1:]
    return ItemAudit(chosen=tuple(chosen.tolist()), missing=_missing(codes))


def field_audit(codes: Any, capped: int) -> FieldAudit:
    """The audit of a persona field from the codes of a country's n respondents, an integer array [n]."""
    return FieldAudit(known=int((codes >= 0).sum()), missing=_missing(codes), capped=capped)


def audit_notes(
    countries: dict[str, CountryAudit], published: Mapping[str, Shares], further: Iterable[str]
) -> tuple[str, ...]:
    """What a user of the data should know, a sentence each; `published` are the published shares by country."""
    notes = [*further, *_distant(countries, published)]
    unused_options: dict[tuple[int, ...], dict[str, list[str]]] = {}
    for country, audit in countries.items():
        for item, counts in audit.items.items():
            if counts.unused:
                unused_options.setdefault(counts.unused, {}).setdefault(country, []).append(item)
    for unused, by_country in unused_options.items():
        codes = f"code{'s' if len(unused) > 1 else ''} {', '.join(map(str, unused))}"
        lists = "; ".join(f"{country}: {', '.join(items)}" for country, items in by_country.items())
        reason = " (asked on three points)" if unused == (1, 5) else ""
        notes.append(f"nobody chose {codes}{reason} of {lists}")
    for country, audit in countries.items():
        unanswered = [item for item, counts in audit.items.items() if not counts.answered]
        if unanswered:
            notes.append(f"{country} has no answer to {', '.join(unanswered)}")
    capped: dict[str, int] = {}
    for audit in countries.values():
        for field, field_counts in audit.fields.items():
            capped[field] = capped.get(field, 0) + field_counts.capped
    notes += [f"{field}: {count:,} numbers above the last code count as it" for field, count in capped.items() if count]
    return tuple(notes)


def _distant(countries: dict[str, CountryAudit], published: Mapping[str, Shares]) -> Iterator[str]:
    for country, audit in countries.items():
        shares = published.get(country, {})
        distant = [
            item for item, counts in audit.items.items() if item in shares and counts.distance(shares[item]) > DISTANT
        ]
        if distant:
            yield (
                f"{country}: answers to {', '.join(distant)} are far from the published shares (more than"
                f" {100 * DISTANT:.0f} points of total variation): a part of the sample, or scales turned round?"
            )


def _missing(codes: Any) -> dict[str, int]:
    """Number of missing answers by the name of their code."""
    import numpy as np

    values, counts = np.unique(codes[codes < 0], return_counts=True)
    names = {BLANK: "blank", ABSENT: "no column"}
    pairs = zip(values[::-1].tolist(), counts[::-1].tolist(), strict=True)
    return {names.get(value, str(value)): count for value, count in pairs}
