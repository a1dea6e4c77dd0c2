"""The model that is taught: found by name, and loaded as the recipe says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from clca.content.lookup import Content
from clca.errors import ClcaError, SettingsError
from clca.models import Model, Models, known, require_access
from clca.models.logging import quiet_libraries
from clca.models.quantization import Quantization
from clca.models.tiny import MARK, cache_folder, make_tiny

TINY = "tiny"
Compute = Literal["bf16", "fp32"]


@dataclass(frozen=True, slots=True)
class Student:
    """A model to teach. `source` is what transformers loads it from: a folder, or a hub id at `revision`.

    `model` is what is known of its shape, if anything is.
    """

    name: str
    source: str
    revision: str | None
    tiny: bool
    model: Model | None


def find_student(name: str, models: Models, environment: Mapping[str, str], content: Content) -> Student:
    """The student of an alias, a hub id, a local folder, or `tiny`, which is made on the spot.

    Raises one-line errors for what is not there, is gated, or is published in quantised form only.
    """
    if name.strip().lower() == TINY:
        folder = make_tiny(cache_folder(environment), content)
        return Student(TINY, str(folder), None, True, known(str(folder), models, environment))
    model = known(name, models, environment)
    if model is None:
        return Student(name, name, None, False, None)
    if not model.whole:
        raise SettingsError(
            f"{name} is published in {model.precision}: a student is quantised as its recipe says while it is loaded,"
            " so choose the 16-bit model that it was made from"
        )
    require_access(model, environment)
    return Student(model.name, model.hub, None, model.local and is_tiny(Path(model.hub)), model)


def is_tiny(folder: Path) -> bool:
    """Whether a folder holds a tiny student, by the mark in its configuration."""
    try:
        return bool(json.loads((folder / "config.json").read_bytes()).get(MARK))
    except (OSError, ValueError, AttributeError):
        return False


def pinned(student: Student) -> Student:
    """The student at the commit that its hub id means now; without a network at that of what lies here, if anything."""
    from transformers.utils.hub import resolve_revision

    commit = getattr(resolve_revision(student.source, student.revision), "resolved", None)
    return student if commit is None else replace(student, revision=commit)


def load_tokenizer(student: Student) -> Any:
    """The student's fast tokenizer."""
    from transformers import AutoTokenizer

    with quiet_libraries(), _one_line(student):
        tokenizer = AutoTokenizer.from_pretrained(student.source, **_trusted(student))
    if tokenizer.pad_token is None:  # padding carries no loss, so any token serves
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_config(student: Student) -> Any:
    """The student's configuration, without its weights."""
    from transformers import AutoConfig

    with quiet_libraries(), _one_line(student):
        return AutoConfig.from_pretrained(student.source, **_trusted(student))


def _trusted(student: Student) -> dict[str, Any]:
    """Which files of a student are read; code that lies beside them is never run, nor is the user asked to."""
    return {"revision": student.revision, "trust_remote_code": False}


def compute_type(base: Quantization, device: str) -> Compute:
    """What the recipe asks for, where the device has it: bf16 needs a GPU that computes in it."""
    if base.compute == "fp32" or device != "cuda":
        return "fp32"
    import torch

    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"


def this_device() -> Literal["cuda", "cpu"]:
    """`cuda` where torch sees a GPU."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def is_sharded(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether `accelerate launch` was told to shard the model over all GPUs (FSDP)."""
    return environment.get("ACCELERATE_USE_FSDP", "").lower() == "true"


def load_model(student: Student, base: Quantization, device: str) -> Any:
    """The student's weights, quantised as the recipe says, and ready for LoRA.

    Under `accelerate launch` each process takes its own GPU, and none is chosen where the model is
    sharded over all of them. Raises `MemoryError` for one that is too large.
    """
    import torch
    from transformers import AutoModelForCausalLM

    compute = torch.bfloat16 if compute_type(base, device) == "bf16" else torch.float32
    sharded = is_sharded()
    options: dict[str, Any] = {"dtype": compute, **_trusted(student)}
    if device == "cuda" and not sharded:
        options["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0"))}
    if base.bits == 8 and sharded:
        raise SettingsError("weights in 8 bits cannot be sharded over GPUs: --set base.bits=4 or base.bits=16")
    if base.bits < 16:
        if device == "cpu":
            _keep_gradients()
        options["quantization_config"] = _quantisation(base, compute, sharded=sharded)
    if getattr(load_config(student), "attn_logit_softcapping", None):
        options["attn_implementation"] = "eager"  # what transformers chooses for Gemma 2, sdpa, leaves the cap out
    with quiet_libraries(), _one_line(student):
        model = AutoModelForCausalLM.from_pretrained(student.source, **options)
    model.config.use_cache = False
    if base.bits < 16 and not sharded:  # sharding needs one type of number throughout
        from peft import prepare_model_for_kbit_training

        # Checkpointing is the trainer's to turn on.
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return model


def _quantisation(base: Quantization, compute: Any, *, sharded: bool) -> Any:
    from transformers import BitsAndBytesConfig

    if base.bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True)
    extra = {"bnb_4bit_quant_storage": compute} if sharded else {}  # FSDP shards only what is stored as numbers
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=base.quant_type,
        bnb_4bit_use_double_quant=base.double_quant,
        bnb_4bit_compute_dtype=compute,
        **extra,
    )


def _keep_gradients() -> None:
    """Keep bitsandbytes from its CPU kernel that has no gradient.

    With AVX-512 bf16 it repacks the weights in any forward pass in evaluation mode, and training
    then stands still without an error.
    """
    import bitsandbytes.nn.modules as modules

    modules.has_avx512bf16 = lambda: False


@contextmanager
def _one_line(student: Student) -> Iterator[None]:
    """Turns what transformers and the hub's client raise into one line; `MemoryError` is left to the caller."""
    try:
        yield
    except ClcaError:
        raise
    except Exception as error:
        source = student.source
        names = {type(one).__name__ for one in _chain(error)}
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        if "GatedRepoError" in names:
            advice = f"accept its licence at https://huggingface.co/{source}, then `hf auth login` or set HF_TOKEN"
            raise SettingsError(f"{source} is gated: {advice}") from None
        if names & {"LocalEntryNotFoundError", "OfflineModeIsEnabled", "ConnectionError", "ConnectError"}:
            raise SettingsError(
                f"{source} is not on this machine, and the hub cannot be reached: check the network and"
                " HF_HUB_OFFLINE, or give a local folder with --student ./DIR"
            ) from None
        if "trust_remote_code" in str(error):
            raise SettingsError(
                f"{source} needs its own code, which is not run: choose a student that transformers has the code of"
            ) from None
        if "backend tokenizer" in str(error):
            raise SettingsError(f"{source} holds no tokenizer: a student needs its tokenizer.json") from None
        if names & {"OutOfMemoryError", "MemoryError"}:
            raise MemoryError(said) from None
        if isinstance(error, OSError | ValueError | ImportError) or "SafetensorError" in names:
            raise SettingsError(f"{source} cannot be loaded: {said}") from None
        raise


def _chain(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
