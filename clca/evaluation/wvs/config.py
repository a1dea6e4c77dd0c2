"""The configuration of `clca eval-wvs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from clca.content.config import Option, split_list, split_names
from clca.evaluation.config import HOW, WHAT, EvaluationConfig
from clca.records import Method, Order, Scoring

Layout = Literal["chat", "text", "bare"]
"""`bare` is `text` with nothing before the question, as survey pairs are taught: one answer stands for all."""

WHO = "Who is asked what"

PAPER_FIELDS = {"mode": "generate", "format": "chat"}
"""What the released evaluation does, where this project leaves a choice."""


def split_items(value: Any) -> Any:
    """Item ids in capitals, from a list of texts that may each hold several; anything else as it is."""
    if not isinstance(value, str | list | tuple):
        return value
    parts = [value] if isinstance(value, str) else list(value)
    ids = [item.upper() for part in parts if isinstance(part, str) for item in split_list(part)]
    if parts and not ids:
        raise ValueError("is empty; give items of eval/wvs/items.yaml, as in Q1,Q2")
    return ids


class WvsConfig(EvaluationConfig):
    """Whose place a model answers the World Values Survey in, and how it is asked."""

    stage: ClassVar[str] = "eval-wvs"

    culture: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Culture by name, country or ISO code; repeatable; `all`."),
        Option(WHAT, short="-c", default="those of the adapters, else the paper's five"),
    ] = ()
    method: Annotated[
        tuple[Method, ...],
        BeforeValidator(split_list),
        Field(description="persona, cultural or clca; repeatable."),
        Option(WHAT, default="all that are possible with these options"),
    ] = ()
    respondents: Annotated[
        int | None,
        Field(ge=1, description="Number of respondents of each culture."),
        Option(WHO, short="-n", default="1000; 100 for tiny"),
    ] = None
    data: Annotated[
        Path | None,
        Field(description="Respondents that `clca data import-wvs` wrote."),
        Option(WHO, default="those in data/wvs, if there"),
    ] = None
    items: Annotated[
        tuple[str, ...],
        BeforeValidator(split_items),
        Field(description="Only these items: Q1,Q2."),
        Option(WHO, default="all 44, but those that an adapter was trained on"),
    ] = ()
    language: Annotated[
        str, Field(description="en, native, or a language of eval/wvs/: zh, de, ja, es."), Option(WHO)
    ] = "en"
    order: Annotated[
        tuple[Order, ...],
        BeforeValidator(split_list),
        Field(description="Order of the options: given, reversed or shuffled; repeatable."),
        Option(WHO, default="given"),
    ] = ()
    weights: Annotated[bool, Field(description="Weight respondents as the survey does."), Option(WHO)] = False
    format: Annotated[
        Layout | None,
        Field(description="chat; text; bare: text that describes no respondent."),
        Option(HOW, default="chat; text for students without a chat template and for adapters of plain text"),
    ] = None
    scoring: Annotated[
        Scoring,
        Field(
            description="corrected; paper: prompts, lengths and reading of replies as in CLCA's release; implies --mode"
            " generate --format chat."
        ),
        Option(HOW),
    ] = "corrected"
    until_ci: Annotated[
        float | None,
        Field(
            gt=0,
            lt=1,
            description="Stop a culture and method once half the 95 % interval of its kl (in nats) is below this.",
        ),
        Option(HOW),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _paper_writes_in_a_chat(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("scoring") == "paper":
            return values | {key: value for key, value in PAPER_FIELDS.items() if values.get(key) is None}
        return values

    @model_validator(mode="after")
    def _paper_is_one_instrument(self) -> WvsConfig:
        if self.scoring == "paper":
            for key, value in PAPER_FIELDS.items():
                if getattr(self, key) != value:
                    raise ValueError(
                        f"--{key}: --scoring paper is asked with {value}; leave --{key} out or give {value}"
                    )
            if set(self.order) - {"given"}:
                raise ValueError(
                    "--order: --scoring paper names the ends of a scale alone; leave --order out or give given"
                )
        return self
