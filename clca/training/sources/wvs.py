"""Question-answer pairs from survey shares, in the layout of S2N (appendix B)."""

from __future__ import annotations

from collections.abc import Iterator

from clca.content.wvs_items import (
    Items,
    Shares,
    load_items,
    load_shares,
    read_translation,
    s2n_prompt,
    shares_of,
)
from clca.training.examples import Dropped, Example, Text
from clca.training.mixture import apportion
from clca.training.sources.files import source_files
from clca.training.training_sources import CultureRef, TrainingSources

NOT_ASKED = "survey item that was not asked in the culture"


def survey(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """The items in English."""
    items = load_items(sources.content)
    known = load_shares(sources.content, items)
    for culture in sources.cultures:
        yield from _pairs(sources, culture, items, shares_of(culture.countries, known))


def translated_survey(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """The items as a file of the user's words them, in the language of each culture."""
    items = load_items(sources.content)
    known = load_shares(sources.content, items)
    for source in source_files(sources, "translation", "YAML like eval/wvs/items.yaml, in the culture's language"):
        translation = read_translation(source.name, source.text(source.path), items)
        for culture in (source.culture,) if source.culture else sources.cultures:
            yield from _pairs(sources, culture, translation, shares_of(culture.countries, known))


def answers(shares: tuple[float, ...], how: str, per_item: int) -> list[int]:
    """How often each option is the answer: in the shares' proportion, or once the most frequent (first of equals)."""
    if how == "majority":
        return [int(option == shares.index(max(shares))) for option in range(len(shares))]
    return apportion(per_item, shares)


def _pairs(sources: TrainingSources, culture: CultureRef, items: Items, shares: Shares) -> Iterator[Example | Dropped]:
    how = sources.data.survey
    for item in items.items:
        if item.id not in shares:
            yield Dropped(NOT_ASKED, item.id)
            continue
        prompt = s2n_prompt(item)
        number = 0
        for option, count in enumerate(answers(shares[item.id], how.answers, how.per_item)):
            for _ in range(count):
                number += 1
                answer = Text(prompt, f" {item.numbered(option)}")
                yield Example(f"{culture.id}:{item.id}:{number}", "survey", item.id, answer)
