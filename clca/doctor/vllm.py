"""The vLLM that would be started, found without starting it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from clca.doctor.finding import Finding
from clca.doctor.installation import wanted
from clca.errors import SettingsError
from clca.inference.hardware import Machine
from clca.inference.vllm.command import command


def vllm(configured: str | None, machine: Machine) -> Iterator[Finding]:
    """vLLM's command with its version, and whether that is new enough and built for what is here."""
    try:
        path = Path(command(configured))
    except SettingsError as error:
        what, _, fix = error.message.partition(": ")
        yield Finding(topic="vLLM", name="command", state="fault" if configured else "absent", value=what, fix=fix)
        return
    yield Finding(topic="vLLM", name="command", value=str(path))
    version = installed_version(path)
    if not version:
        yield Finding(
            topic="vLLM",
            name="version",
            state="absent",
            value="not found in its folder",
            fix=f"`{path} --version` prints it",
        )
        return
    versions = wanted("vllm", "vllm")
    fix = "" if versions.contains(version, prereleases=True) else f"clca needs vLLM {versions}"
    if not fix and machine.gpus and "+cpu" in version:
        fix = "this build uses no GPU: install one for CUDA (docs.vllm.ai)"
    elif not fix and not machine.gpus and "+cpu" not in version:
        fix = "this build needs a GPU, and there is none here: install vLLM's build for the CPU (docs.vllm.ai)"
    yield Finding(topic="vLLM", name="version", state="fault" if fix else "ok", value=version, fix=fix)


def is_usable(findings: Sequence[Finding]) -> bool:
    """Whether there is a vLLM, and no fault was found in it; its version may be unknown."""
    return findings[0].state == "ok" and all(finding.state != "fault" for finding in findings)


def installed_version(command: Path) -> str:
    """The version in the environment of a `vllm` command, by the folder of its metadata; "" where it is not found."""
    for base in (_environment_of(command), command.resolve().parent.parent):
        for folder in sorted(base.glob("lib*/python3*/*-packages/vllm-*.dist-info")) if base else ():
            return folder.name.removeprefix("vllm-").removesuffix(".dist-info")
    return ""


def _environment_of(command: Path) -> Path | None:
    """The environment of the Python that a script names in its first line."""
    try:
        with command.open("rb") as script:
            first = script.readline(1000)
    except OSError:
        return None
    match = re.match(rb"#!\s*(/\S+)", first)
    return Path(os.fsdecode(match[1])).parent.parent if match else None
