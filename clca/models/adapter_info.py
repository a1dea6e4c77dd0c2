"""The content of `adapter.json`: what an adapter was trained on, how, and how it went."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, Strict, ValidationError, field_validator

from clca.content.parsing import validation_message
from clca.records import Record
from clca.storage.selection import Selection


class Lineage(Record):
    """A run that the adapter was trained on, with its `inputs`; `sha256` is that of its `dialogues.jsonl`."""

    run: str
    fingerprint: str
    dialogues: int
    sha256: str
    inputs: dict[str, Any] = Field(default_factory=dict)


class StudentRef(Record):
    """The student that was trained: `source` is a hub id, at `revision`, or the name of a folder.

    Only PEFT's `adapter_config.json` has the path of that folder.
    """

    name: str
    source: str
    revision: str | None
    tiny: bool


class SharedText(Record):
    """A text of an evaluation that was found in training data: of which item, in what (`source`), and `where` there."""

    source: str
    where: str
    evaluation: str
    item: str
    text: str


class SplitCounts(Record):
    """Counts of a split's examples by task, and of the `dropped` ones by reason.

    `items` counts the rows of each survey item, `shared` what was left out since it shares a text with an evaluation,
    by evaluation, and `shared_texts` lists the first of these; earlier versions did not record them.
    """

    rows: dict[str, int]
    tokens: dict[str, int]
    trained: dict[str, int]
    cut: dict[str, int]
    dropped: dict[str, int]
    sha256: str
    items: dict[str, int] | None = None
    shared: dict[str, int] | None = None
    shared_texts: tuple[SharedText, ...] = ()


class ListedExample(Record):
    """A line of an adapter's `examples.jsonl`: an example that it was trained on, or measured with while training.

    `id` says where it comes from: of a dialogue its id and the side (`:0`, `:1`) or `:intent`. `run` counts the entries
    of `lineage` from 0. An example that was taken several times has as many lines.
    """

    part: Literal["train", "held-out"]
    task: str
    id: str
    run: int | None = None


class LossPoint(Record):
    """The losses at a step; `eval_loss` is that of the held-out split."""

    step: int
    loss: float | None = None
    eval_loss: float | None = None


class _Base(BaseModel):
    bits: Literal[4, 8, 16]


class _Data(BaseModel):
    mix: str


class _Lora(BaseModel):
    r: Annotated[int, Strict()]
    alpha: Annotated[float, Strict()]
    targets: tuple[str, ...] = ()
    save: tuple[str, ...] = ()


class _RecipeHead(BaseModel):
    """What is read of a recipe; the whole of it is `clca.training.recipe.Recipe`."""

    name: str
    base: _Base
    data: _Data = _Data(mix="")
    lora: _Lora = _Lora(r=1, alpha=1)


class AdapterInfo(Record):
    """The content of `adapter.json`.

    `recipe_sha256` is the digest of `recipe`, `content` maps the content files used to their digests. `compute` is the
    number format of the arithmetic, `seconds` the training time over all interruptions. `rehearsal` marks an adapter
    whose scores say nothing about a culture, for the reasons in `because`. `selection` says which runs were taken of
    each culture, and what else there was. `changed` are the settings in which the recipe is not the packaged one of its
    name, `date` is what the chat template took for today, `compared` the number of texts of each evaluation that
    training data were compared with, null where they were not, and the last two are the digests of the files that list
    the examples and hold the weights; earlier versions recorded none of these.
    """

    format: Literal[1] = 1
    created: str
    cultures: tuple[str, ...]
    rehearsal: bool
    because: tuple[str, ...]
    student: StudentRef
    recipe: dict[str, Any]
    recipe_sha256: str
    changed: tuple[str, ...] | None = None
    lineage: tuple[Lineage, ...]
    train: SplitCounts
    held_out: SplitCounts
    content: dict[str, str]
    examples: int
    rows: int
    steps: int
    loss: float
    eval_loss: float | None
    losses: tuple[LossPoint, ...]
    best_step: int | None
    seconds: float
    tokens_per_second: float
    device: str
    processes: int
    compute: str
    versions: dict[str, str]
    selection: tuple[Selection, ...] = ()
    date: str = ""
    compared: dict[str, int] | None = None
    examples_sha256: str | None = None
    weights_sha256: str | None = None

    @field_validator("recipe")
    @classmethod
    def _has_a_head(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            _RecipeHead.model_validate(value)
        except ValidationError as error:
            raise ValueError(validation_message(error)) from None
        return value

    @property
    def mix(self) -> str:
        """The mixture that it learned from."""
        return str(self.recipe.get("data", {}).get("mix", ""))
