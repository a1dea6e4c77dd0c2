"""Question-answer pairs from survey shares, in the layout of S2N (appendix B)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from clca.content.wvs_items import (
    Items,
    Shares,
    load_items,
    load_shares,
    read_translation,
    s2n_prompt,
    shares_of,
)
from clca.content.wvs_scales import on_three_points, scaled_items, scaled_shares
from clca.training.examples import Dropped, Example, Text
from clca.training.mixture import apportion
from clca.training.sources.files import source_files
from clca.training.training_sources import CultureRef, TrainingSources

NOT_ASKED = "survey item that was not asked in the culture"
EVALUATED = "survey item that is left to eval-wvs"
ROUNDING = 1e-9  # shares add up to 1 but for this much, and a mean of 2 must not become 1


def survey(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """The items in English."""
    items = load_items(sources.content)
    known = load_shares(sources.content, items)
    for culture in sources.cultures:
        yield from _pairs(sources, culture, items, known)


def translated_survey(sources: TrainingSources) -> Iterator[Example | Dropped]:
    """The items as a file of the user's words them, in the language of each culture."""
    items = load_items(sources.content)
    known = load_shares(sources.content, items)
    for source in source_files(sources, "translation", "YAML like eval/wvs/items.yaml, in the culture's language"):
        translation = read_translation(source.name, source.text(source.path), items)
        for culture in (source.culture,) if source.culture else sources.cultures:
            yield from _pairs(sources, culture, translation, known)


def answers(shares: tuple[float, ...], how: str, per_item: int) -> list[int]:
    """How often each option is the answer: in the shares' proportion, or once the most frequent (first of equals).

    `mean` is, once, the mean of the options' numbers without what is behind the point, as CultureLLM has it.
    """
    if how == "majority":
        return [int(option == shares.index(max(shares))) for option in range(len(shares))]
    if how == "mean":
        mean = math.floor(sum(option * share for option, share in enumerate(shares)) + ROUNDING)
        return [int(option == mean) for option in range(len(shares))]
    return apportion(per_item, shares)


def left_to_evaluation(items: Sequence[str]) -> set[str]:
    """The items that are not trained on where training and evaluation are disjoint: every second, from the second."""
    return set(items[1::2])


def _pairs(
    sources: TrainingSources, culture: CultureRef, items: Items, known: dict[str, Shares]
) -> Iterator[Example | Dropped]:
    """The pairs of a culture, on the scale that its countries were asked on."""
    how, three = sources.data.survey, on_three_points(items, culture.countries)
    shares = scaled_shares(shares_of(culture.countries, known), three)
    suite = [item.id for item in load_items(sources.content).items]
    left = left_to_evaluation(suite) if how.items == "disjoint" else set[str]()
    for item in scaled_items(items.items, three):
        if item.id not in shares:
            yield Dropped(NOT_ASKED, item.id)
            continue
        if item.id in left:
            yield Dropped(EVALUATED, item.id)
            continue
        prompt = s2n_prompt(item)
        number = 0
        for option, count in enumerate(answers(shares[item.id], how.answers, how.per_item)):
            for _ in range(count):
                number += 1
                answer = str(option + 1) if how.digits else item.numbered(option)
                name, body = f"{culture.id}:{item.id}:{number}", Text(prompt, f" {answer}")
                yield Example(name, "survey", item.id, body, item.id, culture=culture.id)
