"""The plan of an evaluation: what all of them settle before a model is asked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from clca.content.lookup import Content
from clca.evaluation.config import EvaluationConfig
from clca.evaluation.cost import Cost
from clca.evaluation.evaluated_model import Adapter, EvaluatedModel
from clca.evaluation.prediction_dir import SCORES
from clca.evaluation.predictor import ALL_COVERED, InferenceConfig, TopKCoverage, served_tokenizer
from clca.evaluation.replicas import engine_inputs, precision_caveats
from clca.models.chat_template import ChatTemplate
from clca.models.fixed_date import ISO_DATE
from clca.storage.fingerprint import Inputs, fingerprint, slug
from clca.urls import without_credentials


@dataclass(frozen=True, kw_only=True)
class EvaluationPlan:
    """What is asked of which model, how, and where the evaluation goes.

    `inputs` decide the answers, and by their fingerprint the `folder`. `info` holds further keys of `evaluation.json`.
    A `demonstration` asks texts that were made for it and measures nothing; None for a kind that has none. `warnings`
    are for the user.
    """

    screen_tables: ClassVar[tuple[str, ...]] = ()
    """Metrics of the tables that are shown on the screen; files have all."""
    label_noun: ClassVar[str] = "label"
    measures: ClassVar[str] = "any culture"
    """What the scores of a rehearsal say nothing of."""

    config: EvaluationConfig
    content: Content
    model: EvaluatedModel
    inference: InferenceConfig
    inputs: Inputs
    info: Mapping[str, Any]
    folder: Path
    demonstration: bool | None = None
    warnings: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether the scores exist already."""
        return (self.folder / SCORES).is_file()

    @property
    def identity(self) -> str:
        """What identifies the results, in 64 hexadecimal digits."""
        return fingerprint(self.inputs)

    @property
    def marks(self) -> dict[str, bool]:
        """What the scores are marked with in every file that holds them."""
        marks = {"rehearsal": self.model.rehearsal}
        return marks if self.demonstration is None else {**marks, "demonstration": self.demonstration}

    @cached_property
    def cost(self) -> Cost:
        """Prompts, tokens and time of the whole evaluation, estimated when first read; no model is loaded."""
        raise NotImplementedError

    @property
    def summary(self) -> dict[str, Any]:
        """What both `--plan --json` and the result say of the evaluation."""
        return {
            "student": self.model.name,
            **self.marks,
            "adapters": {row: adapter.name for row, adapter in self.model.adapters.items()},
            "taught": self.model.taught,
            "selection": [entry.model_dump() for entry in self.model.selection],
            "mode": self.inference.mode,
            "bits": self.model.loaded_bits,
        }

    @property
    def recorded(self) -> dict[str, Any]:
        """What `evaluation.json` says of who answers, and how it is asked."""
        model, server = self.model, self.config.base_url
        trained = {"taught": model.taught, "recipes": model.recipes}
        return {**self.info, **self.marks, "inputs": self.inputs, "server": server, **trained}

    def suite_caveats(self) -> list[str]:
        """What has to be read beside the scores of this kind of evaluation."""
        return []

    def caveats(self, coverage: TopKCoverage = ALL_COVERED, of_run: Sequence[str] = ()) -> tuple[str, ...]:
        """What has to be read beside every score; `of_run` is known only once the model has answered."""
        reasons = "; ".join(self.model.rehearsal_reasons)
        rehearsal = [f"REHEARSAL ({reasons}): these scores say nothing of {self.measures}."] if reasons else []
        return (
            *rehearsal,
            *adapter_caveats(self.model),
            *precision_caveats(self.config, self.model),
            *self._clock_caveats,
            *self.suite_caveats(),
            *of_run,
            *coverage.caveats(f"{self.label_noun}s"),
        )

    @cached_property
    def _clock_caveats(self) -> list[str]:
        """That a server writes its own date into prompts, as far as its chat template is known here."""
        if not (self.inference.served and self.inference.chat):
            return []
        tokenizer = served_tokenizer(self.model, self.inference.workspace, os.environ)
        if tokenizer is None or not tokenizer.chat_template or not ChatTemplate(tokenizer).reads_clock:
            return []
        return [
            "The server's chat template writes the date of its clock into every prompt, unless it was started with"
            f" another template; training and evaluation on this machine write {ISO_DATE}."
        ]

    def sample_prompts(self) -> list[tuple[str, str]]:
        """The first prompt of each form, with a title."""
        raise NotImplementedError

    def json_object(self) -> dict[str, Any]:
        """What `--plan --json` prints."""
        return {
            "evaluation": str(self.folder),
            "exists": self.finished,
            **self.summary,
            **self.cost.json_object(),
            "caveats": list(self.caveats()),
        }


def adapter_caveats(model: EvaluatedModel) -> list[str]:
    """What the adapters were trained with; that they differ in it, where they do."""
    taught = model.taught
    if len(set(taught.values())) > 1:
        listed = "; ".join(f"{row}: {what}" for row, what in taught.items())
        return [f"The adapters differ in what they were trained with, and so do their rows: {listed}."]
    return [f"Adapters: {what}." for what in dict.fromkeys(taught.values())]


def model_inputs(config: EvaluationConfig, model: EvaluatedModel, adapters: Mapping[str, Adapter]) -> Inputs:
    """The inputs of a fingerprint that say which model answers."""
    return {
        "student": model.id,
        "server": without_credentials(config.base_url) if config.base_url else None,
        "adapters": {row: adapter.digest for row, adapter in adapters.items()},
        "bits": model.bits,
        **engine_inputs(config),
    }


def content_inputs(content: Content, prefixes: tuple[str, ...]) -> Inputs:
    """The digests of the content files read so far whose paths begin with one of `prefixes`."""
    return {f"content:{path}": used.digest for path, used in sorted(content.used.items()) if path.startswith(prefixes)}


def evaluation_folder(config: EvaluationConfig, model: EvaluatedModel, labels: Sequence[str], inputs: Inputs) -> Path:
    """The folder of an evaluation: the newest of these inputs, or with `--new` the next one beside it."""
    name = "-".join((slug(model.name), *labels, fingerprint(inputs)[:6]))
    return newest_folder(config.out / config.kind / name, new=config.new)


def newest_folder(base: Path, *, new: bool) -> Path:
    """The last folder that exists of `base`, `base-2`, `base-3`...; the next one if `new` or none does."""
    folder, number = base, 1
    while True:
        following = base.with_name(f"{base.name}-{number + 1}")
        if not (following.exists() or (new and folder.exists())):
            return folder
        folder, number = following, number + 1
