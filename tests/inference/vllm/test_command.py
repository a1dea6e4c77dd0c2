"""How vLLM is started: its command, its arguments, its environment."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from clca.content.lookup import Content
from clca.errors import SettingsError
from clca.inference.hardware import Gpu
from clca.inference.vllm.command import (
    arguments,
    command,
    deciding,
    environment,
    max_model_len,
    shown,
    split_arguments,
    variables,
)
from clca.inference.vllm.fit import Fit
from clca.models import ModelCatalogue, ModelInfo
from clca.models.size import GIB
from tests.inference.vllm.commands import script

LLAMA = "meta-llama/Llama-3.1-70B-Instruct"


def model(name: str) -> ModelInfo:
    found = ModelCatalogue(Content()).find(name)
    assert found is not None
    return found


def fit(gpus: tuple[str, ...], length: int = 16_384, utilisation: float = 0.9, cache: int = 0) -> Fit:
    """A fit on these GPUs, by index."""
    laid = tuple(Gpu(index, "H200", 141 * GIB, 140 * GIB, (9, 0)) for index in gpus)
    return Fit(True, laid, max(1, len(gpus)), 0, 0, cache, 16.0, length, utilisation)


def options(words: list[str]) -> dict[str, str]:
    """The value of each option; that of a switch is empty."""
    pairs = zip(words, [*words[1:], "--"], strict=True)
    return {word: "" if value.startswith("--") else value for word, value in pairs if word.startswith("--")}


# ---------------------------------------------------------------- arguments


def test_a_model_on_one_gpu() -> None:
    words = arguments("llama-3.1-70b", model("llama-3.1-70b"), "llama-3.1-70b", fit(("0",)), None)
    assert words[:4] == ["serve", LLAMA, "--served-model-name", "llama-3.1-70b"]
    given = options(words)
    assert given["--max-model-len"] == "16384"
    assert given["--gpu-memory-utilization"] == "0.90"
    assert not {"--tensor-parallel-size", "--enforce-eager", "--quantization"} & set(given)


def test_a_model_on_four_gpus_is_split_over_them() -> None:
    given = options(arguments("m", model("llama-3.1-70b"), "m", fit(("0", "1", "2", "3"), 8192, 0.83), "fp8"))
    assert given["--tensor-parallel-size"] == "4"
    assert given["--gpu-memory-utilization"] == "0.83"
    assert given["--max-model-len"] == "8192"
    assert given["--quantization"] == "fp8_per_tensor"


def test_a_model_on_the_cpu() -> None:
    given = options(arguments("m", model("qwen2.5-0.5b"), "m", fit(()), None))
    assert {"--enforce-eager", "--max-model-len"} <= set(given)
    assert not {"--gpu-memory-utilization", "--tensor-parallel-size"} & set(given)


def test_of_a_model_of_unknown_size_vllm_decides_the_length() -> None:
    words = arguments("org/unheard-of", None, "org/unheard-of", fit(("0", "1"), length=0), None)
    assert words[1] == "org/unheard-of"
    given = options(words)
    assert "--max-model-len" not in given
    assert given["--tensor-parallel-size"] == "2"


@pytest.mark.parametrize("place", [fit(()), fit(("0",))])
def test_replies_keep_to_schemas_and_sampling_is_the_requests_own_everywhere(place: Fit) -> None:
    given = options(arguments("m", model("qwen2.5-0.5b"), "m", place, None))
    assert json.loads(given["--structured-outputs-config"]) == {
        "backend": "guidance",
        "disable_additional_properties": True,
    }
    assert given["--generation-config"] == "vllm"
    assert "--enable-prefix-caching" in given


def test_what_a_model_needs_besides_comes_last() -> None:
    picky = model("qwen2.5-0.5b").model_copy(update={"serve": ("--max-num-seqs", "8")})
    words = arguments("m", picky, "m", fit(("0",)), "fp8")
    assert words[-4:] == ["--quantization", "fp8_per_tensor", "--max-num-seqs", "8"]


def test_a_command_is_shown_as_a_shell_takes_it() -> None:
    assert shown(["vllm", "serve", "my model", "--config", '{"a":1}']) == "vllm serve 'my model' --config '{\"a\":1}'"
    assert shown(["vllm"], {"A": "1", "B": "x y"}) == "A=1 B='x y' vllm"


# ---------------------------------------------------------------- the command


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a Python beside which no vLLM lies, with none on the PATH either."""
    folder = tmp_path / "venv" / "bin"
    folder.mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return folder


