"""The image, the compose file and the unit start the service with options that it has, from files that are there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from clca.cli import app
from clca.service.access import TokenFile

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def commands() -> list[list[str]]:
    """The arguments of `clca` in each file."""
    image = json.loads(re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[-1])
    unit = re.search(r"^ExecStart=\S+/clca (.*)$", (ROOT / "deploy" / "clca.service").read_text(), re.MULTILINE)
    assert unit is not None
    return [image, shlex.split(unit[1])]


@pytest.mark.parametrize("arguments", commands(), ids=["image", "unit"])
def test_the_service_starts_so_once_somebody_has_a_token(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception, match="nobody has a token"):
        app([*arguments, "--plan"], standalone_mode=False)
    app(["tokens", "add", "ana", "--role", "run"], standalone_mode=False)
    secret = capsys.readouterr().out.strip()
    app([*arguments, "--plan", "--json"], standalone_mode=False)
    planned = json.loads(capsys.readouterr().out)
    assert (planned["needs_token"], planned["tokens"]) == (True, {"ana": "run"})
    assert TokenFile(tmp_path / "service").holder(secret) is not None
    assert not list((tmp_path / "service").glob("*.sqlite"))  # a plan writes nothing


def test_the_image_is_made_of_files_that_are_there_and_let_into_the_build() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    included = re.search(r"only-include = (\[.*\])", (ROOT / "pyproject.toml").read_text())
    assert included is not None
    assert set(json.loads(included[1])) <= copied  # what the wheel is made of


def test_the_container_is_the_image_s_user_in_the_image_s_folder_and_open_to_this_machine_alone() -> None:
    service = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]["clca"]
    (port,), (volume,) = service["ports"], service["volumes"]
    assert port.startswith("127.0.0.1:")
    assert f"EXPOSE {port.rpartition(':')[2]}" in DOCKERFILE
    assert f"VOLUME {volume.partition(':')[2]}" in DOCKERFILE
    (user,) = re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)
    assert f"useradd --create-home --uid {user} clca" in DOCKERFILE
