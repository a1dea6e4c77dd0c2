"""An adapter merged into its student: a whole model for those who cannot load adapters."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from clca.errors import SettingsError, StoreError
from clca.training.adapter import CARD, FILE, Found
from clca.training.folders import put
from clca.training.quiet import quiet
from clca.training.recipe import Recipe
from clca.training.student import Student, load_model, load_tokenizer, this_device

MERGED = "merged.json"  # what was `adapter.json` in the adapter's folder


def merge(adapter: Found, target: Path) -> Path:
    """Write the whole model to `target`, which must not be there yet.

    What was trained on is merged into: quantised weights are dequantised first, so that the merged
    model computes what the adapter does on the quantised student. Weights are 16 bits wide (those
    of a tiny student 32).
    """
    if target.exists():
        raise StoreError(f"{target} is there already: give another folder")
    data = adapter.data
    student = Student(data.student.name, data.student.source, data.student.revision, data.student.tiny, None)
    recipe = Recipe.model_validate(data.recipe)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise StoreError(f"cannot write {target.parent}: {error.strerror}") from None
    try:
        with quiet():
            model = _merged(student, recipe, adapter.folder)
            model.save_pretrained(draft)
            load_tokenizer(student).save_pretrained(draft)
        shutil.copyfile(adapter.folder / FILE, draft / MERGED)
        shutil.copyfile(adapter.folder / CARD, draft / CARD)
        put(draft, target)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _merged(student: Student, recipe: Recipe, adapter: Path) -> Any:
    import torch
    from peft import PeftModel

    model = load_model(student, recipe.base, this_device())
    if recipe.base.bits < 16:
        model = model.dequantize()
    model = model.to(torch.float32)  # rounded once, at the end
    try:
        merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    except (ValueError, RuntimeError) as error:
        said = str(error).splitlines()[0]
        raise SettingsError(f"{adapter} does not fit {student.source}: {said}") from None
    merged.config.use_cache = True
    return merged if student.tiny else merged.to(torch.bfloat16)