def test_the_command_that_is_given_comes_first(tmp_path: Path, python: Path) -> None:
    for folder in (python, tmp_path / "bin"):
        script(folder, "")
    own = script(tmp_path / "elsewhere", "")
    assert command(str(own)) == str(own)


def test_then_the_one_beside_this_python_then_the_one_on_the_path(tmp_path: Path, python: Path) -> None:
    path = script(tmp_path / "bin", "")
    assert command(None) == str(path)
    beside = script(python, "")
    assert command(None) == str(beside)


def test_the_given_command_may_be_a_name_or_lie_in_the_home_folder(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home = script(tmp_path / "serving", "")
    assert command("~/serving/vllm") == str(home)
    named = script(tmp_path / "bin", "", "vllm-nightly")
    assert command("vllm-nightly") == str(named)


@pytest.mark.parametrize("given", ["no-such-command", "/no/such/vllm", "folder", "plain"])
def test_a_given_command_that_is_none_is_refused(tmp_path: Path, python: Path, given: str) -> None:
    (tmp_path / "bin" / "folder").mkdir(parents=True)
    (tmp_path / "bin" / "plain").write_text("not executable")
    with pytest.raises(SettingsError, match=rf"^no command '{given}': CLCA_VLLM, or vllm in clca.toml, must be"):
        command(given)


def test_without_any_it_is_said_how_to_come_by_one(python: Path) -> None:
    with pytest.raises(SettingsError, match=r"pip install 'vllm>=0.32'.* CLCA_VLLM .* --base-url, .*'rehearsal'"):
        command(None)


# ---------------------------------------------------------------- --vllm-args


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  ", ()),
        ("--max-num-seqs 512", ("--max-num-seqs", "512")),
        ("--max-model-len=8192 -O3", ("--max-model-len=8192", "-O3")),
        ("""--hf-overrides '{"a b": 1}'""", ("--hf-overrides", '{"a b": 1}')),
        ("--ssl-ca-certs x --hf-overrides -O3", ("--ssl-ca-certs", "x", "--hf-overrides", "-O3")),
    ],
)
def test_arguments_are_split_as_a_shell_does(text: str, words: tuple[str, ...]) -> None:
    assert split_arguments(text) == words


@pytest.mark.parametrize(
    ("text", "own", "instead"),
    [
        ("--port 9000", "--port", "serve-teacher --port"),
        ("--max-num-seqs 5 --port=9000", "--port", "serve-teacher --port"),
        ("--por 9000", "--port", "serve-teacher --port"),
        ("--host 0.0.0.0", "--host", "serve-teacher --host"),
        ("--served_model_name x", "--served-model-name", "--teacher"),
        ("--model x", "--model", "--teacher"),
        ("-q fp8", "-q", "--quantization"),
        ("-qfp8", "-q", "--quantization"),
        ("--quantization=fp8", "--quantization", "--quantization"),
        ("--api-key secret", "--api-key", "CLCA_API_KEY"),
        ("--hf-token secret", "--hf-token", "HF_TOKEN"),
        ("--structured-outputs-config.backend xgrammar", "--structured-outputs-config", "--base-url"),
        ("--generation-config auto", "--generation-config", "--base-url"),
        ("--ssl-certfile x", "--ssl-certfile", "--base-url"),
        ("--headless", "--headless", "--base-url"),
        ("-tp 2", "-tp", "CUDA_VISIBLE_DEVICES"),
        ("--tensor-parallel-size=2", "--tensor-parallel-size", "CUDA_VISIBLE_DEVICES"),
        ("--config all.yaml", "--config", "--vllm-args"),
    ],
)
def test_what_clca_decides_itself_is_refused_with_what_to_use(text: str, own: str, instead: str) -> None:
    with pytest.raises(SettingsError) as caught:
        split_arguments(text)
    assert caught.value.message.startswith(f"--vllm-args: {own} is decided by clca: use ")
    assert instead in caught.value.message
    assert "secret" not in caught.value.message


