"""Attacks by a `clca.toml` and a catalogue of models that somebody else wrote."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clca.content.lookup import Content, find_workspace
from clca.content.trust import CONFIG, TRUST, program_fault, read_config
from clca.errors import ClcaError, ContentError, SettingsError
from clca.generation.config import GenerateConfig
from clca.generation.plan import plan_retry
from clca.inference.vllm.command import environment
from clca.inference.vllm.fit import Fit
from clca.models import ModelCatalogue
from clca.stages import resolve_config
from clca.storage.run_index import INFO, read_run
from clca.training.config import TrainConfig
from clca.training.launch import FSDP, launch_commands
from tests.cli_process import clca
from tests.conftest import Overlay

OTHER = 4242  # a user who is not on this machine
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")

Tamper = Callable[[Path], None]


def owned_by_another(file: Path) -> None:
    os.chown(file, OTHER, OTHER)


def linked_by_another(file: Path) -> None:
    file.rename(file.with_name("mine.toml"))
    file.symlink_to("mine.toml")
    os.chown(file, OTHER, OTHER, follow_symlinks=False)


def linked_to_anothers(file: Path) -> None:
    target = file.rename(file.with_name("theirs.toml"))
    os.chown(target, OTHER, OTHER)
    file.symlink_to(target)


def in_a_group_of_others(file: Path) -> None:
    os.chown(file, -1, OTHER)
    file.chmod(0o664)


ATTACKS = [
    pytest.param(owned_by_another, "belongs to the user with the number 4242", id="a file of another user"),
    pytest.param(linked_by_another, "belongs to the user with the number 4242", id="a link of another user to mine"),
    pytest.param(linked_to_anothers, "belongs to the user with the number 4242", id="my link to a file of another"),
    pytest.param(lambda file: file.chmod(0o646), r"mode 0646; `chmod go-w`", id="a file that all may write"),
    pytest.param(in_a_group_of_others, r"mode 0664; `chmod go-w`", id="a file that a shared group may write"),
]


@NEEDS_ROOT
@pytest.mark.parametrize(("tamper", "fault"), ATTACKS)
def test_a_config_that_others_may_have_written_is_refused(tmp_path: Path, tamper: Tamper, fault: str) -> None:
    (tmp_path / CONFIG).write_text("[generate]\n")
    inner = tmp_path / "deep"
    inner.mkdir()
    assert find_workspace(inner) == tmp_path
    tamper(tmp_path / CONFIG)
    with pytest.raises(SettingsError, match=fault) as caught:
        find_workspace(inner)
    assert f"`export {TRUST}={shlex.quote(str(tmp_path))}`" in caught.value.message
    assert read_config(tmp_path, {TRUST: f"/no/such:{tmp_path}"}) == b"[generate]\n"


@NEEDS_ROOT
@pytest.mark.parametrize("named", ["", "/no/such", "/", "..", "."], ids=lambda named: f"trust in {named!r}")
def test_only_the_folder_itself_by_its_absolute_path_is_trusted(tmp_path: Path, named: str) -> None:
    (tmp_path / CONFIG).touch()
    owned_by_another(tmp_path / CONFIG)
    with pytest.raises(SettingsError):
        read_config(tmp_path, {TRUST: named})


@NEEDS_ROOT
def test_a_file_of_a_private_group_is_the_users_own(tmp_path: Path) -> None:
    (tmp_path / CONFIG).touch()
    (tmp_path / CONFIG).chmod(0o664)
    assert stat.S_IMODE((tmp_path / CONFIG).stat().st_mode) == 0o664
    assert find_workspace(tmp_path) == tmp_path


COMMANDS = [
    ("generate", "--culture", "japan", "--plan"),
    ("serve-teacher", "m", "--plan"),
    ("train", "--culture", "japan", "--plan"),
    ("eval-wvs", "--culture", "uk", "--plan"),
    ("content", "list"),
    ("content", "check"),
    ("cultures", "list"),
    ("models", "list"),
]


@NEEDS_ROOT
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_it_in_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A neighbour's file in a parent folder, such as /tmp, would choose the program and the server."""
    mark = tmp_path / "mark"
    program = tmp_path / "vllm"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    (tmp_path / CONFIG).write_text(f'[generate]\nteacher = "m"\nvllm = "{program}"\n')
    owned_by_another(tmp_path / CONFIG)
    inner = tmp_path / "mine"
    inner.mkdir()
    done = clca(inner, *command)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert TRUST in done.stderr
    assert not mark.exists()
    assert list(inner.iterdir()) == []


def test_a_pipe_in_place_of_the_config_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / CONFIG)
    with pytest.raises(ContentError, match="is not a file"):
        read_config(tmp_path)


