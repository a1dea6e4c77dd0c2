"""How people word answers in a language: `eval/wvs/**/answers.yaml`, by which generated replies are read."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.content.wvs_items import MOST_OPTIONS, Items, Words
from clca.errors import ContentError

ANSWERS = "eval/wvs/answers.yaml"

Wordings = dict[Words, tuple[Words, ...]]
"""Option in the items' words -> other words for it."""


class AnswerPatterns(BaseModel):
    """`lead_ins` come before an answer, `fillers` beside one, `reasons` after one; none of them changes it.

    `choosing` are lead-ins that can begin in the middle of a line (I would say), `prefaces` mark a clause that tells
    on what the answer rests (as, based on). `turns` might change an answer: negations, doubts, other degrees;
    `refusals` have an option's words and are none. `also` are other wordings of an option, wherever they stand;
    `short` those that count only where a reply begins with them (yes, no).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Words
    lead_ins: tuple[Words, ...]
    fillers: tuple[Words, ...]
    reasons: tuple[Words, ...]
    turns: tuple[Words, ...]
    choosing: tuple[Words, ...] = ()
    prefaces: tuple[Words, ...] = ()
    refusals: tuple[Words, ...] = ()
    numerals: dict[Words, Annotated[int, Field(ge=1, le=MOST_OPTIONS)]]
    also: Wordings = {}
    short: Wordings = {}

    @model_validator(mode="after")
    def _no_filler_turns(self) -> Self:
        both = next((word for word in self.fillers if word in self.turns), None)
        if both:
            raise ValueError(f"fillers: {both!r} stands among turns, too")
        return self


def read_answer_patterns(shown: str, text: str, items: Items) -> AnswerPatterns:
    """The vocabulary for items of the same language; every option it words has to be one of theirs."""
    vocabulary = read_yaml(shown, text, AnswerPatterns)
    options = dict.fromkeys(option for item in items.items for option in item.options)
    for key in ("also", "short"):
        wordings: Wordings = getattr(vocabulary, key)
        for option in wordings:
            if option not in options:
                line = yaml_line(text, (key, option))
                raise ContentError(
                    shown, line, f"{key}: no item has the option {option!r}{suggestion(option, options)}"
                )
        for item in items.items:
            words = [word for option in item.options for word in (option, *wordings.get(option, ()))]
            twice = next((word for word in words if words.count(word) > 1), None)
            if twice:
                wrong = f"{key}: {twice!r} stands for two options of {item.id}, or twice for one"
                raise ContentError(shown, yaml_line(text, (key,)), wrong)
    return vocabulary
