"""What an import found and what is missing, by country, item and persona field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from clca.content.wvs_items import Shares
from clca.evaluation.wvs.microdata.codebook import ABSENT, BLANK
from clca.records import Record

UNUSED_FROM = 100  # answers from which on an option that nobody chose is worth a word
FAR_FROM = 500  # answers from which on shares that are far from the published ones are worth a word
FAR = 0.1  # of total variation; samples of 500 stay well below


class SourceFile(Record):
    """A file that was read. `rows` are its data rows, `layout` what they hold."""

    file: str
    sha256: str
    rows: int
    layout: str


class ItemAudit(Record):
    """Answers to an item in one country, `chosen` by option.

    `missing` counts by code, "blank" for an empty cell, "no column" for none. `unused` are codes of options
    that nobody chose, of at least 100 who answered: where a country was asked on fewer points, the survey
    leaves those options empty.
    """

    chosen: tuple[int, ...]
    missing: dict[str, int]

    @property
    def answered(self) -> int:
        return sum(self.chosen)

    @property
    def unused(self) -> tuple[int, ...]:
        if self.answered < UNUSED_FROM:
            return ()
        return tuple(option + 1 for option, count in enumerate(self.chosen) if not count)

    def distance(self, shares: Sequence[float]) -> float:
        """Total variation from these shares of the options: 0 to 1; 0 for too few answers to tell."""
        if self.answered < FAR_FROM:
            return 0.0
        from clca.evaluation.wvs.metrics import total_variation

        return float(total_variation(self.chosen, shares))

    @property
    def share_missing(self) -> float:
        """From 0 to 1; 1 where the item was not asked."""
        lost = sum(self.missing.values())
        return lost / (lost + self.answered)


class FieldAudit(Record):
    """Respondents of a country whose persona field is known. `capped` had a number above the last code."""

    known: int
    missing: dict[str, int]
    capped: int = 0


class CountryAudit(Record):
    """One country; items and fields that are no columns of the files are not in it."""

    iso3: str
    respondents: int
    weighted: int
    items: dict[str, ItemAudit]
    fields: dict[str, FieldAudit]

    @property
    def asked(self) -> list[str]:
        """The items that anybody answered."""
        return [item for item, found in self.items.items() if found.answered]


class SurveyAudit(Record):
    """An import: what was kept, and everything that was not.

    `left_out` counts rows by the country they name, "" for none. `unmatched` counts respondents whom only one
    of two tables knows. `absent` are items and persona fields that no file has a column for.
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
    """Of the codes of a country's respondents: an integer array [n]."""
    import numpy as np

    chosen = np.bincount(codes[codes > 0], minlength=options + 1)[1:]
    return ItemAudit(chosen=tuple(chosen.tolist()), missing=_missing(codes))


def field_audit(codes: Any, capped: int) -> FieldAudit:
    """Of the codes of a country's respondents: an integer array [n]."""
    return FieldAudit(known=int((codes >= 0).sum()), missing=_missing(codes), capped=capped)


def notes(
    countries: dict[str, CountryAudit], published: Mapping[str, Shares], further: Iterable[str]
) -> tuple[str, ...]:
    """What a user of the data should know, a sentence each; `published` are shares by country."""
    found = [*further, *_far(countries, published)]
    short: dict[tuple[int, ...], dict[str, list[str]]] = {}
    for country, audit in countries.items():
        for item, one in audit.items.items():
            if one.unused:
                short.setdefault(one.unused, {}).setdefault(country, []).append(item)
    for unused, where in short.items():
        codes = f"code{'s' if len(unused) > 1 else ''} {', '.join(map(str, unused))}"
        places = "; ".join(f"{country}: {', '.join(items)}" for country, items in where.items())
        why = " (asked on three points)" if unused == (1, 5) else ""
        found.append(f"nobody chose {codes}{why} of {places}")
    for country, audit in countries.items():
        silent = [item for item, one in audit.items.items() if not one.answered]
        if silent:
            found.append(f"{country} has no answer to {', '.join(silent)}")
    capped: dict[str, int] = {}
    for audit in countries.values():
        for field, known in audit.fields.items():
            capped[field] = capped.get(field, 0) + known.capped
    found += [f"{field}: {count:,} numbers above the last code count as it" for field, count in capped.items() if count]
    return tuple(found)


def _far(countries: dict[str, CountryAudit], published: Mapping[str, Shares]) -> Iterator[str]:
    for country, audit in countries.items():
        shares = published.get(country, {})
        far = [item for item, one in audit.items.items() if item in shares and one.distance(shares[item]) > FAR]
        if far:
            yield (
                f"{country}: answers to {', '.join(far)} are far from the published shares (more than"
                f" {100 * FAR:.0f} points of total variation): a part of the sample, or scales turned round?"
            )


def _missing(codes: Any) -> dict[str, int]:
    import numpy as np

    values, counts = np.unique(codes[codes < 0], return_counts=True)
    words = {BLANK: "blank", ABSENT: "no column"}
    pairs = zip(values[::-1].tolist(), counts[::-1].tolist(), strict=True)
    return {words.get(value, str(value)): count for value, count in pairs}
