"""The survey items and response shares in `eval/wvs/`, and the items' other languages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_csv, read_yaml, suggestion, yaml_line
from clca.errors import ContentError, NotFoundError
from clca.records import Reader

ITEMS = "eval/wvs/items.yaml"
SHARES = "eval/wvs/shares.csv"

MAX_OPTIONS = 9  # so that the number of an option is one token
FIVE = 5
"""Options of the items that some countries were asked on three points."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Shares = dict[str, tuple[float, ...]]
"""Item id -> share of each option, adding up to 1."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Record):
    """A question with its options; option k, from 0, is the survey's code k + 1.

    `direction` describes the two ends of the scale. A translation needs neither label, topic nor direction. `withheld`
    are the survey's options that are not offered (`clca.content.wvs_scales`): a reply that names one is no answer.
    """

    id: Annotated[str, Field(pattern=r"^Q\d+$")]
    label: str = ""
    topic: str = ""
    direction: str = ""
    question: Words
    options: Annotated[tuple[Words, ...], Field(min_length=2, max_length=MAX_OPTIONS)]
    withheld: tuple[Words, ...] = ()

    @model_validator(mode="after")
    def _options_differ(self) -> Self:
        if len(set(self.options)) < len(self.options):
            raise ValueError(f"{self.id}: duplicate option")
        return self

    def numbered(self, option: int) -> str:
        """An option as it is shown: `2. Rather important`."""
        return f"{option + 1}. {self.options[option]}"


class Items(_Record):
    """The items in one language.

    `version` counts the wordings: answers to two versions are answers to different questions. `missing` maps the
    survey's codes for no answer, the same for all items, to labels. `three_points` lists, by country, the items of five
    options that were asked there with the three in the middle (`clca.content.wvs_scales`). `read_by` says which people
    who grew up with the language have read a translation: items, persona and prompts.
    """

    language: Words
    version: Annotated[int, Field(ge=1)] = 1
    missing: dict[int, Words] = {}
    three_points: dict[str, tuple[str, ...]] = {}
    read_by: tuple[Reader, ...] = ()
    items: Annotated[tuple[Item, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        ids = [item.id for item in self.items]
        duplicate = next((item for item in ids if ids.count(item) > 1), None)
        if duplicate:
            raise ValueError(f"items: duplicate {duplicate}")
        invalid = next((code for code in self.missing if code >= 0), None)
        if invalid is not None:
            raise ValueError(f"missing: {invalid} is the code of an answer; codes of missing answers are below 0")
        five = {item.id for item in self.items if len(item.options) == FIVE}
        for country, asked in self.three_points.items():
            unknown = next((item for item in asked if item not in five), None)
            if unknown is not None:
                raise ValueError(f"three_points: {country}: {unknown} is no item of five options")
        return self


class _Row(_Record):
    culture: str
    iso3: str
    question: str
    option: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]


def load_items(content: Content) -> Items:
    """The items in English, with the labels, topics and directions of all languages.

    Raises `ContentError` for a missing key.
    """
    shown, text = content.shown(ITEMS), content.text(ITEMS)
    items = read_yaml(shown, text, Items)
    if not items.missing:
        raise ContentError(shown, yaml_line(text, ("missing",)), "missing: missing key")
    for index, item in enumerate(items.items):
        for key in ("label", "topic", "direction"):
            if not getattr(item, key).strip():
                line = yaml_line(text, ("items", index, key))
                raise ContentError(shown, line, f"items.{index}.{key}: missing key")
    return items


def read_translation(shown: str, text: str, items: Items) -> Items:
    """The items in another language: questions, options and version of the translation, all else as in English.

    Raises `ContentError` for an unknown item or another number of options.
    """
    translation = read_yaml(shown, text, Items)
    originals = {item.id: item for item in items.items}
    translated = []
    for index, item in enumerate(translation.items):
        original = originals.get(item.id)
        if original is None:
            problem = f"no such item{suggestion(item.id, originals)}"
        elif len(item.options) != len(original.options):
            problem = f"has {len(item.options)} options, but {len(original.options)} are needed"
        else:
            translated.append(original.model_copy(update={"question": item.question, "options": item.options}))
            continue
        raise ContentError(shown, yaml_line(text, ("items", index)), f"{item.id}: {problem}")
    return items.model_copy(
        update={
            "language": translation.language,
            "version": translation.version,
            "read_by": translation.read_by,
            "items": tuple(translated),
        }
    )


def load_shares(content: Content, items: Items) -> dict[str, Shares]:
    """The response shares of each culture, without items that were not asked there.

    Raises `ContentError` for shares that do not add up to 1 within 0.001.
    """
    shown = content.shown(SHARES)
    options = {item.id: len(item.options) for item in items.items}
    table: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in read_csv(shown, content.text(SHARES), _Row):
        if row.question in options:
            table[row.culture][row.question][row.option] = row.share
    shares: dict[str, Shares] = {}
    for culture, questions in table.items():
        shares[culture] = {}
        for question, by_option in questions.items():
            if not set(by_option) <= set(range(1, options[question] + 1)) or abs(sum(by_option.values()) - 1) > 0.001:
                raise ContentError(shown, None, f"{culture} {question}: shares of its options do not add up to 1")
            shares[culture][question] = tuple(by_option.get(code, 0.0) for code in range(1, options[question] + 1))
    return shares


def shares_of(countries: Sequence[str], known: dict[str, Shares]) -> Shares:
    """A country's shares, or for several countries the unweighted mean over those in which an item was asked.

    Raises `NotFoundError` for a country without shares.
    """
    missing = [country for country in countries if country not in known]
    if missing:
        raise NotFoundError(
            f"no survey shares of {', '.join(missing)} in {SHARES}; there are {', '.join(known)}"
            f" (`clca content copy {SHARES}` for a file to add to)"
        )
    of_countries = [known[country] for country in countries]
    questions = dict.fromkeys(question for shares in of_countries for question in shares)
    means: Shares = {}
    for question in questions:
        known_shares = [shares[question] for shares in of_countries if question in shares]
        means[question] = tuple(sum(column) / len(known_shares) for column in zip(*known_shares, strict=True))
    return means


def s2n_prompt(item: Item, shown: Sequence[int] | None = None) -> str:
    """An item in the layout of S2N (appendix B), up to its answer; the same in training and in evaluation.

    `shown` lists the options, from 0, in the order shown; None for the survey's order.
    """
    order = range(len(item.options)) if shown is None else shown
    options = " ".join(f"{number}. {item.options[option]}" for number, option in enumerate(order, start=1))
    return s2n_layout(f"{item.question} {options}")


def s2n_layout(question: str) -> str:
    """A question with all that is asked, options included, in the layout of S2N (appendix B), up to its answer."""
    return f"### Task: Survey Question-Answer\n### Question: {question}\n### Answer:"
