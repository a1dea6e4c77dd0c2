"""How vLLM is started: which command, with which arguments and environment."""

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
from clca.inference.memory import GIB, Fit
from clca.models import ModelInfo

HOST = "127.0.0.1"

# `guidance` with both flags keeps replies within their schema; vLLM's default lets a model write raw
# control characters into strings. Sampling parameters come with each request: those that a model's
# authors recommend (`generation_config.json`) would change the paper's in silence.
ARGUMENTS = (
    "--structured-outputs-config",
    '{"backend":"guidance","disable_any_whitespace":true,"disable_additional_properties":true}',
    "--generation-config",
    "vllm",
    "--enable-prefix-caching",
    "--disable-uvicorn-access-log",
)
# On a CPU vLLM 0.32 dies when it reads the prompt of a seeded request in more than one chunk.
ON_CPU = ("--enforce-eager", "--no-enable-chunked-prefill")

# vLLM closes idle connections after 5 s by default, now and then just as a request goes out on one.
ENVIRONMENT = {"VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "600", "VLLM_NO_USAGE_STATS": "1", "PYTHONUNBUFFERED": "1"}
CPU_ENVIRONMENT = {"TORCH_COMPILE_DISABLE": "1"}

# What `clca` decides itself, and which of its own options to use instead.
_OWN = {
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
    "--tensor-parallel-size": "CUDA_VISIBLE_DEVICES, over whose GPUs vLLM is split,",
    "-tp": "CUDA_VISIBLE_DEVICES, over whose GPUs vLLM is split,",
    "--config": "--vllm-args for each option",
    "--headless": "--base-url and a server of your own",
    "--uds": "--base-url and a server of your own",
    "--ssl-keyfile": "--base-url and a server of your own",
    "--ssl-certfile": "--base-url and a server of your own",
    "--root-path": "--base-url and a server of your own",
}


# Arguments that decide how much memory vLLM takes and how it schedules, but not what it answers.
_INERT = {
    "--max-model-len",
    "--max-num-seqs",
    "--max-num-batched-tokens",
    "--gpu-memory-utilization",
    "--swap-space",
    "--cpu-offload-gb",
    "--data-parallel-size",
    "-dp",
    "--download-dir",
    "--load-format",
    "--enforce-eager",
    "--api-server-count",
    "--disable-log-stats",
    "--enable-log-requests",
}

_WHILE_LOADING = {"fp8": "fp8_per_tensor"}  # vLLM 0.32's name for our --quantization; plain `fp8` is on its way out


def command(given: str | None) -> str:
    """The `vllm` command: the one given, beside this Python, or on the PATH."""
    if given:
        found = shutil.which(os.path.expanduser(given))
        if found is None:
            raise SettingsError(
                f"no command {given!r}: CLCA_VLLM, or vllm in clca.toml, is to be the path of vLLM's `vllm`"
            )
        return found
    beside = shutil.which("vllm", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("vllm")
    if found is None:
        raise SettingsError(
            "vLLM is not installed here: `pip install 'vllm>=0.32'` (or set CLCA_VLLM to the `vllm` of another"
            " environment), use a server that runs already with --base-url, or leave the teacher at 'rehearsal'"
        )
    return found


def split_arguments(text: str) -> tuple[str, ...]:
    """vLLM arguments as one writes them in a shell; those that `clca` has its own options for are refused."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SettingsError(f"--vllm-args: {error} in {text!r}") from None
    if words and not words[0].startswith("-"):
        raise SettingsError(f"--vllm-args: {words[0]!r} is no option{suggestion('--' + words[0], ['--max-model-len'])}")
    for word in words:
        name = _own(word)
        if name:
            raise SettingsError(f"--vllm-args: {name} is decided by clca: use {_OWN[name]} instead")
    return tuple(words)


def _own(word: str) -> str | None:
    """The option of `_OWN` that vLLM would take a word for: it also knows abbreviations, `--a.b` and `-qVALUE`."""
    if not word.startswith("--"):
        return next((own for own in ("-q", "-tp") if word.startswith(own)), None)
    name = re.split(r"[=.]", word.replace("_", "-"))[0]
    if len(name) < len("--xx"):
        return None
    return name if name in _OWN else next((own for own in _OWN if own.startswith(name)), None)


def max_model_len(words: Sequence[str]) -> int | None:
    """The `--max-model-len` among vLLM arguments, if it is a plain number."""
    text = " ".join(words).replace("=", " ")
    found = re.search(r"--max[-_]model[-_]len (\d+)(?: |$)", text)
    return int(found[1]) if found else None


def deciding(words: Sequence[str]) -> list[str]:
    """The vLLM arguments that may decide what a model says; how fast and how long it may run does not."""
    found: list[str] = []
    inert = False
    for word in words:
        if word.startswith("-"):
            inert = re.split(r"[=.]", word.replace("_", "-"))[0] in _INERT
        if not inert:
            found.append(word)
    return found


def arguments(model: str, known: ModelInfo | None, served: str, fit: Fit, quantization: str | None) -> list[str]:
    """The arguments of `vllm`, but for where it listens. `known` is None for a model of unknown size."""
    found = ["serve", known.hub if known else model, "--served-model-name", served, *ARGUMENTS]
    if fit.max_model_len:
        found += ["--max-model-len", str(fit.max_model_len)]
    if fit.tensor_parallel > 1:
        found += ["--tensor-parallel-size", str(fit.tensor_parallel)]
    found += ["--gpu-memory-utilization", f"{fit.utilisation:.2f}"] if fit.gpus else ON_CPU
    if quantization:
        found += ["--quantization", _WHILE_LOADING[quantization]]
    return found + list(known.serve if known else ())


def variables(inherited: Mapping[str, str], fit: Fit) -> dict[str, str]:
    """What is set in vLLM's environment: our defaults where the user's own is silent, and the GPUs it is given."""
    found = dict(ENVIRONMENT)
    if not fit.gpus:
        found |= CPU_ENVIRONMENT | {"VLLM_CPU_KVCACHE_SPACE": str(max(1, fit.cache // GIB))}
    found = {name: value for name, value in found.items() if name not in inherited}
    if fit.gpus:
        found["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # by which nvidia-smi counts
        found["CUDA_VISIBLE_DEVICES"] = ",".join(gpu.index for gpu in fit.gpus)
    return found


def environment(inherited: Mapping[str, str], fit: Fit, key: str) -> dict[str, str]:
    """vLLM's whole environment, with the key that it shall ask for.

    clca's own variables, keys above all, stay out of it.
    """
    found = {name: value for name, value in inherited.items() if not name.startswith(("CLCA_", "OPENAI_"))}
    found.pop("VLLM_API_KEY", None)
    return {**found, **variables(inherited, fit), **({"VLLM_API_KEY": key} if key else {})}


def shown(words: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """A command as it could be pasted into a shell."""
    settings = [f"{name}={shlex.quote(value)}" for name, value in (environment or {}).items()]
    return " ".join([*settings, shlex.join(words)])
