"""Merges an adapter into its student: a whole model, for programs that cannot load adapters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors import SafetensorError

from clca.content.parsing import validation_message
from clca.errors import ClcaError, ContentError, SettingsError, StoreError
from clca.inference.hardware import machine
from clca.models import ModelCatalogue, find_model
from clca.models.adapter import CARD, FILE, WEIGHTS, TrainedAdapter
from clca.models.adapter_weights import load_adapter
from clca.models.load import load_model, load_tokenizer
from clca.models.logging import quiet_libraries
from clca.models.merged import MERGED
from clca.models.size import GIB
from clca.models.student import Student
from clca.safe_open import read_bytes
from clca.storage.atomic import atomic_folder
from clca.training.recipe import Recipe

ADAPTER = "default"  # PEFT's name for an adapter that is given none
NO_MEMORY = "can't allocate memory"  # in torch's message for a CPU


def merge(adapter: TrainedAdapter, target: Path) -> Path:
    """Write the whole model to the new folder `target`, which is returned.

    Quantised weights are dequantised first, so that the merged model computes what the adapter does on the quantised
    student. Weights have 16 bits (a tiny student's 32). Everything is computed on the CPU, in 32 bits.

    Raises `StoreError` if `target` exists or cannot be written, `SettingsError` for an adapter that does not fit its
    student or too little memory, `ContentError` for damaged weights.
    """
    if target.exists():
        raise StoreError(f"{target} exists already: give another folder")
    data = adapter.data
    student = Student(data.student.name, adapter.source, data.student.revision, data.student.tiny, None)
    try:
        recipe = Recipe.model_validate(data.recipe)
    except ValidationError as error:
        raise ContentError(str(adapter.folder / FILE), None, f"recipe: {validation_message(error, Recipe)}") from None
    try:
        with atomic_folder(target) as draft:
            with quiet_libraries(), _in_memory(student):
                _save(_merged(student, recipe, adapter.folder), draft, student)
                _save(load_tokenizer(student), draft, student)
            for source, copy in ((FILE, MERGED), (CARD, CARD)):
                (draft / copy).write_bytes(read_bytes(adapter.folder / source, within=adapter.folder))
    except SafetensorError as error:
        raise StoreError(f"cannot write {target}: {error}") from None
    return target


def require_memory(adapter: TrainedAdapter, models: ModelCatalogue, environment: Mapping[str, str]) -> None:
    """Raise `SettingsError` if the free RAM does not hold the student in 32 bits: the system would kill the process."""
    model = find_model(adapter.source, models, environment)
    if model is None or not model.parameters:
        return
    needed, free = 4 * model.parameters, machine(environment).ram
    if needed > free:
        raise SettingsError(
            f"merging {adapter.source} takes {needed / GIB:.1f} GiB of RAM, but {free / GIB:.1f}"
            " GiB are free: use a machine with more"
        )


def _save(part: Any, folder: Path, student: Student) -> None:
    """Save a model or a tokenizer. Raises `SettingsError` for settings that transformers reads and does not write."""
    try:
        part.save_pretrained(folder)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise SettingsError(f"{student.source} cannot be saved again: {reason}") from None


@contextmanager
def _in_memory(student: Student) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and NO_MEMORY not in str(error):
            raise
        raise SettingsError(
            f"{student.source} does not fit into memory for merging: use a machine with more RAM"
        ) from None


def _merged(student: Student, recipe: Recipe, adapter: Path) -> Any:
    import torch

    model = load_model(student, recipe.base, "cpu")
    if recipe.base.bits < 16:
        model = model.dequantize()
    model = model.to(torch.float32)  # rounded once, at the end
    try:
        merged = load_adapter(model, adapter, ADAPTER).merge_and_unload()
    except SafetensorError as error:
        raise ContentError(str(adapter / WEIGHTS), None, f"is damaged: {error}") from None
    except (ClcaError, MemoryError):
        raise
    except Exception as error:  # whatever its files made PEFT stumble at
        if NO_MEMORY in str(error):
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SettingsError(f"{adapter} does not fit {student.source}: {reason}") from None
    merged.config.use_cache = True
    if recipe.lora.save and _are_apart(merged):
        merged.config.get_text_config().tie_word_embeddings = merged.config.tie_word_embeddings = False
    return merged if student.tiny else merged.to(torch.bfloat16)


def _are_apart(model: Any) -> bool:
    """Whether embeddings and output layer, which the student may share, have become two weights."""
    import torch

    output = model.get_output_embeddings()
    return output is not None and not torch.equal(model.get_input_embeddings().weight, output.weight)
