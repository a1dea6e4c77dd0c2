"""The servers of one command: on which GPUs, with which keys, started once and ended together.

`vllm` and `nvidia-smi` are scripts of the test's.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.errors import SettingsError, StoreError, TeacherError
from clca.generation.config import GenerateConfig
from clca.generation.vllm_settings import vllm_config
from clca.inference.vllm import server as module
from clca.inference.vllm.manager import ServerManager
from tests.cli_process import clca, last_json, only_run, records, start
from tests.inference.vllm.commands import CHILDREN, HEALTHY, left, nvidia_smi, script, until, whole

SMALL, LARGER, LARGEST = "qwen2.5-0.5b", "qwen2.5-7b", "llama-3.1-70b"  # of the catalogue
H200 = "NVIDIA H200"
Make = Callable[..., ServerManager]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """`make(*gpus, body=..., env=..., **settings)` has the servers of a command on a machine with these GPUs."""
    monkeypatch.setattr(module, "POLL_INTERVAL", 0.05)

    def servers(
        *gpus: str, body: str = HEALTHY, env: dict[str, str] | None = None, **settings: object
    ) -> ServerManager:
        inherited = {"HF_HUB_OFFLINE": "1", "HOME": str(tmp_path), **nvidia_smi(tmp_path / "smi", *gpus), **(env or {})}
        vllm = str(script(tmp_path / "bin", body))
        chosen = {"vllm": vllm, "out": tmp_path / "generated", "start_timeout": 20.0, **settings}
        return ServerManager(vllm_config(GenerateConfig(**chosen)), Content(), inherited)  # type: ignore[arg-type]

    return servers


# ---------------------------------------------------------------- where


def test_two_models_are_given_gpus_of_their_own(make: Make) -> None:
    small, larger = make(H200, H200).plan([SMALL, LARGER])
    seen = {small.environment["CUDA_VISIBLE_DEVICES"], larger.environment["CUDA_VISIBLE_DEVICES"]}
    assert seen == {"0", "1"}
    assert str(small).startswith(f"{SMALL}: vLLM on 1 x {H200}: ")


def test_a_second_model_for_which_no_gpu_is_left_is_refused(make: Make) -> None:
    with pytest.raises(TeacherError, match=rf"^{LARGER} needs .*{SMALL} takes the GPU.* --base-url .*rehearsal"):
        make(H200).plan([SMALL, LARGER])


def test_gpus_that_the_user_hides_are_not_used(make: Make) -> None:
    (placement,) = make(H200, H200, env={"CUDA_VISIBLE_DEVICES": "1"}).plan([SMALL])
    assert placement.environment["CUDA_VISIBLE_DEVICES"] == "1"
    with pytest.raises(TeacherError, match=rf"{LARGER} needs "):
        make(H200, H200, env={"CUDA_VISIBLE_DEVICES": "1"}).plan([SMALL, LARGER])


def test_a_model_that_is_too_large_is_refused_with_what_fits(make: Make) -> None:
    with pytest.raises(TeacherError, match=rf"^{LARGEST} needs .*1 x {H200}.*Instead: --quantization fp8"):
        make(H200, env={"HF_TOKEN": "t"}).plan([LARGEST])


def test_a_gated_model_without_a_token_is_refused(make: Make) -> None:
    with pytest.raises(SettingsError, match=r"^meta-llama/Llama-3\.1-70B-Instruct is gated: .* HF_TOKEN"):
        make(H200, H200).plan([LARGEST])
    (placement,) = make(H200, H200, env={"HF_TOKEN": "t"}).plan([LARGEST])
    assert placement.environment["HF_TOKEN"] == "t"


def test_a_model_that_is_asked_for_twice_is_planned_once(make: Make) -> None:
    servers = make(H200, H200)
    assert len(servers.plan([SMALL, SMALL])) == 1
    assert servers.plan([SMALL]) == servers.plan([SMALL])


def test_a_model_of_unknown_size_is_left_to_vllm(make: Make) -> None:
    (placement,) = make(H200).plan(["org/unheard-of"])
    assert placement.command[1:3] == ("serve", "org/unheard-of")
    assert placement.environment["CUDA_VISIBLE_DEVICES"] == "0"
    assert "--max-model-len" not in placement.command
    with pytest.raises(TeacherError, match="org/unheard-of takes the GPU"):
        make(H200).plan(["org/unheard-of", SMALL])


def test_models_that_would_each_take_all_gpus_share_them(make: Make) -> None:
    h100 = "NVIDIA H100 80GB"
    large, judge = make(*4 * [h100], env={"HF_TOKEN": "t"}).plan([LARGEST, "qwen2.5-32b"])
    seen = [placement.environment["CUDA_VISIBLE_DEVICES"].split(",") for placement in (large, judge)]
    assert sorted(seen[0] + seen[1]) == ["0", "1", "2", "3"]


def test_a_shorter_length_of_the_users_is_what_has_to_fit(make: Make) -> None:
    (placement,) = make(H200, vllm_args="--max-model-len 4096").plan([SMALL])
    assert placement.fit.max_model_len == 4096


def test_a_placement_shows_no_secret(make: Make) -> None:
    (placement,) = make(H200, env={"HF_TOKEN": "hf_secret"}).plan([SMALL])
    assert "hf_secret" not in repr(placement) + str(placement)
    assert placement.key not in repr(placement)


def test_the_users_arguments_come_last(make: Make) -> None:
    (placement,) = make(H200, vllm_args="--max-num-seqs 512").plan([SMALL])
    assert placement.command[-2:] == ("--max-num-seqs", "512")
    with pytest.raises(SettingsError, match=r"^--vllm-args: --port is decided by clca"):
        make(H200, vllm_args="--port 1").plan([SMALL])


def test_longer_dialogues_are_given_more_context(make: Make) -> None:
    lengths = []
    for exchanges in (1, 10, 20):
        (placement,) = make(H200, max_exchanges=exchanges).plan([SMALL])
        lengths.append(int(placement.command[placement.command.index("--max-model-len") + 1]))
    assert lengths[0] == lengths[1] == 16_384
    assert lengths[2] > 20 * 2 * 500


def test_each_server_has_a_key_of_its_own_that_no_command_line_shows(make: Make) -> None:
    one, two = make(H200, H200).plan([SMALL, LARGER])
    assert one.key != two.key
    for placement in (one, two):
        assert len(placement.key) >= 32
        assert placement.environment["VLLM_API_KEY"] == placement.key
        assert placement.key not in str(placement)


# ---------------------------------------------------------------- start and end


def test_a_server_is_started_once_and_ended_at_the_end(make: Make, tmp_path: Path) -> None:
    heard: list[str] = []
    with make(H200, body=CHILDREN + HEALTHY) as servers:
        (placement,) = servers.start([SMALL], heard.append)
        assert (placement.name, servers[SMALL].running) == (SMALL, True)
        assert servers.start([SMALL]) == []
        log = servers[SMALL].log
    assert log.parent == tmp_path / "generated" / "logs"
    assert log.name.startswith("vllm-qwen2.5-0.5b-")
    assert heard[0] == f"{SMALL} (log: {log})"
    assert "Starting vLLM server" in log.read_text()
    assert left(tmp_path / "bin") == []


def test_a_server_that_died_is_started_anew(make: Make) -> None:
    with make(H200) as servers:
        servers.start([SMALL])
        first = servers[SMALL]
        first.stop()
        assert [placement.name for placement in servers.start([SMALL])] == [SMALL]
        assert servers[SMALL] is not first
        assert servers[SMALL].running


def test_a_second_server_that_cannot_start_leaves_the_first_to_the_end(make: Make, tmp_path: Path) -> None:
    body = f"import sys\nif {LARGER!r} in sys.argv:\n    sys.exit('ValueError: not this one')\n" + HEALTHY
    with make(H200, H200, body=body) as servers:
        with pytest.raises(TeacherError, match=r"^vLLM did not start: ValueError: not this one \(log: "):
            servers.start([SMALL, LARGER])
        assert servers[SMALL].running
    assert not servers[SMALL].running
    assert left(tmp_path / "bin") == []


def test_a_folder_that_cannot_be_written_is_one_line(make: Make, tmp_path: Path) -> None:
    (tmp_path / "generated").write_text("a file")
    with pytest.raises(StoreError, match=r"^cannot start vLLM: \S+generated\S*: "), make(H200) as servers:
        servers.start([SMALL])


# ---------------------------------------------------------------- whole commands


class Machine:
    """A machine with one GPU and a `vllm`, in whose folder commands are given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.env = {**nvidia_smi(folder / "smi", H200), "HOME": str(folder), "HF_HUB_OFFLINE": "1"}

    def install(self, body: str) -> None:
        self.env["CLCA_VLLM"] = str(script(self.bin, body))

    def command(self, *more: str, scenarios: int = 3) -> tuple[str, ...]:
        run = ("--culture", "japan", "--teacher", SMALL, "--scenarios", str(scenarios), "--exchanges", "2", "--json")
        return ("generate", *run, *more)


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_run_on_a_server_of_its_own(here: Machine) -> None:
    here.install(whole())
    done = clca(here.folder, *here.command(), **here.env)
    assert done.returncode == 0, done.stderr
    assert f"Started {SMALL}: vLLM on 1 x {H200}: " in " ".join(done.stderr.split())
    assert last_json(done.stdout)["kept"] == 6
    assert left(here.bin) == []
    assert {one["teacher"] for one in records(only_run(here.folder))} == {SMALL}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_stopped_or_killed_leaves_no_server(here: Machine, number: signal.Signals) -> None:
    here.install(whole("--latency", "0.3"))
    process = start(here.folder, *here.command(), **here.env)
    until(lambda: list(here.folder.glob("generated/japan/*/run.json")) != [], 30)
    assert left(here.bin) != []
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    until(lambda: left(here.bin) == [])


