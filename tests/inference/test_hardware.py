"""GPUs as `nvidia-smi` tells them (a script in its place answers), and the memory that control groups leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from clca.inference.hardware import MIB, Gpu, machine

H200 = "{}, GPU-{}, NVIDIA H200, 143771, 143164, 9.0"
TWO = [H200.format(0, "aaaa-1111"), H200.format(1, "bbbb-2222")]
NOTHING = "no NVIDIA GPU found (nvidia-smi)"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 1000 KiB to be had, and no limits."""
    return place(tmp_path / "root", **{"proc/meminfo": "MemTotal: 2000 kB\nMemAvailable:    1000 kB\nBuffers: 5 kB\n"})


def place(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def smi(folder: Path, lines: list[str], status: int = 0, **more: str) -> dict[str, str]:
    """An environment in which `nvidia-smi`, asked as we ask it, prints these lines."""
    script = folder / "nvidia-smi"
    answer = "\n".join(f"echo '{line}'" for line in lines)
    script.write_text(
        "#!/bin/sh\n"
        '[ "$1" = "--query-gpu=index,uuid,name,memory.total,memory.free,compute_cap" ] || exit 9\n'
        '[ "$2" = "--format=csv,noheader,nounits" ] || exit 9\n'
        f"{answer}\nexit {status}\n"
    )
    script.chmod(0o755)
    return {"PATH": str(folder), **more}


def seen(environment: dict[str, str], root: Path) -> list[str]:
    return [gpu.index for gpu in machine(environment, root).gpus]


def test_gpus_are_read_with_memory_in_bytes_and_compute_capability(tmp_path: Path, root: Path) -> None:
    found = machine(smi(tmp_path, TWO), root)
    assert found.gpus[1] == Gpu("1", "NVIDIA H200", 143771 * MIB, 143164 * MIB, (9, 0))
    assert len(found.gpus) == 2
    assert (found.ram, found.lacking) == (1000 * 1024, "")


@pytest.mark.parametrize(
    ("visible", "indices"),
    [
        ("0", ["0"]),
        ("1,0", ["1", "0"]),
        (" 1 , 0 ", ["1", "0"]),
        ("GPU-bbbb", ["1"]),
        ("GPU-bbbb-2222,GPU-aaaa-1111", ["1", "0"]),
        ("1,7,0", ["1"]),
        ("0,-1,1", ["0"]),
        ("0,0", ["0"]),
    ],
)
def test_cuda_visible_devices_chooses_as_cuda_does(
    tmp_path: Path, root: Path, visible: str, indices: list[str]
) -> None:
    assert seen(smi(tmp_path, TWO, CUDA_VISIBLE_DEVICES=visible), root) == indices


@pytest.mark.parametrize("visible", ["", "-1", "7", "GPU-cccc", "GPU-", "MIG-aaaa"])
def test_cuda_visible_devices_can_hide_all(tmp_path: Path, root: Path, visible: str) -> None:
    found = machine(smi(tmp_path, TWO, CUDA_VISIBLE_DEVICES=visible), root)
    assert found.gpus == ()
    assert found.lacking == f"CUDA_VISIBLE_DEVICES={visible!r} hides the 2 GPUs here"


def test_machine_without_the_command_has_no_gpus(tmp_path: Path, root: Path) -> None:
    found = machine({"PATH": str(tmp_path)}, root)
    assert (found.gpus, found.lacking) == ((), NOTHING)


def test_command_that_fails_means_no_gpus(tmp_path: Path, root: Path) -> None:
    words = "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver."
    assert machine(smi(tmp_path, [words], status=9), root).lacking == NOTHING
    assert machine(smi(tmp_path, ["No devices were found"]), root).lacking == NOTHING
    (tmp_path / "nvidia-smi").write_text("not a program")
    assert machine({"PATH": str(tmp_path)}, root).lacking == NOTHING


def test_lines_that_do_not_say_the_memory_are_passed_over(tmp_path: Path, root: Path) -> None:
    odd = [
        "0, GPU-aaaa, NVIDIA A100, [N/A], [N/A], 8.0",
        "1, GPU-bbbb, NVIDIA A100, 40960, [Insufficient Permissions], [N/A]",
        "warning: infoROM is corrupted at gpu 0000:01:00.0",
        "",
    ]
    (gpu,) = machine(smi(tmp_path, odd), root).gpus
    assert gpu == Gpu("1", "NVIDIA A100", 40960 * MIB, 40960 * MIB, None)


@pytest.mark.parametrize(
    ("files", "kib"),
    [
        ({"sys/fs/cgroup/job/memory.max": "max"}, 1000),
        ({"sys/fs/cgroup/job/memory.max": str(600 * 1024)}, 600),
        ({"sys/fs/cgroup/job/memory.max": str(6000 * 1024)}, 1000),
        ({"sys/fs/cgroup/memory.max": str(500 * 1024), "sys/fs/cgroup/job/memory.max": "max"}, 500),
        ({"sys/fs/cgroup/job/memory.max": str(600 * 1024), "sys/fs/cgroup/job/memory.current": str(250 * 1024)}, 350),
        (
            {
                "sys/fs/cgroup/job/memory.max": str(600 * 1024),
                "sys/fs/cgroup/job/memory.current": str(250 * 1024),
                "sys/fs/cgroup/job/memory.stat": f"anon 1\ninactive_file {200 * 1024}\n",
            },
            550,
        ),
    ],
)
def test_memory_is_what_the_control_groups_leave(root: Path, files: dict[str, str], kib: int) -> None:
    place(root, **{"proc/self/cgroup": "0::/job\n", **files})
    assert machine({"PATH": ""}, root).ram == kib * 1024


def test_real_machine_has_memory() -> None:
    assert 2**26 < machine({"PATH": ""}).ram < 2**46
