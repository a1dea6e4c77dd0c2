"""Every command that the README shows runs as it stands there, in the order in which it stands.

Those that need a GPU run in `tests/vllm/test_managed.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import clca
from clca.stages import STAGES, resolve_config
from tests.cli_process import Stub, environment

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
    """With `clca` on the path, as the README's first command leaves it."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    script = bin_folder / "clca"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m clca "$@"\n')
    script.chmod(0o755)
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    return environment(PATH=path, HF_HUB_OFFLINE="1", XDG_CACHE_HOME=str(folder / "cache"))


def test_shell_commands_run(folder: Path, env: dict[str, str]) -> None:
    first = "clca generate --culture japan"
    assert first in blocks("sh")[0]
    commands = [first, *(block for block in blocks("sh")[1:] if not block.startswith("python3 -m venv"))]
    assert len(commands) >= 8
    with Stub("--models", MODELS, "--latency", "0.001") as stub:
        for block in commands:
            script = re.sub(r"http://(localhost|gpu\d):8000/v1", stub.url, block)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=folder,
                env=env,
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