def test_words_that_are_no_options_are_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"^--vllm-args: 'max-model-len' is not an option; did you mean --max-model-len"
    ):
        split_arguments("max-model-len 8192")
    with pytest.raises(SettingsError, match=r"^--vllm-args: No closing quotation in \"--a 'b\""):
        split_arguments("--a 'b")


@pytest.mark.parametrize(
    ("words", "length"),
    [
        (("--max-model-len", "8192"), 8192),
        (("--max_model_len=4096", "--max-num-seqs", "9"), 4096),
        (("--max-model-len", "8k"), None),
        (("--max-num-seqs", "9"), None),
    ],
)
def test_a_length_that_the_user_gives_is_known(words: tuple[str, ...], length: int | None) -> None:
    assert max_model_len(words) == length


def test_only_what_may_change_an_answer_decides_a_run() -> None:
    words = split_arguments("--max-num-seqs 9 --dtype float16 --gpu_memory_utilization=0.8 --kv-cache-dtype fp8")
    assert deciding(words) == ["--dtype", "float16", "--kv-cache-dtype", "fp8"]


# ---------------------------------------------------------------- environment


def test_clcas_own_variables_and_keys_stay_out_of_it() -> None:
    inherited = {"CLCA_API_KEY": "k", "CLCA_TEACHER": "t", "OPENAI_API_KEY": "o", "HOME": "/h", "HF_TOKEN": "t"}
    found = environment(inherited, fit(("0",)), "")
    assert not [name for name in found if name.startswith(("CLCA_", "OPENAI_"))]
    assert (found["HOME"], found["HF_TOKEN"]) == ("/h", "t")


def test_idle_connections_are_kept_and_nothing_is_reported() -> None:
    found = environment({}, fit(("0",)), "")
    assert found["VLLM_HTTP_TIMEOUT_KEEP_ALIVE"] == "600"
    assert found["VLLM_NO_USAGE_STATS"] == "1"
    assert "VLLM_CPU_KVCACHE_SPACE" not in found


def test_on_the_cpu_the_cache_is_what_was_planned() -> None:
    assert environment({}, fit((), cache=5 * GIB), "")["VLLM_CPU_KVCACHE_SPACE"] == "5"


def test_the_users_own_variables_are_kept() -> None:
    own = {"VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "30", "VLLM_CPU_KVCACHE_SPACE": "40", "VLLM_LOGGING_LEVEL": "DEBUG"}
    found = environment(own, fit(()), "")
    assert own.items() <= found.items()


def test_only_the_chosen_gpus_are_seen_by_the_numbers_of_nvidia_smi() -> None:
    inherited = {"CUDA_VISIBLE_DEVICES": "0,1,2,3", "CUDA_DEVICE_ORDER": "FASTEST_FIRST"}
    found = environment(inherited, fit(("2", "3")), "")
    assert (found["CUDA_VISIBLE_DEVICES"], found["CUDA_DEVICE_ORDER"]) == ("2,3", "PCI_BUS_ID")


def test_without_chosen_gpus_what_is_seen_is_left_as_it_was() -> None:
    assert environment({"CUDA_VISIBLE_DEVICES": "1"}, fit(()), "")["CUDA_VISIBLE_DEVICES"] == "1"
    assert "CUDA_VISIBLE_DEVICES" not in environment({}, fit(()), "")


def test_what_is_set_is_known_apart_from_what_was_there() -> None:
    own = {"VLLM_NO_USAGE_STATS": "0", "HOME": "/h", "HF_TOKEN": "t"}
    assert variables(own, fit(("3",))) == {
        "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "600",
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": "3",
    }


def test_the_server_asks_for_our_key_or_for_none() -> None:
    inherited = {"VLLM_API_KEY": "the user's"}
    assert environment(inherited, fit(()), "ours")["VLLM_API_KEY"] == "ours"
    assert "VLLM_API_KEY" not in environment(inherited, fit(()), "")
    assert inherited == {"VLLM_API_KEY": "the user's"}


def test_this_process_keeps_its_environment() -> None:
    before = dict(os.environ)
    environment(os.environ, fit(("0",)), "ours")
    assert dict(os.environ) == before
