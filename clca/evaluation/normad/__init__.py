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
from clca.evaluation.config import WHAT
from clca.evaluation.labelled.answer_grammar import AnswerGrammar, AnswerOption, Vocabulary, Words
from clca.evaluation.labelled.config import LabelledConfig
from clca.records import Record

SUITE = "eval/normad/suite.yaml"
Label = Literal["yes", "no", "neutral"]
LABELS: tuple[Label, ...] = ("yes", "no", "neutral")


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

    id: Annotated[str, Field(alias="ID", max_length=200)]
    country: Annotated[str, Field(alias="Country", max_length=200)]
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
    answers: dict[Label, Annotated[tuple[Words, ...], Field(min_length=1)]]
    fillers: tuple[Words, ...]
    qualifiers: tuple[Words, ...] = ("or",)
    negations: tuple[Words, ...] = ("not",)
    demonstration: tuple[Story, ...]

    @model_validator(mode="after")
    def _is_complete(self) -> NormadSuite:
        if lacking := [label for label in LABELS if label not in self.answers]:
            raise ValueError(f"answers: words are missing for {', '.join(lacking)}")
        for name, places in (("prompt", ("{story}",)), ("zero_shot", ("{story}", "{country}"))):
            if missing := [place for place in places if place not in getattr(self, name)]:
                raise ValueError(f"{name}: needs {' and '.join(missing)}")
        return self


class NormadReader(AnswerGrammar):
    """Reads a reply that begins with the number or the words of a label."""

    def __init__(self, suite: NormadSuite) -> None:
        options = [
            AnswerOption(number=str(number), label=label, words=words[0], also=words[1:], denies=label == "no")
            for number, (label, words) in enumerate(((label, suite.answers[label]) for label in LABELS), start=1)
        ]
        super().__init__(
            options,
            Vocabulary(fillers=suite.fillers, alternatives=suite.qualifiers, negations=suite.negations),
        )


def load_suite(content: Content) -> NormadSuite:
    """`eval/normad/suite.yaml`, checked. Raises `ContentError`."""
    return read_yaml(content.shown(SUITE), content.text(SUITE), NormadSuite)
