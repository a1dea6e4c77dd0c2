"""GPUs with their driver, and what torch was built for; memory; room on disks."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from clca.doctor.finding import Finding
from clca.inference.hardware import Machine
from clca.models.hub import cache_folder
from clca.models.size import GIB, gib

LEAST_DISK = GIB  # bytes: less and a run ends half-way
DRIVERS = {13: 580, 12: 525}
"""The oldest driver of Linux that runs programs of a major version of CUDA (NVIDIA's release notes of CUDA)."""


def devices(machine: Machine, environment: Mapping[str, str], root: Path = Path("/")) -> Iterator[Finding]:
    """The GPUs, their driver, torch and memory. `root` is the folder of /proc."""
    driver = _driver(root)
    cuda = torch_cuda()
    for gpu in machine.gpus:
        value = f"{gpu.index}: {gpu.name}, {gib(gpu.free)} of {gib(gpu.total)} free"
        yield Finding(topic="Machine", name="GPU", value=value)
    if not machine.gpus:
        fix = "models run on the CPU, slowly; or name a server with --base-url, or use a machine with an NVIDIA GPU"
        state = "fault" if "CUDA_VISIBLE_DEVICES" in machine.lacking else "absent"
        if state == "fault":
            fix = "unset CUDA_VISIBLE_DEVICES, or name GPUs that are here (`nvidia-smi -L`)"
        elif driver:
            state, fix = "fault", "the driver is loaded, but nvidia-smi finds no GPU: run nvidia-smi to see why"
        yield Finding(topic="Machine", name="GPU", state=state, value=machine.lacking, fix=fix)
        if _lacks_bfloat16(root):
            yield Finding(
                topic="Machine",
                name="processor",
                state="absent",
                value="no instructions for bfloat16",
                fix="vLLM on this CPU is some five times faster with --vllm-args '--dtype float32'",
            )
    if driver:
        yield _driver_finding(driver, cuda)
    if (torch := _version("torch")) is not None:
        yield _torch_finding(torch, cuda, machine)
    yield Finding(topic="Machine", name="memory", value=f"{gib(machine.ram)} free, {os.cpu_count()} processors")
    yield from _disks(environment)


def torch_cuda() -> str:
    """The version of CUDA that the installed torch was built for; "" for none, and where there is no torch."""
    torch = find_spec("torch")
    if torch is None or torch.origin is None:
        return ""
    try:
        text = (Path(torch.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return ""
    match = re.search(r"^cuda\b[^=\n]*= *'([\d.]+)'", text, re.MULTILINE)
    return match[1] if match else ""


def _lacks_bfloat16(root: Path) -> bool:
    """Whether an x86 processor computes bfloat16 by way of other numbers; False where it cannot be told."""
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    flags = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    return flags is not None and not {"avx512_bf16", "amx_bf16"}.intersection(flags[1].split())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _driver(root: Path) -> str:
    """The version of NVIDIA's driver; "" for none, or one that does not tell."""
    try:
        text = (root / "proc/driver/nvidia/version").read_text(encoding="utf-8")
    except OSError:
        return ""
    match = re.search(r"\bKernel Module(?: for \S+)?\s+([\d.]+)", text)
    return match[1] if match else ""


def _driver_finding(driver: str, cuda: str) -> Finding:
    least = DRIVERS.get(int(cuda.partition(".")[0])) if cuda else None
    old = least is not None and int(driver.partition(".")[0]) < least
    return Finding(
        topic="Machine",
        name="driver",
        state="fault" if old else "ok",
        value=driver + (f"; torch is built for CUDA {cuda}" if cuda else ""),
        fix=f"CUDA {cuda} needs driver {least} or newer: install one, or a torch for an older CUDA" if old else "",
    )


def _torch_finding(torch: str, cuda: str, machine: Machine) -> Finding:
    unused = bool(machine.gpus) and not cuda
    return Finding(
        topic="Machine",
        name="torch",
        state="fault" if unused else "ok",
        value=f"{torch}, built for {f'CUDA {cuda}' if cuda else 'the CPU'}",
        fix="this torch uses no GPU: install one that is built for CUDA (pytorch.org/get-started)" if unused else "",
    )


def _disks(environment: Mapping[str, str]) -> Iterator[Finding]:
    folders = {
        "disk, here": Path.cwd(),
        "disk, hub's cache": cache_folder(environment),
        "disk, temporary files": Path(tempfile.gettempdir()),
    }
    for name, folder in folders.items():
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        writable = os.access(there, os.W_OK)
        fault = "" if free >= LEAST_DISK else "make room: a run that finds the disk full ends half-way"
        fault = fault or ("" if writable else f"{there} cannot be written: choose another folder")
        yield Finding(
            topic="Machine", name=name, state="fault" if fault else "ok", value=f"{gib(free)} free, {folder}", fix=fault
        )
