"""Evaluation on NormAd: is what somebody does in a story acceptable in a country?

This is a whole suite on labelled texts: its configuration, content and reader here, its task, plan and run in `suite`,
and what it asks in `eval/normad/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from clca.content.config import Option, split_names
from clca.content.lookup import Content
from clca.content.parsing import read_yaml
from clca.evaluation.answer_text import (
    Reading,
    ReplyReader,
    first_phrase_end,
    longest_first,
    phrase_end,
    same_word,
    skip,
    skip_fillers,
)
from clca.evaluation.config import WHAT
from clca.evaluation.labelled.config import LabelledConfig
from clca.records import Record

SUITE = "eval/normad/suite.yaml"
Label = Literal["yes", "no", "neutral"]
LABELS: tuple[Label, ...] = ("yes", "no", "neutral")
_OPENING = frozenset(" \n\"'`*_#:;.,!()[]<>-–—")


class NormadConfig(LabelledConfig):
    """Which countries' stories a student and its adapters are asked about."""

    stage: ClassVar[str] = "eval-normad"

    culture: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Culture or country whose stories are asked; repeatable."),
        Option(WHAT, short="-c", default="all of the file"),
    ] = ()
    row: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            description="System that answers: base, zero-shot (asked with the country's name), combined, or the culture"
            " of an adapter; repeatable."
        ),
        Option(WHAT, default="all there are"),
    ] = ()
    data: Annotated[
        Path | None,
        Field(description="NormAd's CSV file, normad_etiquette_final_data.csv."),
        Option(WHAT, default="a few stories for demonstration"),
    ] = None


class Story(BaseModel):
    """A row of NormAd; columns are found by name, since releases differ in number and order of columns."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Annotated[str, Field(alias="ID")]
    country: Annotated[str, Field(alias="Country")]
    story: Annotated[str, Field(alias="Story")]
    label: Annotated[
        Label,
        BeforeValidator(lambda label: label.strip().lower() if isinstance(label, str) else label),
        Field(alias="Gold Label"),
    ]


class NormadSuite(Record):
    """`eval/normad/suite.yaml`; `demonstration` has rows as NormAd's file has them."""

    prompt: str
    zero_shot: str
    answers: dict[Label, tuple[str, ...]]
    fillers: tuple[str, ...]
    qualifiers: tuple[str, ...] = ("or",)
    demonstration: tuple[Story, ...]

    @model_validator(mode="after")
    def _is_complete(self) -> NormadSuite:
        if lacking := [label for label in LABELS if label not in self.answers]:
            raise ValueError(f"answers: words are missing for {', '.join(lacking)}")
        for name, places in (("prompt", ("{story}",)), ("zero_shot", ("{story}", "{country}"))):
            if missing := [place for place in places if place not in getattr(self, name)]:
                raise ValueError(f"{name}: needs {' and '.join(missing)}")
        return self


class NormadReader(ReplyReader):
    """Reads a reply that begins with the number or the words of a label."""

    def __init__(self, suite: NormadSuite) -> None:
        self._labels = {str(number): label for number, label in enumerate(LABELS, start=1)}
        self._labels |= {words.lower(): label for label in LABELS for words in suite.answers[label]}
        self._phrases, self._fillers = longest_first(self._labels), longest_first(map(str.lower, suite.fillers))
        self._qualifiers = longest_first(map(str.lower, suite.qualifiers))

    def scan(self, text: str) -> Reading:
        """The label that a reply gives, and whether it is decided."""
        text = text.lower()
        start = skip_fillers(text, self._fillers, _OPENING, same_word)
        if start is None:
            return Reading(None, False)
        ends = {phrase: phrase_end(text, phrase, start, same_word) for phrase in self._phrases}
        undecided = any(cut for _, cut in ends.values())
        phrase = next((phrase for phrase, (end, _) in ends.items() if end), None)
        if phrase is None:
            return Reading(None, not undecided)
        after = skip(text, ends[phrase][0], _OPENING)
        qualified, cut = first_phrase_end(text, self._qualifiers, after, same_word)  # "yes or no" is no answer
        return Reading(None if qualified else self._labels[phrase], not (undecided or cut))


def load_suite(content: Content) -> NormadSuite:
    """`eval/normad/suite.yaml`, checked. Raises `ContentError`."""
    return read_yaml(content.shown(SUITE), content.text(SUITE), NormadSuite)
