"""The files of `deploy/` that start a cluster: what Slurm's script runs, and what KubeRay's manifest holds."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[1] / "deploy"
SLURM = DEPLOY / "slurm.sh"
SRUN = """
for word in "$@"; do case $word in hostname) echo "10.0.0.7 10.1.0.7"; exit;; esac; done
while [ "$1" != ray ]; do shift; done
echo "wait $RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT $RAY_gcs_rpc_server_connect_timeout_s"
exec "$@"
"""
RAY = """
while [ "$1" != -- ]; do echo "$1"; shift; done
shift
"$@"
"""
JOB = {
    "SLURM_JOB_ID": "4242",
    "SLURM_JOB_NUM_NODES": "4",
    "SLURM_JOB_NODELIST": "gpu[1-4]",
    "SLURM_CPUS_PER_TASK": "32",
    "SLURM_GPUS_PER_NODE": "h100:8",
}


def stand_in(folder: Path, name: str, code: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{code}\n")
    (folder / name).chmod(0o755)


def slurm(folder: Path, ray: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the script does in a job of four nodes, where `ray` is that code and `clca` prints its arguments."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    stand_in(bin_folder, "scontrol", 'test "$3" = "gpu[1-4]" && printf "gpu1\\ngpu2\\ngpu3\\ngpu4\\n"')
    stand_in(bin_folder, "srun", SRUN)
    stand_in(bin_folder, "ray", ray)
    stand_in(bin_folder, "clca", 'echo clca; printf "%s\\n" "$@"; exit 3')
    environment = {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", **JOB}
    return subprocess.run(["bash", SLURM, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def test_the_script_of_slurm_starts_ray_on_all_nodes_and_clca_on_the_first(tmp_path: Path) -> None:
    command = ["generate", "--culture", "all", "--out", "a folder"]
    done = slurm(tmp_path, RAY, *command)
    assert done.returncode == 3, "that of clca"
    wait, *words = done.stdout.splitlines()
    assert wait == "wait 600 240"
    ray, clca = words[: words.index("clca")], words[words.index("clca") :]
    assert ray == [
        *("symmetric-run", "--address", "10.0.0.7:24242", "--min-nodes", "4"),
        *("--num-cpus", "32", "--num-gpus", "8"),
    ]
    assert clca == ["clca", *command, "--cluster", "10.0.0.7:24242"]
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_a_job_on_which_ray_does_not_start_fails(tmp_path: Path) -> None:
    done = slurm(tmp_path, "exit 0", "generate")
    assert done.returncode == 1
    assert "clca was not started" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_the_scripts_pass_shellcheck() -> None:
    if (shellcheck := shutil.which("shellcheck")) is None:
        pytest.skip("no shellcheck here")
    done = subprocess.run([shellcheck, SLURM], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_manifest_of_kuberay_holds_what_replicas_need() -> None:
    manifest = yaml.safe_load((DEPLOY / "kuberay.yaml").read_text(encoding="utf-8"))
    assert (manifest["apiVersion"], manifest["kind"]) == ("ray.io/v1", "RayJob")
    spec = manifest["spec"]
    assert "clca generate " in spec["entrypoint"]
    assert "--cluster auto" in spec["entrypoint"]
    head, (workers,) = spec["rayClusterSpec"]["headGroupSpec"], spec["rayClusterSpec"]["workerGroupSpecs"]
    assert head["rayStartParams"]["num-cpus"] == "0"
    assert {volume["mountPath"] for volume in _container(head)["volumeMounts"]} == {"/workspace", "/models"}
    assert {volume["mountPath"] for volume in _container(workers)["volumeMounts"]} == {"/models", "/dev/shm"}
    for group in (head, workers):
        pod = group["template"]["spec"]
        assert {mount["name"] for mount in _container(group)["volumeMounts"]} == {
            each["name"] for each in pod["volumes"]
        }
        assert _container(group)["image"] == "clca-ray"


def _container(group: dict[str, Any]) -> dict[str, Any]:
    (container,) = group["template"]["spec"]["containers"]
    return dict(container)
