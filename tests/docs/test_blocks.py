"""Every shell and Python block of the README and the manual runs as it stands there.

The blocks of a page run in their order in one folder, which is at first that of a reader who has followed *Getting
started*. Where a command does not say how many scenarios, steps or
respondents it takes, these tests say few.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_process import Stub, environment, heavy_environment, path_with_clca
from tests.docs.blocks import PAGES, SLOW, TEXTS, Block, blocks, run

MODELS = "meta-llama/Llama-3.1-70B-Instruct,llama-3.1-70b,qwen2.5-32b"
SERVERS = r"http://(localhost|gpu\d):8000/v1"
INSTALL = r"python3 -m venv \.venv .* pip install \. && "
README, STARTED, FILES = "README.md", "docs/getting-started.md", "docs/data.md"
FEW = {
    "CLCA_SCENARIOS": "4",
    "CLCA_TRAIN_SET": "training.steps=5",
    "CLCA_EVAL_WVS_RESPONDENTS": "4",
    "CLCA_EVAL_OFFENSE_LIMIT": "2",
    "CLCA_EVAL_MMLU_LIMIT": "2",
    "CLCA_MAP_METHOD": "tsne",  # UMAP compiles itself for a quarter of a minute
}


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    """A server that answers as the models of the pages would."""
    with Stub("--models", MODELS, "--latency", "0.001") as stub:
        yield stub


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With a `clca` on the path that a fork server runs."""
    path = path_with_clca(tmp_path_factory.mktemp("bin") / "bin", forked=True)
    return environment(**heavy_environment(), **FEW, PATH=path)


def run_page(page: list[Block], folder: Path, env: dict[str, str], stub: Stub) -> None:
    """Run the blocks in their order, then the commands whose output is shown: they print it whatever else was run."""
    for block in sorted(page, key=lambda block: block.language == "text"):
        sized = {key: value for key, value in env.items() if key not in FEW} if block.mark == "first command" else env
        run(block, folder, sized, {SERVERS: stub.url, INSTALL: ""})


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str], stub: Stub) -> Path:
    """The folder of a reader who has followed *Getting started*, as all other pages of the manual take for granted."""
    folder = tmp_path_factory.mktemp("started")
    run_page([block for block in blocks(STARTED) if block.runs_in_the_gate], folder, env, stub)
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if page not in (README, STARTED)])
def test_blocks_of_a_page_run(page: str, started: Path, tmp_path: Path, env: dict[str, str], stub: Stub) -> None:
    """In a copy of that folder: no page needs another one."""
    wanted = [block for block in blocks(page) if block.runs_in_the_gate]
    if wanted:
        folder = shutil.copytree(started, tmp_path / "folder")
        run_page(wanted, folder, env, stub)
        files = {file.name for file in folder.glob("generated/*/*/*") if file.is_file()}
        assert all(f"| `{name}` |" in TEXTS[FILES] for name in files), f"{FILES} lacks one of {files}"


def test_blocks_of_the_readme_run(tmp_path: Path, env: dict[str, str], stub: Stub) -> None:
    run_page([block for block in blocks(README) if block.runs_in_the_gate], tmp_path, env, stub)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(block.mark.startswith(SLOW) for block in blocks(page))])
def test_slow_blocks_of_a_page_run(page: str, started: Path, tmp_path: Path, env: dict[str, str], stub: Stub) -> None:
    wanted = [block for block in blocks(page) if block.mark.startswith(SLOW)]
    run_page(wanted, shutil.copytree(started, tmp_path / "folder"), env, stub)
