"""What goes out: the archives, the oldest versions of what they need, other Pythons, the repository's own files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import clca
from tests.cli_process import Stub, environment, last_json
from tests.cli_process import clca as run_clca

ROOT = Path(clca.__file__).parents[1]
FORMS = sorted(set((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")) - {ROOT / ".github/ISSUE_TEMPLATE/config.yml"})
GENERATE = ("generate", "--culture", "japan", "--scenarios", "1", "--samples", "1", "--quiet", "--json")


# ---------------------------------------------------------------- files of the repository


def test_the_citation_and_the_changelog_are_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == clca.__version__
    assert citation["license"] == "Apache-2.0"
    assert [reference["title"][:12] for reference in citation["references"]] == ["Cultural Lea", "From Surveys"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert clca.__version__ in changes
    assert "## Unreleased" in changes or f"## {clca.__version__}" in changes


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_for_issues_asks_for_something_that_is_required(form: Path) -> None:
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(content)
    fields = [entry for entry in content["body"] if entry["type"] != "markdown"]
    assert len({entry["id"] for entry in fields}) == len(fields)
    assert any(entry.get("validations", {}).get("required") for entry in fields)


def test_hooks_before_a_commit_run_what_is_installed() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for hook in config["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert shutil.which(hook["entry"].split()[0], path=path)


# ---------------------------------------------------------------- completion


@pytest.mark.parametrize(
    ("typed", "number", "offered"),
    [("clca eval-w", 1, "eval-wvs"), ("clca data import-n", 2, "import-norms"), ("clca train --stud", 2, "--student")],
)
def test_a_shell_completes_commands_and_options(tmp_path: Path, typed: str, number: int, offered: str) -> None:
    asked = {"_CLCA_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(number)}
    assert run_clca(tmp_path, **asked).stdout.split() == [offered]


# ---------------------------------------------------------------- the archives


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs that look at packages, in an environment of their own."""
    folder = tmp_path_factory.mktemp("tools")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    programs = ("build", "hatchling", "twine", "check-wheel-contents", "cffconvert", "uv")
    subprocess.run([folder / "bin/pip", "install", "-q", *programs], check=True)
    return folder / "bin"


@pytest.fixture(scope="module")
def archives(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archives")
    subprocess.run([tools / "python", "-m", "build", "-q", "--outdir", folder, ROOT], check=True)
    return folder


@pytest.fixture
def wheel(archives: Path) -> Path:
    (wheel,) = archives.glob("*.whl")
    return wheel


@pytest.mark.slow
def test_the_archives_and_the_citation_are_sound(tools: Path, archives: Path, wheel: Path) -> None:
    subprocess.run([tools / "twine", "check", "--strict", *archives.iterdir()], check=True)
    subprocess.run([tools / "check-wheel-contents", wheel], check=True)
    subprocess.run([tools / "cffconvert", "--validate", "-i", ROOT / "CITATION.cff"], check=True)


@pytest.mark.slow
def test_the_oldest_versions_of_what_is_needed_do(tools: Path, wheel: Path, tmp_path: Path) -> None:
    """With the least version of each dependency, a rehearsal and a run against a server both end."""
    listed, folder = tmp_path / "oldest.txt", tmp_path / "oldest"
    oldest = [tools / "uv", "pip", "compile", "-q", "--resolution", "lowest-direct", ROOT / "pyproject.toml"]
    subprocess.run([*oldest, "--python", sys.executable, "-o", listed], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([tools / "uv", "venv", "-q", "-p", sys.executable, folder], check=True)
    install = [tools / "uv", "pip", "install", "-q", "--python", folder / "bin/python"]
    subprocess.run([*install, "-r", listed], check=True)
    subprocess.run([*install, "--no-deps", wheel], check=True)
    ends_well(folder / "bin/clca", tmp_path)
    with Stub() as stub:
        served = [*GENERATE, "--teacher", "stub", "--base-url", stub.url]
        assert printed(folder / "bin/clca", tmp_path, *served)
        assert stub.stats()["requests"]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_wheel_runs_on_each_python_that_it_names(version: str, wheel: Path, tools: Path, tmp_path: Path) -> None:
    python = next(interpreters(version), None)
    if python is None:
        pytest.skip(f"no Python {version} here")
    subprocess.run([python, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "-q", wheel], check=True)
    ends_well(tmp_path / "venv/bin/clca", tmp_path)


def interpreters(version: str) -> Iterator[str]:
    """Pythons of a version: on the PATH, or of pyenv."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [shutil.which(f"python{version}"), *sorted(root.glob(f"versions/{version}.*/bin/python"))]
    for candidate in filter(None, candidates):
        done = subprocess.run([candidate, "-c", "import sys; print(sys.version)"], capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.startswith(f"{version}."):
            yield str(candidate)


def printed(program: Path, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [program, *arguments], cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    return done.stdout


def ends_well(program: Path, folder: Path) -> None:
    """A program `clca` that stands alone generates, reads its content and examines itself."""
    assert last_json(printed(program, folder, *GENERATE))["pending"] == 0
    assert "no faults" in printed(program, folder, "content", "check")
    examined = subprocess.run([program, "doctor", "--json"], cwd=folder, env=environment(), capture_output=True)
    findings = json.loads(examined.stdout)["findings"]
    assert {finding["state"] for finding in findings if finding["topic"] == "Python"} == {"ok"}
    assert "wikipedia" in printed(program, folder, "data", "fetch").lower()
