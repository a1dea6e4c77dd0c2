"""The survey items and response shares in `eval/wvs/`."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from clca.documents import read_csv, read_yaml
from clca.errors import ContentError
from clca.workspace import Content

ITEMS = "eval/wvs/items.yaml"
SHARES = "eval/wvs/shares.csv"

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Shares = dict[str, tuple[float, ...]]
"""Item id -> share of each option, adding up to 1."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Record):
    """A question with its options; option k stands for the survey's code k + 1."""

    id: Annotated[str, Field(pattern=r"^Q\d+$")]
    topic: Words
    question: Words
    options: Annotated[tuple[Words, ...], Field(min_length=2)]

    def numbered(self, option: int) -> str:
        return f"{option + 1}. {self.options[option]}"


class Items(_Record):
    """The items in one language."""

    language: Words
    items: Annotated[tuple[Item, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        ids = [item.id for item in self.items]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice:
            raise ValueError(f"items: {twice} stands twice")
        return self


class _Row(_Record):
    culture: str
    iso3: str
    question: str
    option: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]


def load_items(content: Content) -> Items:
    return read_yaml(content.shown(ITEMS), content.text(ITEMS), Items)


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
