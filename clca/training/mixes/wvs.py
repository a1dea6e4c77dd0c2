"""Question-answer pairs from survey shares, in the layout of S2N (appendix B)."""

from __future__ import annotations

from collections.abc import Iterator

from clca.documents import read_yaml, suggestion
from clca.errors import ContentError, NotFoundError
from clca.survey import SHARES, Item, Items, Shares, load_items, load_shares
from clca.training.example import Dropped, Example, Text
from clca.training.material import Material, Taught
from clca.training.mix import apportion
from clca.training.mixes.files import Given, given

NOT_ASKED = "survey item that was not asked in the culture"


def survey(material: Material) -> Iterator[Example | Dropped]:
    """The items in English."""
    items = load_items(material.content)
    known = load_shares(material.content, items)
    for culture in material.cultures:
        yield from _pairs(material, culture, items, shares_of(culture, known))


def translated_survey(material: Material) -> Iterator[Example | Dropped]:
    """The items as a file of the user's words them, in the language of each culture."""
    items = load_items(material.content)
    known = load_shares(material.content, items)
    for source in given(material, "translation", "YAML like eval/wvs/items.yaml, in the culture's language"):
        translation = _translation(source, items)
        for culture in (source.culture,) if source.culture else material.cultures:
            yield from _pairs(material, culture, translation, shares_of(culture, known))


def shares_of(culture: Taught, known: dict[str, Shares]) -> Shares:
    """A country's shares, or the plain mean of a language's countries over those that were asked."""
    missing = [country for country in culture.countries if country not in known]
    if missing:
        raise NotFoundError(f"no survey shares of {', '.join(missing)} in {SHARES}; there are {', '.join(known)}")
    of_countries = [known[country] for country in culture.countries]
    questions = dict.fromkeys(question for shares in of_countries for question in shares)
    means: Shares = {}
    for question in questions:
        asked = [shares[question] for shares in of_countries if question in shares]
        means[question] = tuple(sum(column) / len(asked) for column in zip(*asked, strict=True))
    return means


def answers(shares: tuple[float, ...], how: str, per_item: int) -> list[int]:
    """How often each option is the answer: in the shares' proportion, or once the most frequent (first of equals)."""
    if how == "majority":
        return [int(option == shares.index(max(shares))) for option in range(len(shares))]
    return apportion(per_item, shares)


def _pairs(material: Material, culture: Taught, items: Items, shares: Shares) -> Iterator[Example | Dropped]:
    how = material.data.survey
    for item in items.items:
        if item.id not in shares:
            yield Dropped(NOT_ASKED, item.id)
            continue
        prompt = layout(item)
        number = 0
        for option, count in enumerate(answers(shares[item.id], how.answers, how.per_item)):
            for _ in range(count):
                number += 1
                answer = Text(prompt, f" {item.numbered(option)}")
                yield Example(f"{culture.id}:{item.id}:{number}", "survey", item.id, answer)


def layout(item: Item) -> str:
    """The text up to the answer; a student is asked with the same text."""
    options = " ".join(map(item.numbered, range(len(item.options))))
    return f"### Task: Survey Question-Answer\n### Question: {item.question} {options}\n### Answer:"


def _translation(source: Given, items: Items) -> Items:
    text = source.text(source.path)
    translation = read_yaml(source.name, text, Items)
    originals = {item.id: item for item in items.items}
    for item in translation.items:
        original = originals.get(item.id)
        if original is None:
            raise ContentError(source.name, None, f"{item.id}: no such item{suggestion(item.id, originals)}")
        if len(item.options) != len(original.options):
            raise ContentError(
                source.name, None, f"{item.id}: has {len(item.options)} options, but {len(original.options)} are needed"
            )
    return translation
