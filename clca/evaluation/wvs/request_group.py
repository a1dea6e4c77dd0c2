"""Request groups of the survey: all questions to one respondent."""

from __future__ import annotations

from dataclasses import dataclass

from clca.content.wvs_items import Item
from clca.inference.requests import Question, RequestGroup
from clca.records import Method, Order


@dataclass(frozen=True, slots=True)
class ItemQuestion(Question):
    """A question about one item; `shown[i]` is the survey's option that is answered with `labels[i]`."""

    item: Item
    order: Order
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RespondentRequestGroup(RequestGroup):
    """The questions to one respondent; to "" where no respondent is named and the answers hold for all."""

    culture: str
    method: Method
    respondent: str
    questions: tuple[ItemQuestion, ...]


def item_question(item: Item, order: Order, text: str, shown: tuple[int, ...]) -> ItemQuestion:
    """The question about an item whose options are numbered from 1 in the order shown."""
    return ItemQuestion(text, tuple(str(index + 1) for index in range(len(shown))), item, order, shown)
