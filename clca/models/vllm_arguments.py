"""Arguments of `vllm serve`: which decide no answer, and which a file of a workspace may give."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from clca.content.trust import program_fault

INERT = frozenset(
    {
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
)
"""Arguments that decide how much memory vLLM takes and how it schedules, but not what it answers."""

FROM_FILES = (INERT - {"--download-dir"}) | {
    "--async-scheduling",
    "--block-size",
    "--disable-custom-all-reduce",
    "--dtype",
    "--enable-chunked-prefill",
    "--enable-expert-parallel",
    "--enable-lora",
    "--kv-cache-dtype",
    "--max-logprobs",
    "--max-lora-rank",
    "--max-loras",
    "--no-enable-chunked-prefill",
    "--no-enable-prefix-caching",
    "--pipeline-parallel-size",
    "-pp",
    "--reasoning-parser",
    "--revision",
    "--seed",
    "--tokenizer-mode",
    "--tool-call-parser",
}
"""Arguments whose values are numbers or names: others may load code (`--trust-remote-code`, `--middleware`)."""


def require_plain(words: Sequence[str]) -> None:
    """Raises `ValueError` for an argument that a file may not give, since it might be a stranger's."""
    for word in words:
        option = word.replace("_", "-").partition("=")[0]
        if word.startswith("-") and option not in FROM_FILES and not re.fullmatch(r"-O\d", word):
            raise ValueError(
                f"{option} may load code, which files never do: give it by `--vllm-args` or in CLCA_VLLM_ARGS"
            )


def require_plain_text(text: str, _: Path) -> None:
    """The same for arguments in one text; one that no shell could split is refused elsewhere."""
    try:
        words = shlex.split(text)
    except ValueError:
        return
    require_plain(words)


def require_program(name: str, workspace: Path) -> None:
    """Raises `ValueError` for a program that is not an installed vLLM, away from the workspace that names it."""
    path = Path(os.path.expanduser(name))
    if not path.name.startswith("vllm") or ("/" in name and _may_have_come_with(path, workspace)):
        raise ValueError(
            f"{name!r} is not used: the file may name a vllm on the PATH, or by an absolute path to one that lies"
            " neither in the workspace nor beside it; any other is given by CLCA_VLLM"
        )
    if "/" in name and (fault := program_fault(Path(os.path.realpath(path)))):
        raise ValueError(f"{name!r} is not used: {fault}; any other vllm is given by CLCA_VLLM")


def _may_have_come_with(path: Path, workspace: Path) -> bool:
    """Whether a program may be a stranger's as the workspace is: it lies in it or beside it, or is led to from there.

    What a path of `/proc` leads to depends on who asks: `/proc/self/cwd/../vllm` is beside the workspace.
    """
    if not path.is_absolute() or ".." in path.parts or path.parts[1:2] in (("proc",), ("dev",)):
        return True
    home, place = Path.home().resolve(), workspace.resolve()
    for folder in (path.parent.resolve(), Path(os.path.realpath(path)).parent):
        shared = Path(os.path.commonpath((folder, place)))
        if shared != home and shared not in home.parents:
            return True
    return False
