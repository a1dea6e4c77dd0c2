from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.content.config_layers import NO_SETTINGS
from clca.content.trust import CONFIG
from clca.errors import SettingsError
from clca.generation.config import GenerateConfig
from clca.generation.recorded_settings import EXECUTION_FIELDS
from clca.generation.roles import unused_notes
from clca.stages import resolve_config


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / CONFIG).write_text("[generate]\nsamples = 3\nseed = 3\nexchanges = 3\n", encoding="utf-8")
    return tmp_path


def resolve(flags: dict[str, Any], environment: dict[str, str], workspace: Path | None) -> GenerateConfig:
    config: GenerateConfig = resolve_config(GenerateConfig, flags, environment, workspace)
    return config


def refusal(flags: dict[str, Any], environment: dict[str, str] | None = None, workspace: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        resolve(flags, environment or {}, workspace)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_flags_outrank_environment_outranks_file_outranks_defaults(workspace: Path) -> None:
    environment = {"CLCA_SAMPLES": "4", "CLCA_SEED": "4", "HOME": "/"}
    config = resolve({"samples": 5, "seed": None, "base_url": ()}, environment, workspace)
    assert (config.samples, config.seed, config.max_exchanges, config.max_reply_attempts) == (5, 4, 3, 3)


def test_the_defaults_are_those_of_the_paper_and_need_nothing() -> None:
    config = resolve({}, {}, None)
    assert config == GenerateConfig()
    assert (config.samples, config.max_exchanges, config.top_p, config.seed) == (2, 10, 0.7, 42)
    assert (config.discard, config.discard_confidence) == (("quality", "meta"), "very confident")
    assert (config.teacher, config.out) == ("rehearsal", Path("generated"))


def test_the_rehearsal_plays_in_json_only() -> None:
    message = "--turn-format text needs a model on both sides: the rehearsal plays in JSON only"
    assert refusal({"turn_format": "text"}) == message
    assert refusal({"turn_format": "text", "teacher": "qwen", "partner": "rehearsal"}) == message
    judged = resolve({"turn_format": "text", "teacher": "qwen", "judge": "rehearsal"}, {}, None)
    assert (judged.turn_format, judged.thought) == ("text", True)
    assert refusal({"turn_format": "xml"}).startswith("--turn-format: ")


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('[generate]\nscenarios = "mine.jsonl"\nout = "runs"\n', encoding="utf-8")
    config = resolve({}, {}, tmp_path)
    assert (config.scenarios, config.out) == (tmp_path / "mine.jsonl", tmp_path / "runs")


def test_scenarios_are_a_number_or_a_file() -> None:
    assert resolve({"scenarios": "12"}, {}, None).scenarios == 12
    assert resolve({"scenarios": "mine.jsonl"}, {}, None).scenarios == Path("mine.jsonl")
    assert refusal({"scenarios": "0"}) == "--scenarios: needs at least 1"
    assert refusal({"scenarios": "-2"}).startswith("--scenarios: needs at least 1")


def test_lists_in_the_environment_are_split_at_commas_and_spaces() -> None:
    environment = {"CLCA_BASE_URL": "http://a:1/v1, http://b:2/v1", "CLCA_DISCARD": "meta alignment"}
    config = resolve({"teacher": "llama"}, environment, None)
    assert config.base_url == ("http://a:1/v1", "http://b:2/v1")
    assert config.discard == ("meta", "alignment")


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (
            {"base_url": ("http://h:1/v1",)},
            "--base-url needs the name of the teacher's model: add --teacher",
        ),
        ({"judge_base_url": "http://h:1/v1"}, "--judge-base-url needs the name of the judge's model"),
        ({"teacher": "m", "base_url": ("http://h:99999/v1",)}, "--base-url: not a URL: its host or port is invalid"),
        ({"teacher": "m", "base_url": ("http://h:1/v1?key=s3cret",)}, "--base-url: a URL must end with its path"),
        ({"teacher": "m", "base_url": ("http://u:s3cret@h/v1",)}, "--base-url: a URL must not hold a user or password"),
        ({"teacher": "m", "base_url": ("http://h h/v1",)}, "--base-url: not a URL"),
        ({"teacher": "m", "base_url": ("ftp://h/v1",)}, "--base-url: not a URL"),
        ({"teacher": " "}, "--teacher: not a name"),
        ({"teacher": "m\udcff"}, "--teacher: "),
        ({"out": "a\0b"}, "--out: holds a zero character, which no path can"),
        ({"timeout": float("inf")}, "--timeout: "),
    ],
)
def test_a_value_that_would_do_harm_later_is_refused_now(flags: dict[str, object], fault: str) -> None:
    message = refusal(flags)
    assert message.startswith(fault)
    assert "s3cret" not in message


def test_cultures_are_a_list_of_names_that_may_hold_spaces() -> None:
    assert resolve({}, {"CLCA_CULTURE": "South Korea, japan"}, None).culture == ("South Korea", "japan")
    assert resolve({"culture": ("South Korea",)}, {}, None).culture == ("South Korea",)


def test_labels_are_given_once_or_several_times() -> None:
    for labels in (("meta,alignment",), ("meta", "alignment"), "meta alignment"):
        assert resolve({"discard": labels}, {}, None).discard == ("meta", "alignment")


def test_the_short_names_of_limits_are_taken_too() -> None:
    config = resolve({"exchanges": 3, "asks": 4}, {"CLCA_TRIES": "6"}, None)
    assert (config.max_exchanges, config.max_reply_attempts, config.max_http_attempts) == (3, 4, 6)


