"""The configuration of `clca eval-mmlu`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from clca.content.config import Option, split_names
from clca.evaluation.config import HOW, WHAT, whole_number
from clca.evaluation.labelled.config import LabelledConfig
from clca.evaluation.mmlu.prompts import Scoring
from clca.inference.prompt_format import Mode


def _named(value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise ValueError("is empty; give a folder, a data set of the hub such as cais/mmlu, or demo")
    return value


class MmluConfig(LabelledConfig):
    """Which subjects of MMLU a student and its adapters are asked, and how."""

    stage: ClassVar[str] = "eval-mmlu"

    subject: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Only this subject, as in eval/mmlu/subjects.csv; repeatable."),
        Option(WHAT),
    ] = ()
    data: Annotated[
        str | None,
        AfterValidator(_named),
        Field(
            description="Hendrycks' CSV folder, or a data set in the layout of cais/mmlu, of the hub or in a folder, or"
            " demo."
        ),
        Option(WHAT, default="cais/mmlu; demo for tiny"),
    ] = None
    shots: Annotated[
        Literal[0, 5],
        BeforeValidator(whole_number),
        Field(description="Worked examples before each question; none by the paper's scoring."),
        Option(HOW),
    ] = 5
    mode: Annotated[
        Mode,
        Field(description="probability: the likeliest letter, as usual; generate: write an answer and parse it."),
        Option(HOW),
    ] = "probability"
    scoring: Annotated[
        Scoring,
        Field(
            description="corrected; paper: S2N's markers and parsing, where an unreadable answer counts as A; implies"
            " --shots 0 --mode generate."
        ),
        Option(HOW),
    ] = "corrected"

    @model_validator(mode="before")
    @classmethod
    def _paper_writes_without_examples(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("scoring") == "paper":
            return {"shots": 0, "mode": "generate"} | values
        return values

    @model_validator(mode="after")
    def _paper_is_one_instrument(self) -> MmluConfig:
        if self.scoring == "paper" and self.shots:
            raise ValueError("--shots: --scoring paper asks without worked examples; leave --shots out or give 0")
        if self.scoring == "paper" and self.mode != "generate":
            raise ValueError("--mode: --scoring paper reads what the student writes; leave --mode out or give generate")
        return self
