"""Every shell and Python block of the README and the manual runs as it stands there.

The blocks of a page run in their order in one folder. Where a command does not say how many scenarios, steps or
respondents it takes, these tests say few.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_process import Stub, environment, heavy_environment, path_with_clca
from tests.docs.blocks import PAGES, TEXTS, Block, blocks, run

MODELS = "meta-llama/Llama-3.1-70B-Instruct,llama-3.1-70b,qwen2.5-32b"
SERVERS = r"http://(localhost|gpu\d):8000/v1"
INSTALL = r"python3 -m venv \.venv .* pip install \. && "
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


@pytest.mark.parametrize("page", PAGES)
def test_blocks_of_a_page_run(page: str, tmp_path: Path, env: dict[str, str], stub: Stub) -> None:
    run_page([block for block in blocks(page) if block.runs_in_the_gate], tmp_path, env, stub)
    for file in tmp_path.glob("generated/*/*/*"):
        assert any(f"| `{file.name}` |" in text for text in TEXTS.values()), f"no page has {file.name} in a table"