def test_interrupted_while_the_server_starts_leaves_none(here: Machine) -> None:
    here.install("import time\ntime.sleep(100)\n")
    process = start(here.folder, *here.command(), **here.env)
    until(lambda: left(here.bin) != [], 30)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert left(here.bin) == []


def test_a_server_that_dies_in_the_middle_stops_the_run_with_the_reason_and_the_next_command_goes_on(
    here: Machine,
) -> None:
    here.install(CHILDREN + whole("--latency", "0.05", lifetime=20))
    lost = clca(here.folder, *here.command("--tries", "2"), **here.env)
    assert lost.returncode == 1, lost.stderr
    (line,) = (line for line in lost.stderr.splitlines() if line.startswith("clca: "))
    assert line.startswith("clca: vLLM ended: OutOfMemoryError: CUDA out of memory. (the model takes too much memory")
    assert line.endswith("; repeat the command to resume with a new one")
    assert (last_json(lost.stdout)["failed"], last_json(lost.stdout)["pending"]) == (0, 6)
    here.install(whole())
    done = clca(here.folder, *here.command("--tries", "2"), **here.env)
    assert done.returncode == 0, done.stderr
    summary = last_json(done.stdout)
    assert summary["kept"] == 6
    assert summary["cached"] > 0


def test_a_server_that_does_not_start_is_one_line_and_no_run(here: Machine) -> None:
    here.install("import sys\nsys.exit('vllm: error: unrecognized arguments: --enable-prefix-caching')\n")
    done = clca(here.folder, *here.command("--quiet"), **here.env)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("clca: vLLM did not start: unrecognized arguments: --enable-prefix-caching (")
    assert not list(here.folder.glob("generated/japan/*"))


def test_two_runs_of_one_command_share_the_server(here: Machine) -> None:
    here.install("print('started', flush=True)\n" + whole())
    done = clca(here.folder, *here.command("--culture", "uk", scenarios=1), **here.env)
    assert done.returncode == 0, done.stderr
    assert [run["kept"] for run in last_json(done.stdout)["runs"]] == [2, 2]
    (log,) = here.folder.glob("generated/logs/*.log")
    assert log.read_text().count("started") == 1


def test_the_plan_starts_nothing(here: Machine) -> None:
    here.install("raise SystemExit('must not be started')\n")
    done = clca(here.folder, *here.command("--plan"), **here.env)
    assert done.returncode == 0, done.stderr
    (server,) = json.loads(done.stdout)["servers"]
    assert (server["model"], server["command"][1]) == (SMALL, "serve")
    assert not list(here.folder.glob("generated/logs/*"))
