"""NormAd's stories about norms of etiquette, in the layout of S2N (appendix B): the user's CSV."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clca.content.parsing import read_csv
from clca.content.wvs_items import Words
from clca.training.examples import Dropped, Example, Text
from clca.training.s2n_sources import S2nSource, load_s2n_sources
from clca.training.sources.files import source_files
from clca.training.training_sources import CultureRef, TrainingSources

OTHERS = "NormAd row of another country"
UNEXPLAINED = "NormAd row without background or explanation"

# What NormAd may call the countries whose ids here are other words.
NAMES = {
    "uk": ("united_kingdom", "england"),
    "usa": ("united_states", "united_states_of_america"),
    "turkey": ("türkiye", "turkiye"),
    "south_korea": ("korea", "republic_of_korea"),
}


class _Row(BaseModel):
    """The columns that are used, found by name: releases differ in number and order of columns."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Annotated[Words, Field(alias="ID")]
    country: Annotated[Words, Field(alias="Country")]
    background: Annotated[str | None, Field(alias="Background")]
    rule: Annotated[Words, Field(alias="Rule-of-Thumb")]
    story: Annotated[Words, Field(alias="Story")]
    explanation: Annotated[str | None, Field(alias="Explanation")]


def normad(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """Rows of every label (yes, no, neutral): the explanation says how the story stands to the norm.

    With `normad_countries` s2n, of the countries that S2N seems to have taken, where it is known of a culture.
    """
    s2n = load_s2n_sources(sources.content) if sources.data.normad_countries == "s2n" else {}
    for source in source_files(sources, "normad", "normad_etiquette_final_data.csv"):
        cultures = (source.culture,) if source.culture else sources.cultures
        count = 0
        for row in read_csv(source.name, source.text(source.path), _Row):
            country = _plain(row.country)
            culture = next((culture for culture in cultures if country in _names(countries_of(culture, s2n))), None)
            if culture is None:
                yield Dropped(OTHERS, row.id)
            elif not row.background or not row.explanation:
                yield Dropped(UNEXPLAINED, row.id)
            else:
                count += 1
                body = layout(culture, row.country, row.background, row.rule, row.story, row.explanation)
                yield Example(f"normad:{row.id}", "norm", row.id, body, culture=culture.id)
        if not count:
            names = ", ".join(country for culture in cultures for country in countries_of(culture, s2n))
            raise source.fault(f"has no rows of {names}: its column Country holds other countries")


def layout(culture: CultureRef, country: str, background: str, rule: str, story: str, explanation: str) -> Text:
    """A NormAd row as a prompt, and its explanation as the answer."""
    prompt = (
        "### Task: NormAd Cultural Context\n"
        f"### Culture: {culture.name}\n"
        f"### Country: {country.replace('_', ' ').title()}\n"
        f"### Background: {flat(background)}\n"
        f"### Rule-of-Thumb: {flat(rule)}\n"
        f"### Story: {flat(story)}\n"
        "### Explanation:"
    )
    return Text(prompt, f" {flat(explanation)}")


def flat(text: str) -> str:
    """One line, without the marks of headings and bullets: `###` marks the layout's own parts."""
    plain = [re.sub(r"^(#+|[-*])\s+", "", line.strip()) for line in text.splitlines()]
    return " ".join(" ".join(plain).split())


def countries_of(culture: CultureRef, s2n: Mapping[str, S2nSource]) -> tuple[str, ...]:
    """The countries whose rows teach a culture: S2N's, where they are asked for and known, else its own."""
    return s2n[culture.id].normad if culture.id in s2n else culture.countries


def _names(countries: Iterable[str]) -> set[str]:
    return {name for country in countries for name in (country, *NAMES.get(country, ()))}


def _plain(country: str) -> str:
    return "_".join(country.casefold().replace("-", " ").replace("_", " ").split())
