"""Why a vLLM server ended, from its log: the error that names the cause, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from clca.safe_open import safe_open
from clca.words import beginning

TAIL = 256 * 1024  # bytes; a start-up's tracebacks fit many times over
_MAX_LINE = 300  # characters
_BRIEF = 60  # characters; a shorter error message goes on in the next line

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_KEY = re.compile(r"\bsk-[\w*-]{6,}|\bhf_[A-Za-z0-9]{16,}")
# `(EngineCore pid=12) ERROR 11-22 01:02:03 [core.py:12]`, and torch's `W1122 01:02:03.123000 12 torch/x.py:53]`.
_PREFIX = re.compile(
    r"(?:\([\w -]+ pid=\d++[^)]*\) ?)?(?:(?:INFO|WARNING|ERROR|CRITICAL|DEBUG) [\d-]+ [\d:.]+ \[[^\]]*\] ?)?"
    r"(?:[IWEF]\d{4} [\d:.]+ \d+ \S+:\d+\] )?"
)
_ERROR = re.compile(
    r"(?:[\w.]+\.)?(\w*(?:Error|Exception|Interrupt): \S.*)|(?:vllm[\w -]*: )?error: (.+)|  Value error, (.+)"
)
# Errors that only report that another one happened.
_ECHO = re.compile(
    r"root cause|initialization failed|failed core proc|EngineDeadError|Cancelled|^ValidationError:|Client error '",
    re.I,
)
# Lines that do not continue an error's message.
_STRUCTURE = re.compile(
    r"Traceback |The above exc|During handling|Process \S+:$|  +File |\S+:\d+: \w+Warning|[A-Z]+: |\s*\["
)

# The usual errors: a pattern of each, and what to do.
_ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"GatedRepoError|access gated repo|access a gated repo|is a gated repo|awaiting a review",
        "accept the model's licence on its Hugging Face page, then log in with `hf auth login` or set HF_TOKEN",
    ),
    (
        r"is not a valid model identifier|Repository Not Found|RepositoryNotFoundError|Invalid repository ID",
        "check the model's name, or that the folder holds config.json, weights and a tokenizer;"
        " a private model needs `hf auth login` or HF_TOKEN",
    ),
    (
        r"LocalEntryNotFound|outgoing traffic has been disabled|couldn't connect to|connection error",
        "the model is not in the local Hugging Face cache and the hub is out of reach: download it first",
    ),
    (
        r"greater than the derived max_model_len",
        "the model's context is shorter than that: give a smaller --max-model-len in --vllm-args",
    ),
    (
        r"VLLM_CPU_KVCACHE_SPACE",
        "set VLLM_CPU_KVCACHE_SPACE to as many GiB as can be spared for the cache",
    ),
    (
        r"KV cache|cache blocks|max seq len|out of memory|OutOfMemory|free memory on device",
        "the model takes too much memory here: see `clca models show NAME` for what fits, --quantization fp8,"
        " or --vllm-args '--max-model-len 8192'",
    ),
    (r"address already in use", "another process has the port: try again, or choose another with --port"),
    (
        r"unrecognized arguments|argument -",
        "check --vllm-args; `vllm serve --help=all` lists what this vLLM takes",
    ),
    (
        r"does not recognize this architecture|model architectures .* not supported|has no vLLM implementation",
        "this vLLM does not know such a model: a newer one may (`pip install --upgrade vllm`)",
    ),
    (
        r"SafetensorError|deserializing header|incomplete metadata",
        "a weight file is damaged or incomplete: download the model again",
    ),
    (
        r"failed to infer device type|libcuda|CUDA driver|no CUDA GPUs",
        "this vLLM finds no device it was built for: check nvidia-smi, or install vLLM's build for this machine",
    ),
    (r"no space left on device|disk quota", "the disk is full: free some space, or set HF_HOME to another disk"),
    (
        r"EngineDeadError|died unexpectedly|exited unexpectedly",
        "a process of vLLM was killed, most likely because memory ran out (see `dmesg`)",
    ),
)


def tail(log: Path) -> list[str]:
    """The last lines of a log, without control sequences; nothing when it cannot be read."""
    try:
        with safe_open(log) as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    # A progress bar rewrites its line by carriage returns: each state of it counts as a line.
    return [_CONTROL.sub("", line) for line in text.splitlines() if line.strip()]


def last_step(lines: Sequence[str]) -> str:
    """The last message of a starting server."""
    messages = (_split(line)[1].strip() for line in reversed(lines))
    return _short(next((message for message in messages if re.search(r"\w{2}", message)), ""))


def error_line(lines: Sequence[str]) -> str:
    """The error that names the cause, in one line; "" for a log without errors."""
    return _short(_cause(lines))


def advice(lines: Sequence[str]) -> str:
    """What to do about the error, if it is one of the usual ones, else ""."""
    return _remedy(_cause(lines))


def _cause(lines: Sequence[str]) -> str:
    """The last of the usual errors, else the last of all; those that report another count only without any other."""
    split = [_split(line) for line in lines]
    errors = [_message(split[index:]) for index, (_, message) in enumerate(split) if _ERROR.match(message)]
    causes = [error for error in errors if not _ECHO.search(error)] or errors
    return next(filter(_remedy, reversed(causes)), causes[-1] if causes else "")


def _remedy(error: str) -> str:
    return next((remedy for pattern, remedy in _ADVICE if re.search(pattern, error, re.I)), "")


def _message(split: Sequence[tuple[str, str]]) -> str:
    """The message of the error in the first of these lines, with the next ones where it is brief."""
    prefix, first = split[0]
    match = _ERROR.match(first)
    message = next(filter(None, match.groups()), "") if match else first
    for next_prefix, line in split[1:4]:
        if len(message) >= _BRIEF or next_prefix != prefix or _STRUCTURE.match(line) or _ERROR.match(line):
            break
        message += " " + line.strip()
    return re.sub(r" \[type=\w+, input_value=.*", "", message)


def _split(line: str) -> tuple[str, str]:
    """The prefix of a logger, and the message after it."""
    match = _PREFIX.match(line)
    end = match.end() if match else 0
    return line[:end], line[end:]


def _short(line: str) -> str:
    return beginning(_KEY.sub("[key]", " ".join(line.split())), _MAX_LINE)