def test_a_config_without_end_is_refused(tmp_path: Path) -> None:
    with (tmp_path / CONFIG).open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ContentError, match="is larger than 1,048,576 bytes"):
        read_config(tmp_path)


# ---------------------------------------------------------------- a study that was copied: the files are the user's own

CODE = [
    pytest.param("vllm", "./run.sh", "is not used", id="a program of the workspace"),
    pytest.param("vllm", "vllm/vllm", "is not used", id="a program of the workspace called vllm"),
    pytest.param("vllm", "/bin/sh", "is not used", id="a shell that runs a file called serve"),
    pytest.param("vllm", "{here}/vllm", "is not used", id="a program of the workspace by its absolute path"),
    pytest.param("vllm", "/usr/../{here}/vllm", "is not used", id="the same by a roundabout path"),
    pytest.param("vllm", "{here.parent}/vllm", "is not used", id="a program beside the workspace"),
    pytest.param("vllm", "{here.parent}/elsewhere/bin/vllm", "is not used", id="a program of a folder beside it"),
    pytest.param("vllm", "/proc/self/cwd/../vllm", "is not used", id="a program beside the working directory"),
    pytest.param("vllm", "/dev/fd/../../cwd/vllm", "is not used", id="a program of the working directory"),
    pytest.param("vllm_args", "--trust-remote-code", "may load code", id="code of a model"),
    pytest.param("vllm_args", "--trust_remote_code", "may load code", id="code of a model in another spelling"),
    pytest.param("vllm_args", "--trust-r", "may load code", id="code of a model by an abbreviation"),
    pytest.param("vllm_args", "--seed 1 '--middleware' evil.app", "may load code", id="a middleware"),
    pytest.param("vllm_args", "--tool-parser-plugin=./evil.py", "may load code", id="a plug-in"),
    pytest.param("vllm_args", "--worker-cls evil.Worker", "may load code", id="a class of workers"),
    pytest.param("vllm_args", "--kv-transfer-config.kv_connector_module_path x", "may load code", id="a connector"),
]


@pytest.mark.parametrize(("key", "value", "fault"), CODE)
def test_no_file_of_a_workspace_runs_code(tmp_path: Path, key: str, value: str, fault: str) -> None:
    value = value.format(here=tmp_path)
    (tmp_path / CONFIG).write_text(f'[generate]\n{key} = """{value}"""\n')
    with pytest.raises(SettingsError, match=rf"^clca\.toml: generate\.{key}: .*{fault}"):
        resolve_config(GenerateConfig, {}, {}, tmp_path)
    assert getattr(resolve_config(GenerateConfig, {}, {f"CLCA_{key.upper()}": value}, None), key) == value


def test_a_file_names_no_cluster_but_that_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('[generate]\nteacher = "m"\ncluster = "evil:6379"\n')
    with pytest.raises(SettingsError, match=r"^clca\.toml: generate\.cluster: 'evil:6379' is not used"):
        resolve_config(GenerateConfig, {}, {}, tmp_path)
    (tmp_path / CONFIG).write_text('[generate]\nteacher = "m"\ncluster = "auto"\n')
    assert resolve_config(GenerateConfig, {}, {}, tmp_path).cluster == "auto"
    assert resolve_config(GenerateConfig, {"cluster": "head:6379"}, {}, tmp_path).cluster == "head:6379"


@pytest.mark.parametrize(
    ("key", "value"), [("vllm", "vllm"), ("vllm", "/opt/vllm/bin/vllm"), ("vllm_args", "--max-num-seqs=9 -O3")]
)
def test_an_installed_vllm_and_plain_arguments_may_stand_in_the_file(tmp_path: Path, key: str, value: str) -> None:
    (tmp_path / CONFIG).write_text(f'[generate]\n{key} = "{value}"\n')
    assert getattr(resolve_config(GenerateConfig, {}, {}, tmp_path), key) == value


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda program: program.chmod(0o757), r"bin/vllm can be written by other users \(mode 0757\)"),
        (lambda program: program.parent.chmod(0o777), r"bin can be written by other users \(mode 0777\)"),
        pytest.param(lambda program: os.chown(program, 4242, -1), "bin/vllm belongs to the user", marks=NEEDS_ROOT),
        pytest.param(lambda program: os.chown(program.parent, 4242, -1), "bin belongs to the user", marks=NEEDS_ROOT),
    ],
)
def test_a_program_that_another_user_may_put_there_is_not_run(
    tmp_path: Path, change: Callable[[Path], None], fault: str
) -> None:
    program = tmp_path / "bin" / "vllm"
    program.parent.mkdir(mode=0o755)
    program.touch(mode=0o755)
    assert program_fault(program) == ""
    change(program)
    assert re.search(fault, program_fault(program))


