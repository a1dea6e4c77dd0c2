"""The NVIDIA GPUs and the memory of this machine."""

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

from clca.inference.keys import without_keys

QUERY = "index,uuid,name,memory.total,memory.free,compute_cap"
MIB = 1024**2
MAX_OUTPUT = 1024**2  # bytes; a thousand GPUs
TIMEOUT = 20  # seconds; drivers that are not kept loaded take a while


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
    """`ram` is the bytes that are available now; `lacking` says why there are no GPUs, or is ""."""

    gpus: tuple[Gpu, ...]
    ram: int
    lacking: str = ""


def machine(environment: Mapping[str, str], root: Path = Path("/")) -> Machine:
    """This machine, with the GPUs that CUDA_VISIBLE_DEVICES allows. `root` is the folder of /proc and /sys."""
    ram = _ram(root)
    all_gpus = _query(environment)
    if not all_gpus:
        return Machine((), ram, "no NVIDIA GPU found (nvidia-smi)")
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    gpus = tuple(all_gpus.values()) if visible is None else tuple(_visible(all_gpus, visible))
    if not gpus:
        hidden = f"CUDA_VISIBLE_DEVICES={visible!r} hides the {len(all_gpus)} GPU{'s' * (len(all_gpus) > 1)} here"
        return Machine((), ram, hidden)
    return Machine(gpus, ram)


def _query(environment: Mapping[str, str]) -> dict[str, Gpu]:
    """The GPUs by UUID, in the order of their indices; none if nvidia-smi fails."""
    program = shutil.which("nvidia-smi", path=environment.get("PATH", os.defpath))
    if program is None:
        return {}
    command = [program, f"--query-gpu={QUERY}", "--format=csv,noheader,nounits"]
    try:
        with (
            TemporaryFile() as output,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                env=without_keys(environment),
            ) as process,
        ):
            try:
                failed = process.wait(TIMEOUT) != 0
            except subprocess.TimeoutExpired:
                process.kill()
                return {}
            output.seek(0)
            lines = output.read(MAX_OUTPUT).decode("utf-8", "replace").splitlines()
    except OSError:
        return {}
    return {} if failed else dict(filter(None, map(_gpu, csv.reader(lines, skipinitialspace=True))))


def _gpu(row: list[str]) -> tuple[str, Gpu] | None:
    """The UUID and GPU of a line of output; None where it does not say how much memory there is."""
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


def _visible(all_gpus: Mapping[str, Gpu], visible: str) -> list[Gpu]:
    """The GPUs that the variable names by index or UUID; as in CUDA, those after an unknown one are hidden."""
    gpus: list[Gpu] = []
    for name in (part.strip() for part in visible.split(",")):
        named = [
            gpu
            for uuid, gpu in all_gpus.items()
            if gpu.index == name or (name.startswith("GPU-") and uuid.startswith(name))
        ]
        if len(named) != 1 or named[0] in gpus:
            break
        gpus += named
    return gpus


def _ram(root: Path) -> int:
    """Bytes available without swapping, within the limits of the control groups (version 2)."""
    try:
        text = (root / "proc/meminfo").read_text(encoding="ascii")
        free = int(re.findall(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)[0]) * 1024
    except (OSError, IndexError):
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([free, *_limits(root)])


def _limits(root: Path) -> list[int]:
    """Bytes left of each memory limit from this process's control group upwards."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    left = []
    for group in (line.removeprefix("0::") for line in lines if line.startswith("0::")):
        path = Path(group)
        for ancestor in (path, *path.parents):
            folder = root / "sys/fs/cgroup" / ancestor.relative_to("/")
            limit, used = _number(folder / "memory.max"), _number(folder / "memory.current")
            if limit is not None:
                # Cached file pages count as used, but are freed at once.
                left.append(max(0, limit - max(0, (used or 0) - _file_pages(folder))))
    return left


def _number(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None  # "max" is no limit


def _file_pages(folder: Path) -> int:
    try:
        match = re.search(r"^inactive_file (\d+)", (folder / "memory.stat").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return 0
    return int(match[1]) if match else 0
