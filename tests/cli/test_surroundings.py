"""Whatever starts a command: a result or one line, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli_process import Stub, clca, last_json, only_run, records, start

GENERATE = ("generate", "-c", "japan", "--scenarios", "1", "--samples", "1", "--exchanges", "1")

# Each command with its exit code, where a run of Japan is in generated/.
COMMANDS: dict[tuple[str, ...], int] = {
    (*GENERATE, "--new"): 0,
    ("show", "japan"): 0,
    ("retry", "japan", "--failed"): 0,
    ("cultures", "show", "japan"): 0,
    ("models", "show", "llama-3.1-8b"): 0,
    ("adapters", "list"): 2,
    ("content", "show", "prompts/turn.j2"): 0,
    ("schema", "generate"): 0,
    ("serve-teacher", "rehearsal"): 2,
    ("--help",): 0,
    ("nothing",): 2,
}
SURROUNDINGS: dict[str, dict[str, Any]] = {
    "no streams": {"closed": [0, 1, 2]},
    "no stdout": {"closed": [1]},
    "nobody reads stdout": {"broken": [1]},
    "nobody reads stderr": {"broken": [2]},
    "stderr is full": {"full": [2]},
    "ASCII": {"encoding": "ascii"},
    "few open files": {"open_files": 32},
    "a background job": {"ignores_sigint": True},
    "no home": {"HOME": ""},
    "an unwritable home": {"HOME": "/proc/nowhere"},
    "a narrow terminal": {"COLUMNS": "20"},
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    assert clca(folder, *GENERATE).returncode == 0
    return folder


def in_surroundings(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = dict(SURROUNDINGS[name])
    variables = {key: surroundings.pop(key) for key in ("HOME", "COLUMNS") if key in surroundings}
    return clca(folder, *arguments, surroundings=surroundings, **variables)


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_every_command_works_or_says_in_one_line_why_not(study: Path, name: str) -> None:
    for arguments, code in COMMANDS.items():
        done = in_surroundings(study, name, *arguments)
        assert done.returncode == code, (arguments, done.stderr)  # a traceback ends with 1
        assert "Traceback" not in done.stderr, arguments
        assert "Exception ignored" not in done.stderr, arguments
        if code == 2 and "stderr" not in name and name != "no streams":
            assert [line[:6] for line in done.stderr.splitlines()] == ["clca: "], arguments


def test_a_full_disk_under_the_output_is_one_line(study: Path) -> None:
    for arguments in (("schema", "generate"), ("show",), ("cultures", "list"), ("--help",)):
        done = clca(study, *arguments, surroundings={"full": [1]})
        assert (done.returncode, done.stderr) == (2, "clca: output: No space left on device\n"), arguments


def test_json_stays_json_in_a_terminal_of_ascii(study: Path) -> None:
    done = clca(study, "cultures", "show", "mexico", "--json", surroundings={"encoding": "ascii"})
    assert done.stdout.isascii()
    assert last_json(" ".join(done.stdout.split()))["id"] == "mexico"
    assert "\\u00e9" in done.stdout


# ---------------------------------------------------------------- paths

NAMES = (
    "two words",
    'it\'s "quoted"',
    "-dash",
    "line\nbreak",
    "\udcff\x1b[31m",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_may_lie_in_any_folder_and_its_command_can_be_copied(tmp_path: Path, name: str) -> None:
    done = clca(tmp_path, *GENERATE, "--out", name)
    assert done.returncode == 0, done.stderr
    run = next((tmp_path / name / "japan").iterdir())
    (line,) = [line for line in done.stderr.splitlines() if line.endswith(" reads them.")]
    command = line.removesuffix(" reads them.")
    assert command.isprintable()
    script = f'clca() {{ printf "%s\\0" "$@"; }}; {command}'
    words = subprocess.run(["bash", "-c", os.fsencode(script)], capture_output=True, check=True, cwd=tmp_path)
    verb, path = words.stdout.split(b"\0")[:2]
    assert verb == b"show"
    assert (tmp_path / os.fsdecode(path)).samefile(run)
    shown = clca(tmp_path, "show", "--out", name, "--json")
    assert (tmp_path / last_json(shown.stdout)["run"]).samefile(run)


def test_scenarios_may_lie_in_any_file(tmp_path: Path) -> None:
    seeds = (Path(__file__).parents[2] / "scenarios" / "seeds-1.jsonl").read_text(encoding="utf-8").splitlines()
    for name in (*NAMES, "日本", "a,b", "$HOME", "*"):
        (tmp_path / f"{name}.jsonl").write_text(seeds[0] + "\n", encoding="utf-8")
        done = clca(tmp_path, *GENERATE[:3], "--scenarios", f"{name}.jsonl", "--samples", "1", "--exchanges", "1")
        assert done.returncode == 0, (name, done.stderr)
        (tmp_path / f"{name}.jsonl").write_text("{\n", encoding="utf-8")
        done = clca(tmp_path, *GENERATE[:3], "--scenarios", f"{name}.jsonl")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), (name, done.stderr)


# ---------------------------------------------------------------- signals and limits


def test_a_background_job_is_not_stopped_by_ctrl_c(tmp_path: Path) -> None:
    with Stub("--latency", "0.05") as stub:
        server = ("--teacher", "stub", "--base-url", stub.url)
        process = start(tmp_path, *GENERATE, *server, "--json", surroundings={"ignores_sigint": True})
        while not stub.stats()["requests"]:
            time.sleep(0.02)
        for _ in range(3):
            process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=600)
    assert process.returncode == 0, stderr
    assert last_json(stdout)["pending"] == 0


def test_a_low_limit_of_open_files_means_fewer_requests_in_flight(tmp_path: Path) -> None:
    with Stub("--latency", "0.01") as stub:
        server = ("--teacher", "stub", "--base-url", stub.url, "--judge", "stub", "--judge-base-url", stub.url)
        run = ("generate", "-c", "japan", "--scenarios", "20", "--exchanges", "1", *server, "--json")
        done = clca(tmp_path, *run, surroundings={"open_files": 40})
    assert done.returncode == 0, done.stderr
    assert (last_json(done.stdout)["failed"], len(records(only_run(tmp_path)))) == (0, 40)
    assert "requests are in flight, not 64: too few files may be open; raise the limit with ulimit -n" in done.stderr
