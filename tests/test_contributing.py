"""The recipes of CONTRIBUTING.md work: their files, put in place in a copy of the repository, and their commands."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli_process import environment, last_json

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = ("clca", "prompts", "scenarios", "personas", "trainers", "eval", "tests", "pyproject.toml", "clca.toml")
CAPTION = re.compile(r"^`([^`\n]+)`([^`\n]*(?:`[^`\n]+`)?):\n\n((?:^```\w+\n.*?^```\n\n?)+)", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
HEAVY = ("clca train", "clca eval-")  # load torch: `test_tests_of_the_recipes_pass` covers them


def recipes() -> dict[str, str]:
    """The text of each recipe by its heading."""
    _, *parts = re.split(r"^### ", TEXT, flags=re.MULTILINE)
    return {part.partition("\n")[0]: part for part in parts}


def commands(recipe: str) -> list[str]:
    """The lines of a recipe's shell blocks, without comments."""
    lines = [line for language, block in FENCE.findall(recipe) if language == "sh" for line in block.splitlines()]
    return [line.partition("  #")[0].rstrip() for line in lines]


def put_in_place(recipe: str, root: Path) -> None:
    """Write and change the files of a recipe's blocks."""
    for name, remark, blocks in CAPTION.findall(recipe):
        path = root / name
        for language, block in FENCE.findall(blocks):
            if language == "sh":
                continue
            if language == "diff":
                path.write_text(patched(path.read_text(encoding="utf-8"), block), encoding="utf-8")
            elif "in part" in remark:
                merged = merge(yaml.safe_load(path.read_text(encoding="utf-8")), yaml.safe_load(block))
                path.write_text(yaml.safe_dump(merged, allow_unicode=True, sort_keys=False), encoding="utf-8")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block, encoding="utf-8")


def patched(text: str, diff: str) -> str:
    """A text with the lines of a diff in place of those that it takes away or shows."""
    lines = diff.splitlines()
    before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
    assert text.count(before) == 1, f"not there, or not there once:\n{before}"
    return text.replace(before, after)


def merge(whole: Any, part: Any) -> Any:
    """YAML with some values changed: mappings key by key, lists of entries with an `id` by that, others as a whole."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return {**whole, **{key: merge(whole.get(key), value) for key, value in part.items()}}
    if isinstance(part, list) and part and isinstance(part[0], dict):
        changes = {entry["id"]: entry for entry in part}
        return [merge(entry, changes.get(entry["id"], entry)) for entry in whole]
    return part


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which every recipe has been followed."""
    root = tmp_path_factory.mktemp("contributing")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)
    for recipe in recipes().values():
        for command in commands(recipe):
            if command.startswith("cp "):
                subprocess.run(["bash", "-euc", command], cwd=root, check=True)
        put_in_place(recipe, root)
    return root


def run(root: Path, module: str, *arguments: str) -> str:
    return python(root, "-m", module, *arguments)


def python(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=environment(PYTHONPATH=str(root), HF_HUB_OFFLINE="1"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_every_recipe_has_files_commands_and_a_test() -> None:
    assert len(recipes()) == 5
    for recipe in recipes().values():
        assert CAPTION.search(recipe)
        assert any(command.startswith("clca ") for command in commands(recipe))
        assert re.search(r"^\| `tests/\S+\.py` \|", recipe, re.MULTILINE)


def test_named_files_exist_once_the_recipes_are_followed(copy: Path) -> None:
    for recipe in recipes().values():
        for name in re.findall(r"`((?:clca|tests|eval|personas|prompts|trainers|scenarios)/[\w./-]+\.\w+)`", recipe):
            assert (copy / name).exists(), name


@pytest.mark.parametrize("heading", recipes())
def test_commands_of_a_recipe_run(copy: Path, heading: str) -> None:
    for command in commands(recipes()[heading]):
        if command.startswith("clca ") and not command.startswith(HEAVY):
            run(copy, *command.split())


def test_an_added_language_is_native_to_its_culture(copy: Path) -> None:
    modules = "from clca.content.lookup import Content; from clca.evaluation.wvs.suite import *"
    question = "load_suite(Content(), native_language(Content(), 'brazil')).items.items[0].question"
    done = python(copy, "-c", f"{modules}; print({question})")
    assert done == "Qual é a importância da família na sua vida?\n"


def test_an_added_judge_judges(copy: Path) -> None:
    arguments = ("--culture", "uk", "--judge", "approve", "--scenarios", "4", "--out", "approved", "--quiet", "--json")
    counts = last_json(run(copy, "clca", "generate", *arguments))
    assert counts["kept"] > 0
    lines = (copy / counts["run"] / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    assert all('"judge":"approve"' in line for line in lines)


def test_tests_of_the_recipes_pass(copy: Path) -> None:
    new = [
        name
        for recipe in recipes().values()
        for name, *_ in CAPTION.findall(recipe)
        if name.startswith("tests/") and not (ROOT / name).exists()
    ]
    assert len(new) >= 2
    run(copy, "pytest", "-q", "-p", "no:cacheprovider", *new)
    profile = ("tests/test_content_check.py", "-k", "netherlands or two_cultures")
    run(copy, "pytest", "-q", "-p", "no:cacheprovider", *profile)


def test_code_of_the_recipes_is_in_the_projects_style(copy: Path) -> None:
    run(copy, "ruff", "check", "--no-cache", "clca", "tests")
    run(copy, "ruff", "format", "--no-cache", "--check", "clca", "tests")
