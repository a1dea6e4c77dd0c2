"""What a vLLM log says about why the server ended: its telling line, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

TAIL = 256 * 1024  # bytes; a start-up's tracebacks fit many times over
_LONGEST = 300

# `ERROR 11-22 01:02:03 [core.py:12]`, `(EngineCore pid=12)`, and the time stamps of other libraries.
_PREFIX = re.compile(
    r"^(?:\x1b\[[\d;]*m)?(?:\([\w ]+(?:pid=\d+)[^)]*\)\s*)?(?:\x1b\[[\d;]*m)?"
    r"(?:(?:INFO|WARNING|ERROR|CRITICAL|DEBUG)\s+[\d-]+ [\d:.]+ \[[^\]]*\]\s*)?"
)
_ERROR = re.compile(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Interrupt|Killed)\w*): (.+)$|^(?:\S+: )?error: (.+)$")
# Errors that only report that another one happened.
_ECHO = re.compile(r"See root cause above|initialization failed|failed core proc|EngineDeadError|Cancelled", re.I)

# What is known of the usual faults: a mark of each, and what to do.
_ADVICE: tuple[tuple[str, str], ...] = (
    (
        r"gated repo|awaiting a review|GatedRepoError|401 Client Error|403 Client Error|Access to model",
        "accept the model's licence on its Hugging Face page, then log in with `hf auth login` or set HF_TOKEN",
    ),
    (
        r"is not a local folder and is not a valid model identifier|Repository Not Found|RepositoryNotFoundError",
        "check the model's name; a private one needs `hf auth login` or HF_TOKEN",
    ),
    (
        r"LocalEntryNotFound|outgoing traffic has been disabled|couldn't connect to|Cannot find the requested files",
        "the model is not in the local Hugging Face cache and the hub is out of reach: download it first",
    ),
    (
        r"KV cache|cache blocks|max seq len|max_model_len|out of memory|OutOfMemory|free memory on device|gpu_memory",
        "the model takes too much memory here: see `clca models show NAME` for what fits, --quantization fp8,"
        " or --vllm-args '--max-model-len 8192'",
    ),
    (r"[Aa]ddress already in use", "another process has the port: try again, or choose another with --port"),
    (r"unrecognized arguments|invalid choice|argument -", "see `vllm serve --help=all` for what this version takes"),
    (
        r"Failed to infer device type|libcuda|CUDA driver|No CUDA GPUs",
        "this vLLM finds no device it was built for: check nvidia-smi, or install vLLM's build for this machine",
    ),
    (r"No space left on device|Disk quota", "the disk is full: free some space, or set HF_HOME to another disk"),
)


def tail(log: Path) -> list[str]:
    """The last lines of a log, without control sequences; nothing when it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()]


def last_step(lines: Sequence[str]) -> str:
    """The last thing a starting server said, for whoever waits for it."""
    return _short(_bare(lines[-1])) if lines else ""


def telling_line(lines: Sequence[str]) -> str:
    """The line that names the fault: the first error of the last burst that is not the echo of another."""
    bare = [_bare(line) for line in lines]
    errors = [line for line in bare if _ERROR.match(line)]
    for known, _ in _ADVICE:
        for line in errors:
            if re.search(known, line):
                return _short(line)
    own = [line for line in errors if not _ECHO.search(line)]
    if own or errors:
        return _short((own or errors)[-1])
    return _short(bare[-1]) if bare else "it left no word in its log"


def advice(lines: Sequence[str]) -> str:
    """What to do about the fault, where it is a usual one."""
    told = telling_line(lines)
    return next((do for known, do in _ADVICE if re.search(known, told)), "")


def _bare(line: str) -> str:
    # A progress bar rewrites its line: what counts is what stood there last.
    return _PREFIX.sub("", line.rstrip("\r").rpartition("\r")[2]).strip()


def _short(line: str) -> str:
    line = re.sub(r"\b(sk|hf)[-_][\w*-]{6,}", "[key]", line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
