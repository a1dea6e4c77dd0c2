"""How answers are worded in a language: the patterns of `eval/wvs/**/answers.yaml` that replies are read by."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from clca.content.parsing import read_yaml, suggestion, yaml_line
from clca.content.wvs_items import MAX_OPTIONS, Items, Words
from clca.errors import ContentError

ANSWERS = "eval/wvs/answers.yaml"

Wordings = dict[Words, tuple[Words, ...]]
"""Other wordings by option, which is in the items' words."""


class AnswerPatterns(BaseModel):
    """Words around answers, and other wordings of options.

    `lead_ins` come before an answer, `fillers` beside one, `closings` (is my answer) behind a number, `reasons` after
    one; none of them changes it. `choosing`
    are lead-ins that may begin in the middle of a line (I would say), `prefaces` mark a clause that gives the grounds
    of an answer (as, based on), `prefaces_behind` those of a language that puts such words at its end.
    `turns` next to an answer may change it: negations, doubts, other degrees.
    `qualifiers` make an answer conditional or take it back, anywhere in its sentence, and in a later one where only
    words about the answer precede them (if, but, actually, it depends). A clause with grounds may hold `turns` (married
    and employed, no children) unless it holds one of the `opinions` (I do not think). `refusals` contain an option's
    words and are no answer. `also` are other wordings of an option, wherever they stand; `short` those that count only
    at the beginning of a reply (yes, no); `beside_number` those that agree with one option or several, and count only
    behind the number of such an option (2. No): alone they say too little, or might deny words of the question instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Words
    lead_ins: tuple[Words, ...]
    fillers: tuple[Words, ...]
    reasons: tuple[Words, ...]
    turns: tuple[Words, ...]
    choosing: tuple[Words, ...] = ()
    prefaces: tuple[Words, ...] = ()
    prefaces_behind: tuple[Words, ...] = ()
    closings: tuple[Words, ...] = ()
    qualifiers: tuple[Words, ...] = ()
    opinions: tuple[Words, ...] = ()
    refusals: tuple[Words, ...] = ()
    numerals: dict[Words, Annotated[int, Field(ge=1, le=MAX_OPTIONS)]]
    also: Wordings = {}
    short: Wordings = {}
    beside_number: Wordings = {}

    @model_validator(mode="after")
    def _no_filler_turns(self) -> Self:
        for key in ("turns", "qualifiers"):
            word = next((word for word in self.fillers if word in getattr(self, key)), None)
            if word:
                raise ValueError(f"fillers: {word!r} is listed under {key}, too")
        return self


def read_answer_patterns(shown: str, text: str, items: Items) -> AnswerPatterns:
    """The answer patterns for items of the same language.

    Raises `ContentError` for an option that no item has, and for ambiguous wordings.
    """
    patterns = read_yaml(shown, text, AnswerPatterns)
    options = dict.fromkeys(option for item in items.items for option in item.options)
    for key in ("also", "short", "beside_number"):
        wordings: Wordings = getattr(patterns, key)
        for option in wordings:
            if option not in options:
                line = yaml_line(text, (key, option))
                raise ContentError(
                    shown, line, f"{key}: no item has the option {option!r}{suggestion(option, options)}"
                )
        for item in items.items if key != "beside_number" else ():
            words = [word for option in item.options for word in (option, *wordings.get(option, ()))]
            duplicate = next((word for word in words if words.count(word) > 1), None)
            if duplicate:
                fault = f"{key}: {duplicate!r} is listed for two options of {item.id}, or twice for one"
                raise ContentError(shown, yaml_line(text, (key,)), fault)
    return patterns
