"""The configuration of `clca train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from clca.content.config import Option, StageConfig, split_names, student_name
from clca.training.mixture import parse_mixture

WHAT, HOW = "What to train on", "Student and recipe"


class TrainConfig(StageConfig):
    """What is trained on what, and how. A recipe of `trainers/` has the rest; `settings` change its keys."""

    stage: ClassVar[str] = "train"

    culture: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Culture by name, country or ISO code; repeatable."),
        Option(WHAT, short="-c"),
    ] = ()
    combined: Annotated[
        bool,
        Field(description="Train one adapter over all these cultures, not one for each."),
        Option(WHAT),
    ] = False
    every_culture: Annotated[
        bool,
        Field(description="Train every culture that has data, one after the other."),
        Option(WHAT, name="all"),
    ] = False
    run: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Train on this run: folder, name, pattern of folders, or culture; repeatable."),
        Option(WHAT, default="the finished run of each culture that covers the most"),
    ] = ()
    teacher: Annotated[
        str | None,
        Field(description="Train on runs of this teacher only."),
        Option(WHAT, default="any; runs that differ in more than size have to be named"),
    ] = None
    generated: Annotated[
        Path, Field(description="Folder of the runs."), Option(follows="generate.out", hidden=True)
    ] = Path("generated")
    mix: Annotated[
        str | None,
        Field(description="Sources to mix, as in clca, intent-only, wvs+wiki or clca:3+chat:1."),
        Option(WHAT, default="the recipe's"),
    ] = None
    reviewed: Annotated[
        bool,
        Field(
            description="Train only on dialogues that a reviewer accepted (clca review); those that one rejected are"
            " left out always."
        ),
        Option(WHAT),
    ] = False
    student: Annotated[
        str | None,
        AfterValidator(student_name),
        Field(description="Model to train: an alias (clca models list), a hub id, a local folder, or tiny."),
        Option(HOW, short="-s", default="the recipe's"),
    ] = None
    recipe: Annotated[
        str | None,
        Field(description="Recipe of trainers/, or a YAML file."),
        Option(HOW, short="-r", default="tiny, the rehearsal; clca with --student", path=True),
    ] = None
    settings: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Change a key of the recipe, as in lora.r=32; repeatable."),
        Option(HOW, name="set", metavar="KEY=VALUE"),
    ] = ()
    out: Annotated[Path, Field(description="Folder of the adapters."), Option(HOW)] = Path("adapters")
    new: Annotated[
        bool,
        Field(description="Train another adapter beside a finished one; an unfinished one is resumed."),
        Option(HOW),
    ] = False

    @model_validator(mode="after")
    def _every_culture_or_some(self) -> TrainConfig:
        if self.every_culture and self.culture:
            raise ValueError(f"--all trains every culture, --culture only {', '.join(self.culture)}: give one of them")
        return self

    @model_validator(mode="after")
    def _runs_or_their_teacher(self) -> TrainConfig:
        if self.teacher is not None and self.run:
            raise ValueError("--run names the runs, --teacher chooses among them: give one of them")
        return self

    @field_validator("out")
    @classmethod
    def _can_be_opened(cls, value: Path) -> Path:
        try:
            str(value).encode()
        except UnicodeEncodeError:
            raise ValueError(f"{str(value)!a} is not UTF-8, and the libraries of training open no such path") from None
        return value

    @field_validator("mix")
    @classmethod
    def _is_a_mixture(cls, value: str | None) -> str | None:
        if value is not None:
            parse_mixture(value)
        return value
