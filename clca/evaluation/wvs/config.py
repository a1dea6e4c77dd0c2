"""The configuration of `clca eval-wvs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from clca.content.config import Option, split_list, split_names
from clca.evaluation.config import HOW, WHAT, EvaluationConfig
from clca.records import Method, Order

Layout = Literal["chat", "text", "bare"]
"""`bare` is `text` with nothing before the question, as survey pairs are taught: one answer stands for all."""

WHO = "Who is asked what"


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
        Option(WHO, default="data/wvs/respondents.parquet, if there"),
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
    until_ci: Annotated[
        float | None,
        Field(
            gt=0,
            lt=1,
            description="Stop a culture and method once half the 95 % interval of its kl (in nats) is below this.",
        ),
        Option(HOW),
    ] = None
