"""`clca doctor`: what works here, what is absent, and what cannot work, on machines that files and scripts make up."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from clca.doctor import installation, studies
from clca.doctor.devices import devices
from clca.doctor.finding import Finding
from clca.doctor.surroundings import hub, network
from clca.doctor.vllm import is_usable, vllm
from clca.inference.hardware import Gpu, Machine
from clca.models.size import GIB
from tests.cli_process import clca, last_json

NO_GPU = Machine((), 16 * GIB, "no NVIDIA GPU found (nvidia-smi)")
FOUR = Machine(tuple(Gpu(str(index), "NVIDIA H200", 140 * GIB, 139 * GIB, (9, 0)) for index in range(4)), 100 * GIB)
TOKEN = "hf_a-token-that-nobody-must-see"


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def driver(folder: Path, release: str) -> Path:
    """A machine on which this driver is loaded."""
    (folder / "proc/driver/nvidia").mkdir(parents=True)
    line = f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {release}  Thu Jan  9 02:40:26 UTC 2025\n"
    (folder / "proc/driver/nvidia/version").write_text(line)
    return folder


def environment_of_vllm(folder: Path, release: str) -> str:
    """The path of a `vllm` in an environment where this release is installed."""
    (folder / "bin").mkdir(parents=True)
    (folder / f"lib/python3.12/site-packages/vllm-{release}.dist-info").mkdir(parents=True)
    script = folder / "bin/vllm"
    script.write_text(f"#!{folder}/bin/python3\nexit 9\n")
    script.chmod(0o755)
    return str(script)


# ---------------------------------------------------------------- installation


def test_an_extra_that_is_here_is_complete_and_another_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = version("matplotlib")
    lines = [
        "pydantic>=2",
        "matplotlib>=1; extra == 'report'",
        "matplotlib>=1000; extra == 'map'",
        "no-such-library>=2; extra == 'map'",
        "pytest>=8; extra == 'test'",
    ]
    monkeypatch.setattr(installation, "requires", lambda _: lines)
    assert installation.shortages("") == []
    assert installation.shortages("report") == []
    assert installation.shortages("map") == [f"matplotlib>=1000 ({newest} is here)", "no-such-library"]


def test_the_extras_of_users_are_examined() -> None:
    found = by_name(list(installation.installation()))
    assert {"train", "eval", "map", "report", "serve", "quality"} < set(found)
    assert not {"test", "docs", "vllm"} & set(found)
    assert found["Python"].state == "ok"


# ---------------------------------------------------------------- devices


def test_hidden_gpus_are_a_fault_and_none_is_not(tmp_path: Path) -> None:
    hidden = Machine((), GIB, "CUDA_VISIBLE_DEVICES='7' hides the 2 GPUs here")
    assert by_name(list(devices(hidden, {}, tmp_path)))["GPU"].state == "fault"
    assert by_name(list(devices(NO_GPU, {}, tmp_path)))["GPU"].state == "absent"


@pytest.mark.parametrize(("flags", "fits"), [("avx2 avx512_bf16", True), ("avx2 amx_bf16", True), ("avx2", False)])
def test_a_processor_without_bfloat16_is_told_what_makes_vllm_faster(tmp_path: Path, flags: str, fits: bool) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\n")
    assert ("processor" in by_name(list(devices(NO_GPU, {}, tmp_path)))) is not fits
    assert "processor" not in by_name(list(devices(FOUR, {}, tmp_path))), "the GPU computes"


@pytest.mark.parametrize(
    ("release", "cuda", "state"),
    [
        ("550.54.14", "12.6", "ok"),
        ("550.54.14", "13.0", "fault"),
        ("580.82.07", "13.0", "ok"),
        ("470.1", "12.6", "fault"),
    ],
)
def test_a_driver_that_is_too_old_for_torch_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str, cuda: str, state: str
) -> None:
    monkeypatch.setattr("clca.doctor.devices.torch_cuda", lambda: cuda)
    found = by_name(list(devices(FOUR, {}, driver(tmp_path, release))))
    assert found["driver"].state == state
    assert release in found["driver"].value


def test_a_torch_for_the_cpu_is_a_fault_where_there_is_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.doctor.devices.torch_cuda", lambda: "")
    assert by_name(list(devices(FOUR, {}, tmp_path)))["torch"].state == "fault"
    assert by_name(list(devices(NO_GPU, {}, tmp_path)))["torch"].state == "ok"


# ---------------------------------------------------------------- vLLM


def test_the_version_of_vllm_is_found_without_starting_it(tmp_path: Path) -> None:
    command = environment_of_vllm(tmp_path / "new", "0.32.1")
    assert [finding.state for finding in vllm(command, FOUR)] == ["ok", "ok"]
    link = tmp_path / "vllm"  # as pipx makes one
    link.symlink_to(command)
    assert by_name(list(vllm(str(link), FOUR)))["version"].value == "0.32.1"


@pytest.mark.parametrize(
    ("release", "machine", "fix"),
    [
        ("0.9.0", FOUR, "clca needs vLLM >=0.32"),
        ("0.32.0+cpu", FOUR, "this build uses no GPU"),
        ("0.32.0", NO_GPU, "this build needs a GPU"),
    ],
)
def test_a_vllm_that_would_not_start_is_a_fault(tmp_path: Path, release: str, machine: Machine, fix: str) -> None:
    found = by_name(list(vllm(environment_of_vllm(tmp_path, release), machine)))["version"]
    assert (found.state, found.value) == ("fault", release)
    assert found.fix.startswith(fix)


def test_a_vllm_whose_version_is_not_found_is_used_all_the_same(tmp_path: Path) -> None:
    command = environment_of_vllm(tmp_path, "0.32.1")
    assert is_usable(list(vllm(command, FOUR)))
    for folder in tmp_path.rglob("vllm-*.dist-info"):
        folder.rename(folder.with_name("other.dist-info"))
    found = list(vllm(command, FOUR))
    assert ([finding.state for finding in found], is_usable(found)) == (["ok", "absent"], True)
    assert not is_usable(list(vllm(environment_of_vllm(tmp_path / "old", "0.9.0"), FOUR)))


def test_a_command_that_is_named_and_not_there_is_a_fault(tmp_path: Path) -> None:
    (found,) = vllm(str(tmp_path / "vllm"), NO_GPU)
    assert found.state == "fault"
    assert "CLCA_VLLM" in found.fix


# ---------------------------------------------------------------- hub, network


def test_neither_the_token_nor_the_password_of_a_proxy_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:secret@proxy.example:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    environment = {"HF_TOKEN": TOKEN, "HOME": "/nowhere"}
    found = by_name([*hub(environment), *network(environment)])
    assert found["login"].state == "ok"
    assert found["proxy"].value == "http://proxy.example:3128"
    shown = json.dumps([finding.model_dump() for finding in found.values()])
    assert TOKEN not in shown
    assert "secret" not in shown


def test_a_proxy_of_another_kind_and_certificates_that_are_not_there_are_faults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "socks5://proxy.example:1080")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    found = by_name(list(network({"SSL_CERT_FILE": "/no/such/file.pem"})))
    assert (found["proxy"].state, found["SSL_CERT_FILE"].state) == ("fault", "fault")


@pytest.mark.parametrize("endpoint", ["me:secret@hub.example", "http://[secret", "secret"])
def test_an_address_of_the_hub_that_is_none_is_a_fault_and_not_shown(endpoint: str) -> None:
    environment = {"HF_ENDPOINT": endpoint, "HOME": "/nowhere"}
    found = by_name([*hub(environment), *network(environment)])
    assert found["address"].state == "fault"
    assert "secret" not in json.dumps([finding.model_dump() for finding in found.values()])


# ---------------------------------------------------------------- studies


def lacks(machine: Machine, has_vllm: bool, environment: dict[str, str], study: str) -> list[str]:
    found = {finding.study: finding for finding in studies.studies(machine, has_vllm, (), None, environment)}
    assert found[study].runs == (not found[study].lacks)
    return list(dict.fromkeys(lack.name for lack in found[study].lacks))


def test_a_study_says_what_it_lacks_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = {"HOME": str(tmp_path)}
    assert lacks(NO_GPU, False, here, "clca-main") == ["teacher llama-3.1-70b", "GPU", "login", "data/wvs"]
    assert lacks(NO_GPU, False, here, "rehearsal") == []
    (tmp_path / "data/wvs").mkdir(parents=True)
    (tmp_path / "data/wvs/respondents.parquet").touch()
    assert lacks(FOUR, True, here, "clca-main") == ["login"]
    assert lacks(FOUR, True, here | {"HF_TOKEN": TOKEN}, "clca-main") == []


# ---------------------------------------------------------------- the command


def test_a_broken_workspace_is_named_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "clca.toml").write_text("[generate]\nsampels = 2\n")
    done = clca(tmp_path, "doctor", "--json")
    assert done.returncode == 1, done.stderr
    found = {finding["name"]: finding for finding in last_json(" ".join(done.stdout.split()))["findings"]}
    assert found["settings"]["state"] == "fault"
    assert "did you mean samples" in found["settings"]["value"]


def test_it_imports_no_heavy_library(tmp_path: Path) -> None:
    program = (
        "import sys, clca.cli\ntry: clca.cli.app(['doctor'], standalone_mode=False)\nexcept BaseException: pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    *shown, loaded = done.stdout.splitlines()
    assert any("rehearsal" in line for line in shown)
    heavy = {"torch", "transformers", "numpy", "pyarrow", "datasets", "huggingface_hub", "openai", "aiohttp"}
    assert heavy & set(loaded.split()) == set()
