"""What this machine has to serve a model with: its NVIDIA GPUs and its memory."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

QUERY = "index,uuid,name,memory.total,memory.free,compute_cap"
MIB = 1024**2
LONGEST_ANSWER = 1024**2  # bytes; a thousand GPUs
ANSWER_WITHIN = 20  # seconds; drivers that are not kept loaded take a while


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU; `total` and `free` are bytes.

    `index` is that of `nvidia-smi`; in CUDA_VISIBLE_DEVICES it means the same GPU under CUDA_DEVICE_ORDER=PCI_BUS_ID.
    """

    index: str
    name: str
    total: int
    free: int
    capability: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Machine:
    """`ram` are the bytes that can be had now; `lacking` says why there are no GPUs, or is empty."""

    gpus: tuple[Gpu, ...]
    ram: int
    lacking: str = ""


def machine(environment: Mapping[str, str], root: Path = Path("/")) -> Machine:
    """What is here, as far as CUDA_VISIBLE_DEVICES lets it be used. `root` is where /proc and /sys are."""
    ram = _ram(root)
    found = _query(environment)
    if not found:
        return Machine((), ram, "no NVIDIA GPU found (nvidia-smi)")
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    gpus = tuple(found.values()) if visible is None else tuple(_visible(found, visible))
    if not gpus:
        hidden = f"CUDA_VISIBLE_DEVICES={visible!r} hides the {len(found)} GPU{'s' * (len(found) > 1)} here"
        return Machine((), ram, hidden)
    return Machine(gpus, ram)


def _query(environment: Mapping[str, str]) -> dict[str, Gpu]:
    """The GPUs by UUID, in the order of their indices."""
    program = shutil.which("nvidia-smi", path=environment.get("PATH", os.defpath))
    if program is None:
        return {}
    command = [program, f"--query-gpu={QUERY}", "--format=csv,noheader,nounits"]
    try:
        with (
            TemporaryFile() as said,
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL) as process,
        ):
            try:
                failed = process.wait(ANSWER_WITHIN) != 0
            except subprocess.TimeoutExpired:
                process.kill()
                return {}
            said.seek(0)
            lines = said.read(LONGEST_ANSWER).decode("utf-8", "replace").splitlines()
    except OSError:
        return {}
    return {} if failed else dict(filter(None, map(_gpu, csv.reader(lines, skipinitialspace=True))))


def _gpu(row: list[str]) -> tuple[str, Gpu] | None:
    """A line of the answer; None where it does not say how much memory there is."""
    if len(row) != len(QUERY.split(",")):
        return None
    index, uuid, name, total, free, capability = (cell.strip() for cell in row)
    if not (index.isdigit() and total.isdigit()):
        return None  # "[N/A]" and the like
    version = re.fullmatch(r"(\d+)\.(\d+)", capability)
    return uuid, Gpu(
        index=index,
        name=name,
        total=int(total) * MIB,
        free=int(free if free.isdigit() else total) * MIB,
        capability=(int(version[1]), int(version[2])) if version else None,
    )


def _visible(found: Mapping[str, Gpu], visible: str) -> list[Gpu]:
    """The GPUs that the variable names by index or UUID; as in CUDA, what follows an unknown one is not seen."""
    gpus: list[Gpu] = []
    for wanted in (part.strip() for part in visible.split(",")):
        named = [
            gpu
            for uuid, gpu in found.items()
            if gpu.index == wanted or (wanted.startswith("GPU-") and uuid.startswith(wanted))
        ]
        if len(named) != 1 or named[0] in gpus:
            break
        gpus += named
    return gpus


def _ram(root: Path) -> int:
    """Bytes that can be had without swapping, under the limits of the control groups (version 2) above."""
    try:
        text = (root / "proc/meminfo").read_text(encoding="ascii")
        free = int(re.findall(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)[0]) * 1024
    except (OSError, IndexError):
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([free, *_limits(root)])


def _limits(root: Path) -> list[int]:
    """What is left of each memory limit on the way from this process's control group up."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    left = []
    for group in (line.removeprefix("0::") for line in lines if line.startswith("0::")):
        folder = Path(group)
        for place in (folder, *folder.parents):
            here = root / "sys/fs/cgroup" / place.relative_to("/")
            limit, used = _number(here / "memory.max"), _number(here / "memory.current")
            if limit is not None:
                # Pages of files that were read count as used, but are given up at once.
                left.append(max(0, limit - max(0, (used or 0) - _file_pages(here))))
    return left


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None  # "max" is no limit


def _file_pages(folder: Path) -> int:
    try:
        found = re.search(r"^inactive_file (\d+)", (folder / "memory.stat").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0
