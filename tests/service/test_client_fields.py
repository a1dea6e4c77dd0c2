from __future__ import annotations

from pathlib import Path

import pytest

from clca.errors import SettingsError
from clca.generation.config import GenerateConfig
from clca.quality.export.config import ExportConfig
from clca.service.client_fields import FieldRules
from clca.service.config import ServeConfig
from clca.service.shown import Shown
from clca.stages import STAGES
from clca.training.config import TrainConfig


@pytest.fixture
def rules(tmp_path: Path) -> FieldRules:
    (tmp_path / "clca.toml").write_text("[generate]\nsamples = 3\n")
    (tmp_path / "linked").symlink_to("/etc")
    return FieldRules(tmp_path, tmp_path / "service", ServeConfig(allow_url=("http://gpu1:8000/v1/",)))


@pytest.mark.parametrize(
    ("stage", "fields", "reason"),
    [
        ("generate", {"vllm": "/bin/sh"}, r"^vllm: is set on the server's command line"),
        ("generate", {"vllm_args": "--model x"}, r"^vllm_args: is set on the server's command line"),
        ("generate", {"teacher": "m", "cluster": "auto"}, r"^cluster: is set on the server's command line"),
        ("generate", {"out": "elsewhere"}, r"^out: the server chooses its folders"),
        ("generate", {"new": True}, r"^new: a job is begun again"),
        ("generate", {"base_url": "http://10.0.0.1/v1"}, r"^base_url: the server asks only .* allows: http://gpu1"),
        ("generate", {"base_url": "http://key@gpu1:8000/v1"}, r"^base_url: the server asks only"),
        ("generate", {"judge": "j", "judge_base_url": "http://gpu1:8000/v1/../x"}, r"^judge_base_url: "),
        ("generate", {"scenarios": "/etc/passwd"}, r"^scenarios: a name is taken, or the path of a file below"),
        ("generate", {"scenarios": "a/../../b.jsonl"}, r"^scenarios: "),
        ("generate", {"scenarios": "~/x.jsonl"}, r"^scenarios: "),
        ("generate", {"scenarios": ".env"}, r"^scenarios: "),
        ("generate", {"scenarios": "service/tokens.json"}, r"^scenarios: the folder of the service is its own"),
        ("generate", {"teacher": "file:///etc"}, r"^teacher: "),
        ("generate", {"culture": ["japan", "../x"]}, r"^culture: "),
        ("generate", {"exchanges": "a\0b"}, r"^exchanges: "),
        ("generate", {"cultur": "japan"}, r"^cultur: no such setting; did you mean culture"),
        ("train", {"settings": ["data.files.x=/etc/passwd"]}, r"^settings: "),
        ("train", {"settings": ['data.files.x="/etc/passwd"']}, r"^settings: "),
        ("train", {"settings": ["data.files.x=['/etc/passwd']"]}, r"^settings: "),
        ("train", {"settings": ['data.files.x="~/x.jsonl"']}, r"^settings: "),
        ("train", {"settings": ['data.files.x="\\x2fetc\\x2fpasswd"']}, r"^settings: a value is written plainly"),
        ("train", {"settings": ["data.files.x=!!binary L2V0Yy9wYXNzd2Q="]}, r"^settings: a value is written plainly"),
        ("train", {"settings": ["data.files.x=hub:/home/ana/private"]}, r"^settings: "),
        ("train", {"settings": ["data.files.x=service"]}, r"^settings: the folder of the service is its own"),
        ("train", {"settings": ["data.files.x=linked/x.jsonl"]}, r"^settings: a link leads there out of"),
        ("generate", {"scenarios": "linked"}, r"^scenarios: a link leads there out of"),
        ("stats", {"embedder": "sentence-transformers:/home/ana/model"}, r"^embedder: "),
        ("stats", {"embedder": "sentence-transformers:../model"}, r"^embedder: "),
        ("trace", {"target": "run:/home/ana/generated/japan/a"}, r"^target: "),
        ("train", {"recipe": "/tmp/recipe.yaml"}, r"^recipe: "),
        ("eval-wvs", {"adapter": ["japan=/root/a"]}, r"^adapter: "),
        ("eval-wvs", {"cluster": "auto"}, r"^cluster: is set on the server's command line"),
        ("eval-mmlu", {"vllm_args": "--model x"}, r"^vllm_args: is set on the server's command line"),
        ("export", {"run": "japan", "out": "../x"}, r"^out: a name is taken, of letters"),
        ("export", {"run": "japan", "out": "a", "push": "me/data"}, r"^push: is set on the server's command line"),
        ("inspect", {"run": "japan", "to": "x.jsonl"}, r"^to: the server chooses"),
    ],
)
def test_a_client_cannot_set(rules: FieldRules, stage: str, fields: dict[str, object], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        rules.resolve(STAGES[stage].config_type, fields)


def test_the_rest_comes_from_the_server_s_own_settings(rules: FieldRules) -> None:
    config = rules.resolve(GenerateConfig, {"culture": "japan", "base_url": "http://gpu1:8000/v1", "teacher": "org/m"})
    assert (config.culture, config.samples, config.base_url) == (("japan",), 3, ("http://gpu1:8000/v1",))
    assert rules.resolve(ExportConfig, {"run": "japan", "out": "mine"}).out == Path("exports/mine")
    plain = ("lora.dropout=.5", "data.files.chat=pages/{culture}.jsonl", "data.files.math=hub:openai/gsm8k:main:train")
    assert rules.resolve(TrainConfig, {"settings": plain}).settings == plain


def test_the_operator_may_let_clients_set_more(tmp_path: Path) -> None:
    rules = FieldRules(tmp_path, tmp_path / "service", ServeConfig(allow=("vllm_args",)))
    assert rules.resolve(GenerateConfig, {"culture": "japan", "vllm_args": "-O2"}).vllm_args == "-O2"


@pytest.mark.parametrize("stage", STAGES)
def test_the_described_settings_are_those_that_are_taken(rules: FieldRules, stage: str) -> None:
    config_type = STAGES[stage].config_type
    described = rules.schema(config_type)["properties"].keys()
    assert described == config_type.model_fields.keys() - rules.refused(config_type).keys()
    assert described


def test_texts_that_leave_the_machine_have_no_path_of_it(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    assert shown.text(f"cannot read {tmp_path}/generated/a/run.json") == "cannot read generated/a/run.json"
    assert shown.text("no file /home/ana/secret/model.bin: train it") == "no file .../model.bin: train it"
    assert shown.text("ask http://gpu1:8000/v1/models, and/or wait") == "ask http://gpu1:8000/v1/models, and/or wait"
    assert shown.line("--norm-file x: not\nread") == "norm_file x: not\\nread"
    assert shown.value({"a": [f"{tmp_path}/x", 1, None]}) == {"a": ["x", 1, None]}
