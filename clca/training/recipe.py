"""A training recipe: student, data, base model, LoRA and optimisation. `trainers/README.md` explains every key."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from clca.content.config import split_list
from clca.models.quantization import Quantization
from clca.training.mixture import parse_mixture

Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(ge=1, le=1_000_000)]
Steps = Annotated[int, Field(ge=1, le=1_000_000_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Keys(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Match(_Keys):
    """Take as much of the mix as another mix holds of the same material."""

    mix: str
    by: Literal["examples", "tokens"] = "examples"

    @field_validator("mix")
    @classmethod
    def _known(cls, value: str) -> str:
        parse_mixture(value)
        return value


class Survey(_Keys):
    """Which survey questions are trained on, and how shares become question-answer pairs."""

    items: Literal["disjoint", "all"] = "disjoint"
    answers: Literal["shares", "majority", "mean"] = "shares"
    per_item: Annotated[int, Field(ge=1, le=10_000)] = 20
    digits: bool = False
    paraphrases: bool = True


class Files(_Keys):
    """The user's files. `{culture}` in one stands for the id of the culture that is taught."""

    wiki: str | None = None
    normad: str | None = None
    translation: str | None = None
    culturellm: str | None = None
    gsm8k: str | None = None
    mathchat: str | None = None
    chat: str | None = None


class Data(_Keys):
    """What is mixed, in which shares, and how rows are cut."""

    mix: str = "clca"
    match: Match | None = None
    size: Positive | None = None
    held_out: Share = 0.1
    max_length: Annotated[int, Field(ge=16, le=2**24)] = 2048
    text_loss: Literal["all", "answer"] = "all"
    survey: Survey = Survey()
    reviewed: bool = False
    contamination: Literal["leave-out", "keep"] = "leave-out"
    against: tuple[Name, ...] = ()
    normad_countries: Literal["own", "s2n"] = "own"
    wiki_words: Annotated[int, Field(ge=10, le=1_000_000)] = 200
    files: Files = Files()

    @field_validator("mix")
    @classmethod
    def _known(cls, value: str) -> str:
        parse_mixture(value)
        return value

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.match is not None and self.size is not None:
            raise ValueError("match and size both say how much to take: give one of them")
        return self


class Lora(_Keys):
    """The shape of the adapter; `save` are modules that are trained whole, and saved with it."""

    r: Annotated[int, Field(ge=1, le=65_536)] = 64
    alpha: Annotated[float, Field(gt=0, le=1e9)] = 16
    dropout: Share = 0.1
    targets: Annotated[tuple[Name, ...], BeforeValidator(split_list), Field(min_length=1)] = ("q_proj", "v_proj")
    save: Annotated[tuple[Name, ...], BeforeValidator(split_list)] = ()


class Training(_Keys):
    """How the adapter is optimised, checked and saved."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-4
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    warmup: Share = 0.03
    batch: Positive = 2
    accumulation: Positive = 4
    epochs: Annotated[float, Field(gt=0, le=1_000_000)] = 3
    steps: Steps | None = None
    optimizer: Literal["adamw_8bit", "adamw"] = "adamw_8bit"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    gradient_checkpointing: bool = True
    packing: bool = False
    patience: Steps | None = None
    deterministic: bool = True
    log: Annotated[tuple[Literal["tensorboard", "wandb", "mlflow"], ...], BeforeValidator(split_list)] = (
        "tensorboard",
    )


class Recipe(_Keys):
    """`name` is the file's; `resolved()` gives plain data from which `Recipe.model_validate` makes the same recipe."""

    name: Name
    summary: Name
    student: Name
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 42
    data: Data = Data()
    base: Quantization = Quantization()
    lora: Lora = Lora()
    training: Training = Training()

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if any(character in "/\\" or not character.isprintable() for character in value):
            raise ValueError(f"{value!r} is no name: leave out slashes and control characters")
        return value

    @model_validator(mode="after")
    def _can_stop(self) -> Self:
        if self.training.patience is not None and not self.data.held_out:
            raise ValueError("training.patience needs held-out data: raise data.held_out above 0")
        return self

    def resolved(self) -> dict[str, Any]:
        """The whole recipe as JSON values, defaults included."""
        return self.model_dump(mode="json")
