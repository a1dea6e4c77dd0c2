"""Every command that the README shows runs as it stands there, in the order in which it stands.

Those that need a GPU run in `tests/vllm/test_managed.py`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import clca
from clca.stages import STAGES, resolve_config
from tests.cli_process import Stub, environment, heavy_environment, only_run, path_with_clca, records

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
MODELS = "meta-llama/Llama-3.1-70B-Instruct,llama-3.1-70b,qwen2.5-32b"


def blocks(language: str) -> list[str]:
    text = re.sub(r"^<!-- needs a GPU -->\n```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def env(folder: Path) -> dict[str, str]:
    """With a `clca` on the path that a fork server runs."""
    return environment(**heavy_environment(), PATH=path_with_clca(folder / "bin", forked=True))


FIRST = "clca generate --culture japan"
SMALLER = {
    "clca generate": {"CLCA_SCENARIOS": "6"},
    "clca map": {"CLCA_MAP_METHOD": "tsne"},  # UMAP compiles itself for a quarter of a minute
    "clca train": {"CLCA_TRAIN_SET": "training.steps=30"},
}


def test_first_command_runs_in_an_interpreter_of_its_own(tmp_path: Path) -> None:
    assert FIRST in blocks("sh")[0]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", FIRST],
        cwd=tmp_path,
        env=environment(PATH=path_with_clca(tmp_path / "bin")),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert records(only_run(tmp_path))


def test_shell_commands_run(tmp_path: Path, env: dict[str, str]) -> None:
    """Six scenarios are played, and thirty steps trained, where a command does not say how many."""
    commands = [FIRST, *(block for block in blocks("sh")[1:] if not block.startswith("python3 -m venv"))]
    assert len(commands) >= 8
    with Stub("--models", MODELS, "--latency", "0.001") as stub:
        for block in commands:
            script = re.sub(r"http://(localhost|gpu\d):8000/v1", stub.url, block)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=tmp_path,
                env={**env, **SMALLER.get(" ".join(block.split()[:2]), {})},
                capture_output=True,
                text=True,
                timeout=900,
            )
            assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        assert stub.stats()["requests"] > 0


def test_sample_is_what_the_command_prints(folder: Path, env: dict[str, str]) -> None:
    (sample,) = blocks("text")
    command, _, shown = sample.removeprefix("$ ").partition("\n")
    subprocess.run(
        ["clca", "generate", "--culture", "japan", "--quiet", "--out", "sample"], cwd=folder, env=env, check=True
    )
    printed = subprocess.run(
        [*command.split(), "--out", "sample"], cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout
    flat = " ".join(printed.split())
    for part in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE):
        assert " ".join(part.split()) in flat


def test_python_loads_the_files(folder: Path, env: dict[str, str]) -> None:
    subprocess.run(["clca", "generate", "--culture", "japan", "--quiet"], cwd=folder, env=env, check=True)
    code = blocks("python")[0]
    check = "assert len(dialogues) > 50 and dialogues[0]['turns'][0]['intent']['text']"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{check}"],
        cwd=folder,
        env={**env, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for file in only_run(folder).iterdir():
        assert f"\n| `{file.name}` |" in README


def test_python_calls_run(tmp_path: Path, env: dict[str, str]) -> None:
    code = "\n".join(blocks("python")[1:])
    for name in re.findall(r"`clca\.((?:generate|train|eval_|compare)\w*)`", README):
        assert name in clca.__all__, name
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    *dialogues, distances = done.stdout.splitlines()
    assert len(dialogues) > 5
    assert all(line.startswith("japan-") and line.endswith(" kept") for line in dialogues)
    assert float(distances.split()[0]) == pytest.approx(0.3)


def test_settings_file_is_read_by_its_commands(tmp_path: Path) -> None:
    (settings,) = blocks("toml")
    (tmp_path / "clca.toml").write_text(settings, encoding="utf-8")
    for command, values in tomllib.loads(settings).items():
        config = resolve_config(STAGES[command].config_type, {}, {}, tmp_path)
        assert {key: getattr(config, key) for key in values} == values


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parents[1] / target).exists(), target
