"""A sheet of the survey: all questions to one respondent."""

from __future__ import annotations

from dataclasses import dataclass

from clca.content.wvs_items import Item
from clca.inference.requests import Question, RequestGroup
from clca.records import Method, Order


@dataclass(frozen=True, slots=True)
class ItemQuestion(Question):
    """One item as it is asked. `shown[i]` is the survey's option at place i; it is answered with `labels[i]`."""

    item: Item
    order: Order
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RespondentRequestGroup(RequestGroup):
    """The questions to one respondent, "" where none is named and the answers stand for all."""

    culture: str
    method: Method
    respondent: str
    questions: tuple[ItemQuestion, ...]


def item_question(item: Item, order: Order, text: str, shown: tuple[int, ...]) -> ItemQuestion:
    """The options are numbered from 1 in the order shown, and answered with their numbers."""
    return ItemQuestion(text, tuple(str(place + 1) for place in range(len(shown))), item, order, shown)
