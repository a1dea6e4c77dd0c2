"""Attacks on API keys: each goes to the server that it was set for, and to no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.errors import SettingsError
from clca.inference.hardware import machine
from clca.inference.keys import Key, key_for, key_notices
from clca.training.recipe_files import load_recipe
from clca.training.requirements import require_loggers
from clca.urls import NO_KEY
from tests.cli_process import Stub, clca

OPENAI = "https://api.openai.com/v1"

ELSEWHERE = [
    pytest.param("https://evil.example/v1", {}, id="another host"),
    pytest.param("http://api.openai.com/v1", {}, id="openai without encryption"),
    pytest.param("https://api.openai.com:8443/v1", {}, id="another port"),
    pytest.param("https://api.openai.com.evil.example/v1", {}, id="openai as a beginning"),
    pytest.param("https://evil-api.openai.com/v1", {}, id="openai as an end"),
    pytest.param("https://evil.example/api.openai.com/v1", {}, id="openai as a path"),
    pytest.param("https://evil.example#@api.openai.com/v1", {}, id="openai as a fragment"),
    pytest.param("https://аpi.openai.com/v1", {}, id="openai in Cyrillic"),
    pytest.param(OPENAI, {"OPENAI_BASE_URL": "https://own.example/v1"}, id="openai with a key of another host"),
    pytest.param("https://own.example.evil/v1", {"OPENAI_BASE_URL": "https://own.example/v1"}, id="beside a host"),
    pytest.param("https://evil.example/v1", {"OPENAI_BASE_URL": "https://[::bad"}, id="a base URL that is none"),
]


@pytest.mark.parametrize(("url", "environment"), ELSEWHERE)
def test_openais_key_goes_nowhere_else(url: str, environment: dict[str, str]) -> None:
    environment = {**environment, "OPENAI_API_KEY": "o"}
    key = key_for([url], environment)
    assert key == Key(NO_KEY, "")
    assert key_notices([url], key, environment)[0].startswith("OPENAI_API_KEY is not sent to ")
    assert key_for([OPENAI, url], environment).value == NO_KEY


def test_it_goes_to_openai_or_the_host_that_the_environment_names() -> None:
    assert key_for(["https://API.OpenAI.com:443/v1/"], {"OPENAI_API_KEY": "o"}).value == "o"
    own = {"OPENAI_API_KEY": "o", "OPENAI_BASE_URL": "https://own.example:8/v1"}
    assert key_for(["https://own.example:8/v1"], own).value == "o"


@pytest.mark.parametrize("value", ["a\r\nHost: evil", "a\0b", "schlüssel", "a\x7f"], ids=ascii)
def test_a_key_that_would_begin_another_header_is_refused_unseen(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^CLCA_API_KEY: the key holds characters") as caught:
        key_for([OPENAI], {"CLCA_API_KEY": value})
    assert value not in caught.value.message


def test_no_key_is_shown() -> None:
    key = key_for([OPENAI], {"CLCA_API_KEY": "secret"})
    assert "secret" not in repr(key) + " ".join(key_notices([OPENAI], key, {}))


@pytest.mark.parametrize("host", ["127.0.0.1.evil.example", "127.evil.example", "localhost.evil.example", "10.0.0.1"])
def test_a_name_that_looks_like_this_machine_is_another(host: str) -> None:
    url = f"http://{host}/v1"
    assert "gets it unencrypted" in key_notices([url], key_for([url], {"CLCA_API_KEY": "secret"}), {})[1]


def test_nvidia_smi_gets_no_key(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nexport -p > {tmp_path}/seen\n")
    program.chmod(0o755)
    keys = ("CLCA_API_KEY", "CLCA_JUDGE_API_KEY", "OPENAI_API_KEY", "VLLM_API_KEY")
    machine({"PATH": str(tmp_path), **dict.fromkeys(keys, "k-secret-1")})
    assert "PATH" in (seen := (tmp_path / "seen").read_text())
    assert "k-secret-1" not in seen


COMMANDS = {
    "a generation": ("generate", "--culture", "uk", "--teacher", "m", "--scenarios", "1", "--samples", "1"),
    "an evaluation": ("eval-normad", "--culture", "japan", "--student", "m", "--limit", "1", "--row", "base"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_before_the_first_request_it_is_said_and_recorded(tmp_path: Path, command: tuple[str, ...]) -> None:
    with Stub("--models", "m", "--key", "k-secret-1") as stub:
        words = (*command, "--base-url", stub.url)
        server = stub.url.removesuffix("/v1")
        done = clca(tmp_path, *words, CLCA_API_KEY="k-secret-1")
        refused = clca(tmp_path, *words, "--new", OPENAI_API_KEY="k-secret-1")
    assert f"The key in CLCA_API_KEY goes to {server}" in done.stderr
    assert f"OPENAI_API_KEY is not sent to {server}: set CLCA_API_KEY to send a key" in refused.stderr
    assert refused.returncode == 2
    records = [*tmp_path.rglob("run.json"), *tmp_path.rglob("evaluation.json")]
    said = [record.read_text() for record in records if f"goes to {server}" in record.read_text()]
    assert said or command[0] != "generate"  # an evaluation keeps no run that had no answer
    assert not any("k-secret-1" in record.read_text() for record in records)
    assert all(json.loads(record) for record in said)


def test_wandbs_key_goes_to_no_server_that_a_file_of_the_study_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """wandb reads `wandb/settings` of the working directory, and a recipe may name wandb."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WANDB_BASE_URL", raising=False)
    (tmp_path / "wandb").mkdir()
    (tmp_path / "wandb" / "settings").write_text("[default]\nbase_url = https://evil.example\n")
    wandb = load_recipe(Content(), "tiny", ("training.log=wandb",))
    with pytest.raises(SettingsError, match=r"wandb/settings may name the server that gets its key"):
        require_loggers(wandb)
    monkeypatch.setenv("WANDB_BASE_URL", "https://own.example")
    monkeypatch.setattr("clca.training.requirements.find_spec", bool)  # as if it were installed
    require_loggers(wandb)


@pytest.mark.parametrize("store", ["mlflow.db", "mlflow.db-journal", "mlruns"])
def test_mlflow_opens_no_database_that_came_with_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    """It opens `mlflow.db` of the working directory, and SQLite removes the file that a journal beside it names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("clca.training.requirements.find_spec", bool)  # as if it were installed
    mlflow = load_recipe(Content(), "tiny", ("training.log=mlflow",))
    require_loggers(mlflow)
    (tmp_path / store).touch()
    with pytest.raises(SettingsError, match=rf"names mlflow, and {store} is here, .* say by MLFLOW_TRACKING_URI"):
        require_loggers(mlflow)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://own.example")
    require_loggers(mlflow)
