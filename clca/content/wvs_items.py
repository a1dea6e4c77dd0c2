"""The survey items and response shares in `eval/wvs/`, and the items' other languages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_csv, read_yaml, suggestion, yaml_line
from clca.errors import ContentError, NotFoundError

ITEMS = "eval/wvs/items.yaml"
SHARES = "eval/wvs/shares.csv"

MAX_OPTIONS = 9  # so that the number of each is one token

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Shares = dict[str, tuple[float, ...]]
"""Item id -> share of each option, adding up to 1."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Record):
    """A question with its options; option k stands for the survey's code k + 1.

    `direction` says which end of the scale is which. A translation needs neither label, topic nor direction.
    """

    id: Annotated[str, Field(pattern=r"^Q\d+$")]
    label: str = ""
    topic: str = ""
    direction: str = ""
    question: Words
    options: Annotated[tuple[Words, ...], Field(min_length=2, max_length=MAX_OPTIONS)]

    @model_validator(mode="after")
    def _options_differ(self) -> Self:
        if len(set(self.options)) < len(self.options):
            raise ValueError(f"{self.id} has the same option twice")
        return self

    def numbered(self, option: int) -> str:
        return f"{option + 1}. {self.options[option]}"


class Items(_Record):
    """The items in one language; `missing` holds the survey's codes for no answer, the same for all items."""

    language: Words
    missing: dict[int, Words] = {}
    items: Annotated[tuple[Item, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        ids = [item.id for item in self.items]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice:
            raise ValueError(f"items: {twice} stands twice")
        unfit = next((code for code in self.missing if code >= 0), None)
        if unfit is not None:
            raise ValueError(f"missing: {unfit} is the code of an answer; those below 0 are free for missing ones")
        return self


class _Row(_Record):
    culture: str
    iso3: str
    question: str
    option: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]


def load_items(content: Content) -> Items:
    """The items in English, with the labels, topics and directions that hold in every language."""
    shown, text = content.shown(ITEMS), content.text(ITEMS)
    items = read_yaml(shown, text, Items)
    if not items.missing:
        raise ContentError(shown, yaml_line(text, ("missing",)), "missing: missing key")
    for place, item in enumerate(items.items):
        for key in ("label", "topic", "direction"):
            if not getattr(item, key).strip():
                where = ("items", place, key)
                raise ContentError(shown, yaml_line(text, where), f"items.{place}.{key}: missing key")
    return items


def read_translation(shown: str, text: str, items: Items) -> Items:
    """Items in another language: question and options are the translation's, all else stays."""
    translation = read_yaml(shown, text, Items)
    originals = {item.id: item for item in items.items}
    translated = []
    for place, item in enumerate(translation.items):
        original = originals.get(item.id)
        if original is None:
            wrong = f"no such item{suggestion(item.id, originals)}"
        elif len(item.options) != len(original.options):
            wrong = f"has {len(item.options)} options, but {len(original.options)} are needed"
        else:
            translated.append(original.model_copy(update={"question": item.question, "options": item.options}))
            continue
        raise ContentError(shown, yaml_line(text, ("items", place)), f"{item.id}: {wrong}")
    return Items(language=translation.language, missing=items.missing, items=tuple(translated))


def load_shares(content: Content, items: Items) -> dict[str, Shares]:
    """The response shares of each culture; items that were not asked there are left out."""
    shown = content.shown(SHARES)
    options = {item.id: len(item.options) for item in items.items}
    found: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in read_csv(shown, content.text(SHARES), _Row):
        if row.question in options:
            found[row.culture][row.question][row.option] = row.share
    shares: dict[str, Shares] = {}
    for culture, questions in found.items():
        shares[culture] = {}
        for question, by_option in questions.items():
            if not set(by_option) <= set(range(1, options[question] + 1)) or abs(sum(by_option.values()) - 1) > 0.001:
                raise ContentError(shown, None, f"{culture} {question}: shares of its options do not add up to 1")
            shares[culture][question] = tuple(by_option.get(code, 0.0) for code in range(1, options[question] + 1))
    return shares


def shares_of(countries: Sequence[str], known: dict[str, Shares]) -> Shares:
    """A country's shares, or the plain mean of a language's countries over those that were asked."""
    missing = [country for country in countries if country not in known]
    if missing:
        raise NotFoundError(f"no survey shares of {', '.join(missing)} in {SHARES}; there are {', '.join(known)}")
    of_countries = [known[country] for country in countries]
    questions = dict.fromkeys(question for shares in of_countries for question in shares)
    means: Shares = {}
    for question in questions:
        asked = [shares[question] for shares in of_countries if question in shares]
        means[question] = tuple(sum(column) / len(asked) for column in zip(*asked, strict=True))
    return means


def s2n_prompt(item: Item, shown: Sequence[int] | None = None) -> str:
    """S2N's text of an item up to its answer (appendix B); a student is asked with the text that it was taught with.

    `shown` is the order of the options; None for that of the survey.
    """
    order = range(len(item.options)) if shown is None else shown
    options = " ".join(f"{place}. {item.options[option]}" for place, option in enumerate(order, start=1))
    return f"### Task: Survey Question-Answer\n### Question: {item.question} {options}\n### Answer:"
