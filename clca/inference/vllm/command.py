"""The command that starts vLLM: its arguments and environment."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from clca.content.parsing import suggestion
from clca.errors import SettingsError
from clca.inference.keys import without_keys
from clca.inference.vllm.fit import Fit
from clca.models import ModelInfo
from clca.models.size import GIB
from clca.models.vllm_arguments import INERT
from clca.shell import command_line

HOST = "127.0.0.1"

# `guidance` keeps replies within their schema, whose separators come with each request; vLLM's default lets a
# model write raw control characters into strings. Sampling parameters come with each request, too: those that a
# model's authors recommend (`generation_config.json`) would change the paper's in silence.
ARGUMENTS = (
    "--structured-outputs-config",
    '{"backend":"guidance","disable_additional_properties":true}',
    "--generation-config",
    "vllm",
    "--enable-prefix-caching",
    "--disable-uvicorn-access-log",
)
# On a CPU vLLM 0.32 dies when it reads the prompt of a seeded request in more than one chunk.
ON_CPU = ("--enforce-eager", "--no-enable-chunked-prefill")

# vLLM closes idle connections after 5 s by default, now and then just as a request goes out on one.
ENVIRONMENT = {
    "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "600",
    "VLLM_NO_USAGE_STATS": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONSAFEPATH": "1",  # vLLM runs `python -m`, which would import modules of the working directory first
}
CPU_ENVIRONMENT = {"TORCH_COMPILE_DISABLE": "1"}

# What `clca` decides itself, and which of its own options to use instead.
_DECIDED = {
    "--model": "--teacher",
    "--served-model-name": "--teacher",
    "--quantization": "--quantization",
    "-q": "--quantization",
    "--host": "serve-teacher --host",
    "--port": "serve-teacher --port",
    "--api-key": "the environment variable CLCA_API_KEY",
    "--structured-outputs-config": "--base-url and a server of your own",
    "--generation-config": "--base-url and a server of your own",
    "--hf-token": "the environment variable HF_TOKEN",
    "--tensor-parallel-size": "CUDA_VISIBLE_DEVICES (vLLM is split over its GPUs)",
    "-tp": "CUDA_VISIBLE_DEVICES (vLLM is split over its GPUs)",
    "--config": "--vllm-args for each option",
    "--headless": "--base-url and a server of your own",
    "--uds": "--base-url and a server of your own",
    "--ssl-keyfile": "--base-url and a server of your own",
    "--ssl-certfile": "--base-url and a server of your own",
    "--root-path": "--base-url and a server of your own",
}

_WHILE_LOADING = {"fp8": "fp8_per_tensor"}  # vLLM 0.32's name for our --quantization; plain `fp8` is on its way out


def command(configured: str | None) -> str:
    """The path of the `vllm` command: the configured one, beside this Python, or on the PATH.

    Raises `SettingsError` if there is none.
    """
    if configured:
        path = shutil.which(os.path.expanduser(configured))
        if path is None:
            raise SettingsError(
                f"no command {configured!r}: CLCA_VLLM, or vllm in clca.toml, must be the path of vLLM's `vllm`"
            )
        return path
    path = shutil.which("vllm", path=str(Path(sys.executable).parent)) or shutil.which("vllm")
    if path is None:
        raise SettingsError(
            "vLLM is not installed here: `pip install 'vllm>=0.32'` (or set CLCA_VLLM to the `vllm` of another"
            " environment), use a server that runs already with --base-url, or leave the teacher at 'rehearsal'"
        )
    return path


def split_arguments(text: str) -> tuple[str, ...]:
    """Split vLLM arguments as a shell does. Raises `SettingsError` for those that `clca` decides."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SettingsError(f"--vllm-args: {error} in {text!r}") from None
    if words and not words[0].startswith("-"):
        raise SettingsError(
            f"--vllm-args: {words[0]!r} is not an option{suggestion('--' + words[0], ['--max-model-len'])}"
        )
    for word in words:
        name = _decided(word)
        if name:
            raise SettingsError(f"--vllm-args: {name} is decided by clca: use {_DECIDED[name]} instead")
    return tuple(words)


def _decided(word: str) -> str | None:
    """The option of `_DECIDED` that vLLM would take a word for: it also knows abbreviations, `--a.b` and `-qVALUE`."""
    if not word.startswith("--"):
        return next((option for option in ("-q", "-tp") if word.startswith(option)), None)
    name = re.split(r"[=.]", word.replace("_", "-"))[0]
    if len(name) < len("--xx"):
        return None
    return name if name in _DECIDED else next((option for option in _DECIDED if option.startswith(name)), None)


def max_model_len(words: Sequence[str]) -> int | None:
    """The `--max-model-len` among vLLM arguments, if it is a plain number."""
    text = " ".join(words).replace("=", " ")
    match = re.search(r"--max[-_]model[-_]len (\d+)(?: |$)", text)
    return int(match[1]) if match else None


def deciding(words: Sequence[str]) -> list[str]:
    """The vLLM arguments that may change what a model replies, without those for speed and memory."""
    kept: list[str] = []
    inert = False
    for word in words:
        if word.startswith("-"):
            inert = re.split(r"[=.]", word.replace("_", "-"))[0] in INERT
        if not inert:
            kept.append(word)
    return kept


def arguments(model: str, known: ModelInfo | None, served: str, fit: Fit, quantization: str | None) -> list[str]:
    """The arguments of `vllm`, without host and port. `known` is None for a model of unknown size."""
    words = ["serve", known.hub if known else model, "--served-model-name", served, *ARGUMENTS]
    if fit.max_model_len:
        words += ["--max-model-len", str(fit.max_model_len)]
    if fit.tensor_parallel > 1:
        words += ["--tensor-parallel-size", str(fit.tensor_parallel)]
    words += ["--gpu-memory-utilization", f"{fit.utilisation:.2f}"] if fit.gpus else ON_CPU
    if quantization:
        words += ["--quantization", _WHILE_LOADING[quantization]]
    return words + list(known.serve if known else ())


def max_lora_rank(rank: int) -> int:
    """The value of --max-lora-rank that serves an adapter of this rank: the least that vLLM accepts."""
    return next((accepted for accepted in (1, 8, 16, 32, 64, 128, 256, 320, 512) if accepted >= rank), rank)


def variables(inherited: Mapping[str, str], fit: Fit) -> dict[str, str]:
    """What is set in vLLM's environment: defaults for variables that are not inherited, and the GPUs of `fit`."""
    defaults = dict(ENVIRONMENT)
    if not fit.gpus:
        defaults |= CPU_ENVIRONMENT | {"VLLM_CPU_KVCACHE_SPACE": str(max(1, fit.cache // GIB))}
    chosen = {name: value for name, value in defaults.items() if name not in inherited}
    if fit.gpus:
        chosen["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # by which nvidia-smi counts
        chosen["CUDA_VISIBLE_DEVICES"] = ",".join(gpu.index for gpu in fit.gpus)
    return chosen


def environment(inherited: Mapping[str, str], fit: Fit, key: str) -> dict[str, str]:
    """vLLM's whole environment, with the key that it requires of clients, but without clca's variables and keys."""
    return {**without_keys(inherited), **variables(inherited, fit), **({"VLLM_API_KEY": key} if key else {})}


def shown(words: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """A command as text for a shell."""
    settings = [f"{name}={command_line(value)}" for name, value in (environment or {}).items()]
    return " ".join([*settings, command_line(*words)])