def test_a_catalogue_of_models_gives_no_argument_that_loads_code(overlay: Overlay) -> None:
    shape = "hub: a/b, parameters: 9, embeddings: 1, layers: 1, heads: 1, kv_heads: 1, head_dim: 1, context: 9"
    text = f"models:\n  one: {{{shape}, licence: none, gated: false, serve: [--trust-remote-code]}}\n"
    with pytest.raises(ClcaError, match=r"serve: --trust-remote-code may load code"):
        ModelCatalogue(overlay({"trainers/models.yaml": text}))


@pytest.mark.parametrize("words", ["--trust-remote-code", "--middleware evil.app", "--worker-cls=evil.Worker"])
def test_a_run_of_a_stranger_that_is_retried_runs_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    settings = {"teacher": "qwen2.5-0.5b", "vllm_args": words}
    record = {"culture": "japan", "inputs": {}, "counts": {"failed": 1}, "settings": settings}
    (tmp_path / INFO).write_text(json.dumps(record))
    with pytest.raises(SettingsError, match=r"run\.json: settings\.vllm_args: .* may load code, which files never do"):
        plan_retry(read_run(tmp_path), {})
    monkeypatch.setenv("CLCA_VLLM_ARGS", words)  # the user's own word
    with pytest.raises(SettingsError, match="inputs changed"):
        plan_retry(read_run(tmp_path), {})


# ---------------------------------------------------------------- what libraries take from the working directory

ROOT = Path(__file__).parents[2]


def test_a_configuration_of_matplotlib_beside_the_study_is_not_obeyed(tmp_path: Path) -> None:
    """With `text.usetex` it runs LaTeX over what it says, and versions before 3.11 evaluate some of it."""
    (tmp_path / "matplotlibrc").write_text("text.usetex : True\nsavefig.facecolor : none\n")
    latex = tmp_path / "bin" / "latex"
    latex.parent.mkdir()
    latex.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    latex.chmod(0o755)
    (tmp_path / "m.csv").write_text("x,ara,spa\nara,0.5,0.25\nspa,0.4,0.5\n")
    path = f"{latex.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "clca", "eval-cspec", "m.csv", "--out", "paper"],
        cwd=tmp_path, env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()
    assert (tmp_path / "paper" / "ranks.png").exists()


def module_of_the_study(place: Path) -> str:
    """Lays out a module that is named as one of Python's; returns the command by which a library would run that one."""
    (place / "this.py").write_text("open('ran', 'w').close()\n")
    return f"{sys.executable} -m this"


def test_vllm_imports_no_module_of_the_working_directory(tmp_path: Path) -> None:
    """It runs `python -m vllm.model_executor.models.registry` where it was started."""
    command = module_of_the_study(tmp_path)
    env = environment(os.environ, Fit(True, (), 1, 0, 0, 0, 16.0, 4096, 0.9), "")
    subprocess.run(command.split(), cwd=tmp_path, env=env, check=True, capture_output=True)
    assert not (tmp_path / "ran").exists()


def test_training_on_several_gpus_imports_no_module_of_the_working_directory(tmp_path: Path) -> None:
    accelerate = tmp_path / "bin" / "accelerate"
    accelerate.parent.mkdir()
    accelerate.write_text(f"#!/bin/sh\n{module_of_the_study(tmp_path)}\n")
    accelerate.chmod(0o755)
    path = f"{accelerate.parent}{os.pathsep}{os.environ['PATH']}"
    for command in launch_commands(TrainConfig(culture=("japan",)), Content(), 2):
        subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=os.environ | {"PATH": path}, check=True, capture_output=True
        )
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"compute_environment": "AMAZON_SAGEMAKER"},
        {"distributed_type": "DEEPSPEED"},
        {"main_process_ip": "evil.example"},
        {"deepspeed_config": {"deepspeed_hostfile": "hosts"}},
        {"ec2_instance_type": "p4d"},
        {"fsdp_config": {"fsdp_state_dict_type": "SHARDED_STATE_DICT"}},
        {"fsdp_config": {"command": "id"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_configuration_of_a_launch_names_no_host_and_no_program(tmp_path: Path, change: dict[str, Any]) -> None:
    usual = yaml.safe_load(Content().text(FSDP))
    file = tmp_path / FSDP
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(usual))
    launch_commands(TrainConfig(culture=("japan",)), Content(tmp_path), 2)
    file.write_text(yaml.safe_dump(usual | change))
    with pytest.raises(ContentError, match=rf"^{file}"):
        launch_commands(TrainConfig(culture=("japan",)), Content(tmp_path), 2)
