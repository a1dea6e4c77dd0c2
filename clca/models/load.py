"""A student's tokenizer, configuration and weights, loaded through transformers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from clca.content.steady import kept
from clca.errors import ClcaError, SettingsError
from clca.models.hub import is_out_of_reach
from clca.models.logging import quiet_libraries
from clca.models.model_files import (
    require_bounded_tokenizer,
    require_fitting_size,
    require_plain,
    require_weights,
)
from clca.models.quantization import Compute, Quantization
from clca.models.student import Student

_TEMPLATE_NAME = re.compile(r"[\w-]{1,100}")  # also a file's, where the tokenizer is saved


def load_tokenizer(student: Student) -> Any:
    """The student's fast tokenizer, with a padding token. Raises `SettingsError` if it cannot be loaded."""
    return kept(("tokenizer", student.source, student.revision), lambda: _load_tokenizer(student))


def _load_tokenizer(student: Student) -> Any:
    from transformers import AutoTokenizer

    with quiet_libraries(), load_errors(student):
        require_plain(student)
        require_bounded_tokenizer(student)
        tokenizer = AutoTokenizer.from_pretrained(student.source, **_source_options(student))
        _require_templates(tokenizer.chat_template, student)
        tokenizer(["a"], add_special_tokens=False)  # it stumbles at some of its settings only then
    if tokenizer.pad_token is None:  # padding carries no loss, so any token will do
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_config(student: Student) -> Any:
    """The student's transformers configuration. Raises `SettingsError` if it cannot be loaded."""
    from transformers import AutoConfig

    with quiet_libraries(), load_errors(student):
        require_plain(student)
        return AutoConfig.from_pretrained(student.source, **_source_options(student))


def _require_templates(templates: Any, student: Student) -> None:
    """Refuse chat templates that are no texts, or whose names lead elsewhere where a tokenizer is saved."""
    for name, text in templates.items() if isinstance(templates, dict) else [("default", templates or "")]:
        if not isinstance(text, str) or not _TEMPLATE_NAME.fullmatch(str(name)):
            raise SettingsError(f"{student.source}: the chat template {str(name)[:60]!r} is no text with a plain name")


def _source_options(student: Student) -> dict[str, Any]:
    """The commit to read; code in the student's folder is never run, and the user is never asked whether to."""
    out_of_reach = is_out_of_reach(student.source, os.environ)
    return {"revision": student.revision, "local_files_only": out_of_reach, "trust_remote_code": False}


def compute_type(base: Quantization, device: str) -> Compute:
    """The number format that is computed in: the recipe's, or fp32 if the device has no bf16 arithmetic."""
    if base.compute == "fp32" or device != "cuda":
        return "fp32"
    import torch

    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"


def this_device() -> Literal["cuda", "cpu"]:
    """`cuda` if torch sees a GPU, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def threads_of(student: Student | None) -> Iterator[None]:
    """One thread of torch for the tiny student: several wait longer for each other than its steps take."""
    if student is None or not student.tiny:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def is_sharded(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether `accelerate launch` was told to shard the model over all GPUs (FSDP)."""
    return environment.get("ACCELERATE_USE_FSDP", "").lower() == "true"


def load_model(student: Student, base: Quantization, device: str) -> Any:
    """The student's model, quantised as `base` says and ready for LoRA.

    Under `accelerate launch` each process loads onto its own GPU, unless the model is sharded over all of them.
    Raises `SettingsError` if it cannot be loaded, `MemoryError` if it is too large for the device.
    """
    import torch
    from transformers import AutoModelForCausalLM

    compute = torch.bfloat16 if compute_type(base, device) == "bf16" else torch.float32
    sharded = is_sharded()
    options: dict[str, Any] = {"dtype": compute, **_source_options(student)}
    if device == "cuda" and not sharded:
        options["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0"))}
    if base.bits == 8 and sharded:
        raise SettingsError("weights in 8 bits cannot be sharded over GPUs: --set base.bits=4 or base.bits=16")
    if base.bits < 16:
        if device == "cpu":
            _keep_gradients()
        options["quantization_config"] = base.bits_and_bytes(compute, sharded=sharded)
    config = load_config(student)
    if getattr(config, "attn_logit_softcapping", None):
        options["attn_implementation"] = "eager"  # sdpa, transformers' choice for Gemma 2, ignores the cap
    with quiet_libraries(), load_errors(student):
        require_fitting_size(config, student, require_weights(student))
        model = AutoModelForCausalLM.from_pretrained(student.source, use_safetensors=True, **options)
    model.config.use_cache = False
    if base.bits < 16 and not sharded:  # sharding needs one number format throughout
        from peft import prepare_model_for_kbit_training

        # The trainer turns gradient checkpointing on.
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return model


def _keep_gradients() -> None:
    """Disable the CPU kernel of bitsandbytes that has no gradient.

    With AVX-512 bf16 it repacks the weights in any forward pass in evaluation mode; training then changes nothing,
    without an error.
    """
    import bitsandbytes.nn.modules as modules

    modules.has_avx512bf16 = lambda: False


@contextmanager
def load_errors(student: Student) -> Iterator[None]:
    """Raise errors of transformers and of the hub's client as `SettingsError`, or `MemoryError` for lack of memory."""
    try:
        yield
    except ClcaError:
        raise
    except Exception as error:
        source = student.source
        names = {type(cause).__name__ for cause in _chain(error)}
        message = _first_sentence(error)
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
                f"{source} needs custom code, which clca does not run: choose a student that transformers"
                " supports itself"
            ) from None
        if "backend tokenizer" in str(error):
            raise SettingsError(f"{source} holds no tokenizer: a student needs its tokenizer.json") from None
        if names & {"OutOfMemoryError", "MemoryError"} or "can't allocate memory" in str(error):
            raise MemoryError(message) from None
        raise SettingsError(
            f"{source} cannot be loaded: {message}"
        ) from None  # whatever its files made them stumble at


def _first_sentence(error: Exception) -> str:
    """The first line of what a library says, and the next one if that ends in a colon; the error's kind for a bug."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
    return text if text and isinstance(error, OSError | ValueError | ImportError) else f"{type(error).__name__} {text}"


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain
