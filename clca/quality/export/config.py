"""The configuration of `clca export`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from clca.content.config import Option, StageConfig, split_names

Format = Literal["chat", "sharegpt", "alpaca", "parquet", "datasets"]
TaskChoice = Literal["both", "dialogue", "intent"]

REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}")
HUB = "To the hub"

_NEEDED: dict[Format, tuple[str, ...]] = {"parquet": ("pyarrow",), "datasets": ("pyarrow",)}


def _not_in_a_file(text: str, folder: Path) -> None:
    raise ValueError("a folder's settings may not publish data: give --push and --public on the command line")


class ExportConfig(StageConfig):
    """Which runs are exported, in which form, and where to."""

    stage: ClassVar[str] = "export"

    run: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(
            min_length=1,
            description="Runs to export together: folder, name, pattern of folders, or culture, of which the newest.",
        ),
        Option(argument=True, metavar="RUN..."),
    ]
    format: Annotated[
        Format,
        Field(
            description="chat: messages, and the records beside them; sharegpt, alpaca: for LLaMA-Factory and axolotl;"
            " parquet: the records; datasets: records and messages as configurations of one dataset."
        ),
        Option(short="-f"),
    ] = "chat"
    task: Annotated[
        TaskChoice,
        Field(description="What messages teach: to take a side, to name intents, or both, as clca train does."),
        Option(),
    ] = "both"
    reviewed: Annotated[
        bool,
        Field(
            description="Only dialogues that a reviewer accepted (clca review); those that one rejected are left out"
            " always."
        ),
        Option(),
    ] = False
    out: Annotated[
        Path, Field(description="Folder to write: new, empty, or of an earlier export."), Option(metavar="DIR")
    ]
    license: Annotated[
        str | None,
        Field(description="Licence that you publish the data under, as the hub writes it (cc-by-4.0); for the card."),
        Option(metavar="ID", default="none named"),
    ] = None
    push: Annotated[
        str | None,
        Field(description="Upload the folder to this dataset of the Hugging Face hub, with the token that it has."),
        Option(HUB, metavar="OWNER/NAME", in_file=_not_in_a_file),
    ] = None
    public: Annotated[
        bool,
        Field(description="Make a dataset that --push creates public; it is private otherwise."),
        Option(HUB, in_file=_not_in_a_file),
    ] = False
    audits: Annotated[
        Path,
        Field(description="Folder of the audits of the judge; the figures of the newest of each run are on the card."),
        Option(),
    ] = Path("audits")
    generated: Annotated[
        Path, Field(description="Folder of the runs."), Option(follows="generate.out", hidden=True)
    ] = Path("generated")

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries that the export needs."""
        return (*_NEEDED.get(self.format, ()), *(("huggingface_hub",) if self.push else ()))

    @field_validator("push")
    @classmethod
    def _is_a_repository(cls, value: str | None) -> str | None:
        if value is not None and not REPOSITORY.fullmatch(value):
            raise ValueError(f"{value!r} is no OWNER/NAME of the hub, as in my-lab/japan-dialogues")
        return value

    @field_validator("license")
    @classmethod
    def _is_an_identifier(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,60}", value):
            raise ValueError(f"{value!r} is no licence as the hub writes them, as in cc-by-4.0")
        return value

    @model_validator(mode="after")
    def _public_is_pushed(self) -> ExportConfig:
        if self.public and not self.push:
            raise ValueError("--public is of a dataset that is uploaded: give --push OWNER/NAME too")
        return self