@pytest.mark.parametrize(
    ("flags", "notes"),
    [
        (
            {"localiser": "rehearsal", "localiser_base_url": "http://h:1/v1", "teacher": "m"},
            ["--localiser-base-url is not used: the localiser is the rehearsal, which needs no server"],
        ),
        (
            {"teacher": "rehearsal", "base_url": ("http://h:1/v1",), "judge": "m", "judge_base_url": "http://h:2/v1"},
            ["--base-url is not used: the teacher is the rehearsal, which needs no server"],
        ),
        ({"teacher": "rehearsal", "base_url": ("http://h:1/v1",), "judge": "m"}, []),
        ({"teacher": "m", "base_url": ("http://h:1/v1",), "localiser": "rehearsal"}, []),
        ({}, []),
    ],
)
def test_a_server_that_nobody_asks_is_told(flags: dict[str, object], notes: list[str]) -> None:
    """It may stand in `clca.toml`, while the rehearsal is chosen by a flag."""
    assert unused_notes(resolve(flags, {}, None)) == notes


@pytest.mark.parametrize("setting", [{"replicas": 4}, {"replica_cpus": 1}, {"replica_cpus": 2}])
def test_settings_of_replicas_need_a_cluster(setting: dict[str, int]) -> None:
    assert "--replicas and --replica-cpus are of a cluster: add --cluster auto" in refusal({"teacher": "m", **setting})
    assert resolve({"teacher": "m", "cluster": "auto", **setting}, {}, None).cluster == "auto"


def test_a_server_for_the_judge_alone() -> None:
    config = resolve({"judge": "m", "base_url": ("http://h:1/v1",)}, {}, None)
    assert (config.teacher, config.judge) == ("rehearsal", "m")


def test_a_fault_names_the_layer_that_holds_it(workspace: Path) -> None:
    assert refusal({"samples": 0}, {"CLCA_SAMPLES": "4"}, workspace).startswith("--samples: ")
    assert refusal({"top_p": 2.0}).startswith("--top-p: ")
    assert refusal({}, {"CLCA_SAMPLES": "many"}, workspace).startswith("CLCA_SAMPLES: ")
    (workspace / CONFIG).write_text("[generate]\nsamples = 0\n", encoding="utf-8")
    assert refusal({}, {}, workspace).startswith("clca.toml: generate.samples: ")


def test_an_unknown_setting_is_refused_with_the_nearest_one(workspace: Path) -> None:
    message = refusal({}, {"CLCA_SAMPELS": "4"})
    assert message.startswith("CLCA_SAMPELS: no such setting; did you mean CLCA_SAMPLES or CLCA_STATS_SAMPLE")
    (workspace / CONFIG).write_text("[generate]\nsampels = 0\n", encoding="utf-8")
    assert refusal({}, {}, workspace) == "clca.toml: generate.sampels: no such setting; did you mean samples?"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[generate\n", "not TOML"),
        ("[genrate]\n", "genrate: unknown table; did you mean generate?"),
        ("generate = 3\n", "generate: must be a table"),
        ("[generate]\nseed = 1\nseed = 2\n", "not TOML"),
    ],
)
def test_a_broken_file_is_named(workspace: Path, text: str, fault: str) -> None:
    (workspace / CONFIG).write_text(text, encoding="utf-8")
    message = refusal({}, {}, workspace)
    assert message.startswith(f"{workspace / CONFIG}: ")
    assert fault in message


def test_keys_are_no_config() -> None:
    config = resolve({}, dict.fromkeys(NO_SETTINGS, "sk-secret"), None)
    assert config == GenerateConfig()
    assert "secret" not in repr(config) + config.model_dump_json()


def test_quantization_is_of_a_model() -> None:
    assert "--quantization needs a model" in refusal({"quantization": "fp8"})
    assert resolve({"quantization": "fp8", "judge": "llama"}, {}, None).quantization == "fp8"


@pytest.mark.parametrize(
    "flags",
    [
        {"teacher": "llama", "base_url": ("http://h:8000/v1",)},
        {"partner": "llama", "partner_base_url": "http://h/v1"},
        {"judge": "llama", "judge_base_url": "https://h/v1"},
        {"teacher": "llama", "base_url": ("http://h/v1",), "judge": "rehearsal"},
    ],
)
def test_a_model_with_a_server_is_taken(flags: dict[str, Any]) -> None:
    assert resolve(flags, {}, None).model_dump(include=set(flags)) == flags


@pytest.mark.parametrize("key", ["base_url", "partner_base_url", "judge_base_url"])
def test_what_is_no_url_is_refused(key: str) -> None:
    assert "not a URL: 'localhost:8000'" in refusal({key: "localhost:8000"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("samples", 0),
        ("exchanges", 0),
        ("max_exchanges", 101),
        ("tries", 0),
        ("seed", -1),
        ("seed", 2**31),
        ("temperature", -0.1),
        ("top_p", 0),
        ("asks", 0),
        ("concurrency", 0),
        ("timeout", 0),
        ("norms", -1),
        ("discard", "everything"),
        ("discard_confidence", "sure"),
    ],
)
def test_values_have_bounds(key: str, value: object) -> None:
    assert refusal({key: value}).startswith("--" + key.replace("_", "-"))


def test_what_decides_no_record_is_a_setting() -> None:
    assert GenerateConfig.model_fields.keys() >= EXECUTION_FIELDS


@pytest.mark.parametrize(
    "url", ["http://ruth:hunter2@host/v1", "https://hunter2@host/v1", "ftp://ruth:hunter2@host/v1"]
)
def test_a_password_in_a_url_is_refused_and_never_shown(url: str) -> None:
    assert "hunter2" not in refusal({"base_url": (url,)})
