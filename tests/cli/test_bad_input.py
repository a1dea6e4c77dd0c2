"""Bad input: one line that says what was given and what to do, and exit code 2."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.cli_process import Stub, clca

GENERATE = ("generate", "--culture", "japan", "--scenarios", "1")


def refusal(folder: Path, *arguments: str, **env: str) -> str:
    """The one line on stderr of a command that must fail with exit code 2."""
    done = clca(folder, *arguments, **env)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("clca: ")
    return line.removeprefix("clca: ")


def scenario(**changes: object) -> dict[str, object]:
    person = {"age": 40, "gender": "female", "occupation": "baker", "background": "Bakes.", "goal": "Sell bread"}
    people = [{"name": "Ann Lee", **person}, {"name": "Joe Ray", **person}]
    return {"id": "one", "setting": "A shop.", "relationship": "stranger", "participants": people, **changes}


def test_unknown_culture_names_the_nearest(tmp_path: Path) -> None:
    assert "unknown culture 'japn'; did you mean japan" in refusal(tmp_path, "generate", "--culture", "japn")


@pytest.mark.parametrize(
    ("lines", "where", "what"),
    [
        ([json.dumps(scenario()), '{"id": "two",'], ":2: ", "not JSON"),
        ([json.dumps(scenario(setting=""))], ":1: ", "setting: "),
        ([json.dumps(scenario(relationship="rival"))], ":1: ", "relationship: "),
        ([json.dumps(scenario()), "", json.dumps(scenario())], ":3: ", "id: duplicate scenario 'one'"),
        ([json.dumps(scenario(seting="A shop."))], ":1: ", "seting: unknown key; did you mean setting?"),
        ([json.dumps(scenario(participants=[]))], ":1: ", "participants.0: missing key"),
        ([], ": ", "no scenarios in the file"),
    ],
)
def test_malformed_scenario_file_names_file_line_and_field(
    tmp_path: Path, lines: list[str], where: str, what: str
) -> None:
    (tmp_path / "mine.jsonl").write_text("\n".join(lines))
    line = refusal(tmp_path, "generate", "--culture", "japan", "--scenarios", "mine.jsonl")
    assert line.startswith(f"mine.jsonl{where}")
    assert what in line


def test_scenario_file_that_is_not_there(tmp_path: Path) -> None:
    line = refusal(tmp_path, "generate", "--culture", "japan", "--scenarios", "none.jsonl")
    assert line == "--scenarios none.jsonl: cannot read the file: No such file or directory"


def test_a_setting_that_no_flag_gave_is_called_by_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "clca.toml").write_text('[generate]\nculture = "japan"\nscenarios = "none.jsonl"\n')
    what = f"{tmp_path}/none.jsonl: cannot read the file: No such file or directory"
    assert refusal(tmp_path, "generate") == f"clca.toml: generate.scenarios {what}"
    variable = refusal(tmp_path, "generate", CLCA_SCENARIOS="500")
    assert variable.startswith("CLCA_SCENARIOS 500: there are ")


def test_more_scenarios_than_there_are(tmp_path: Path) -> None:
    assert "seed scenarios; for more dialogues raise --samples" in refusal(
        tmp_path, "generate", "--culture", "japan", "--scenarios", "500"
    )


@pytest.mark.parametrize(
    ("edit", "where", "what"),
    [
        ("(you): {{ me.age }}", "(you): {{ years }}", "years: no such variable"),
        ("(you): {{ me.age }}", "(you): {{ me.years }}", "no attribute 'years'"),
        ("{% block heard %}", "{% block overheard %}", "block 'heard' is missing; did you mean overheard?"),
        ("{% endblock %}", "{% endblok %}", "not Jinja2"),
    ],
)
def test_broken_prompt_is_found_before_the_run_and_by_check(tmp_path: Path, edit: str, where: str, what: str) -> None:
    clca(tmp_path, "init", ".")
    clca(tmp_path, "content", "copy", "prompts/turn.j2")
    prompt = tmp_path / "prompts" / "turn.j2"
    prompt.write_text(prompt.read_text().replace(edit, where, 1))
    line = refusal(tmp_path, *GENERATE)
    assert line.startswith(f"{prompt}")
    assert what in line
    if "block" not in what:
        assert line.removeprefix(f"{prompt}:").split(":")[0].isdigit(), "the line is named"
    assert not (tmp_path / "generated" / "japan").exists(), "nothing was begun"
    check = clca(tmp_path, "content", "check")
    assert check.returncode == 2
    assert check.stdout.splitlines() == [line]


def test_broken_culture_file_names_file_line_and_key(tmp_path: Path) -> None:
    clca(tmp_path, "init", ".")
    clca(tmp_path, "content", "copy", "personas/cultures/japan.yaml")
    profile = tmp_path / "personas" / "cultures" / "japan.yaml"
    lines = profile.read_text().splitlines()
    at = next(n for n, text in enumerate(lines, start=1) if text.startswith("customs:"))
    lines[at - 1] = "costums:"
    profile.write_text("\n".join(lines))
    line = refusal(tmp_path, *GENERATE)
    assert line.startswith(f"{profile}:")
    assert line.startswith(f"{profile}:{at}: costums: unknown key; did you mean customs?")


@pytest.mark.parametrize(
    ("toml", "what"),
    [
        ("[generate]\nsampels = 3\n", "clca.toml: generate.sampels: no such setting; did you mean samples?"),
        ("[generate]\nsamples = 0\n", "clca.toml: generate.samples: Input should be greater than or equal to 1"),
        ("[generat]\n", "generat: unknown table; did you mean generate?"),
        ("samples = [\n", "not TOML"),
    ],
)
def test_broken_settings_file(tmp_path: Path, toml: str, what: str) -> None:
    (tmp_path / "clca.toml").write_text(toml)
    assert what in refusal(tmp_path, *GENERATE)


def test_bad_environment_variable_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, *GENERATE, CLCA_SAMPLES="many").startswith("CLCA_SAMPLES: ")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("show", "--out"), "Option '--out' requires an argument. (see clca show --help)"),
        (("cultures", "show"), "Missing argument 'name'. (see clca cultures show --help)"),
        (("shwo",), "No such command 'shwo'. (see clca --help)"),
    ],
)
def test_wrong_usage_is_one_line_that_names_the_help(tmp_path: Path, arguments: tuple[str, ...], line: str) -> None:
    assert refusal(tmp_path, *arguments) == line


def test_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = refusal(tmp_path, *GENERATE, "--out", "file/runs")
    assert line.startswith("cannot write to file/runs/japan/")
    assert "--out" in line


def fake(folder: Path, command: str, *lines: str) -> str:
    """A PATH on which that command prints these lines."""
    folder.mkdir(exist_ok=True)
    script = folder / command
    script.write_text("#!/bin/sh\ncat <<'END'\n" + "".join(f"{line}\n" for line in lines) + "END\n")
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_a_model_that_no_machine_here_can_hold(tmp_path: Path) -> None:
    gpu = "0, GPU-1, NVIDIA RTX 4090, 24564, 24000, 8.9"
    path = fake(tmp_path / "bin", "nvidia-smi", gpu)
    line = refusal(tmp_path, *GENERATE, "--teacher", "llama-3.1-70b", PATH=path, CUDA_VISIBLE_DEVICES="0")
    assert line.startswith("llama-3.1-70b needs 1")
    assert "here: 1 x NVIDIA RTX 4090" in line
    assert "--teacher qwen2.5-7b (bf16, 17 GiB, fits)" in line
    assert "--base-url of a server elsewhere, or --teacher rehearsal" in line
    assert not (tmp_path / "generated").exists()


def test_a_model_of_no_known_name(tmp_path: Path) -> None:
    line = refusal(tmp_path, *GENERATE, "--teacher", "lama-3.1-70b")
    assert line.startswith("unknown model 'lama-3.1-70b'; did you mean llama-3.1-70b")


def test_vllm_is_not_where_it_is_said_to_be(tmp_path: Path) -> None:
    path = fake(tmp_path / "bin", "nvidia-smi", "0, GPU-1, NVIDIA H200, 143771, 143000, 9.0")
    env = {"PATH": path, "CUDA_VISIBLE_DEVICES": "0", "HF_TOKEN": "hf_x"}
    line = refusal(tmp_path, *GENERATE, "--teacher", "qwen2.5-7b", CLCA_VLLM="/no/vllm", **env)
    assert line == "no command '/no/vllm': CLCA_VLLM, or vllm in clca.toml, must be the path of vLLM's `vllm`"


def test_a_gated_model_wants_a_token(tmp_path: Path) -> None:
    path = fake(tmp_path / "bin", "nvidia-smi", "0, GPU-1, NVIDIA H200, 143771, 143000, 9.0")
    env = {"PATH": path, "CUDA_VISIBLE_DEVICES": "0", "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": ""}
    line = refusal(tmp_path, *GENERATE, "--teacher", "llama-3.1-8b", **env)
    assert "accept its licence at https://huggingface.co/meta-llama/Llama-3.1-8B-Instruct" in line
    assert "`hf auth login` or set HF_TOKEN" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--port 9", "--port is decided by clca"),
        ("--quantization=fp8", "--quantization is decided by clca: use --quantization instead"),
        ("'--max-model-len", "No closing quotation"),
        ("8192", "'8192' is not an option"),
    ],
)
def test_vllm_arguments_that_cannot_be(tmp_path: Path, arguments: str, said: str) -> None:
    path = fake(tmp_path / "bin", "nvidia-smi", "0, GPU-1, NVIDIA H200, 143771, 143000, 9.0")
    fake(tmp_path / "bin", "vllm")
    env = {"PATH": path, "CUDA_VISIBLE_DEVICES": "0", "CLCA_VLLM": str(tmp_path / "bin" / "vllm")}
    line = refusal(tmp_path, *GENERATE, "--teacher", "qwen2.5-7b", f"--vllm-args={arguments}", **env)
    assert line.startswith("--vllm-args: ")
    assert said in line


def test_unreachable_server(tmp_path: Path) -> None:
    line = refusal(tmp_path, *GENERATE, "--teacher", "x", "--base-url", "http://127.0.0.1:9/v1")
    assert line.startswith("cannot connect to http://127.0.0.1:9/v1")
    assert not (tmp_path / "generated").exists()


def test_unknown_model_and_wrong_path(tmp_path: Path) -> None:
    with Stub("--models", "llama-3.1-70b,qwen") as stub:
        model = refusal(tmp_path, *GENERATE, "--teacher", "llama-3.1-8b", "--base-url", stub.url)
        path = refusal(tmp_path, *GENERATE, "--teacher", "qwen", "--base-url", stub.url.removesuffix("/v1"))
        judge = refusal(
            tmp_path,
            *GENERATE,
            "--teacher",
            "qwen",
            "--base-url",
            stub.url,
            "--judge",
            "gpt",
            "--judge-base-url",
            stub.url,
        )
        assert stub.stats()["requests"] == 0
    assert "has no model 'llama-3.1-8b'; did you mean llama-3.1-70b?" in model
    assert "has no /models: is the URL right? It usually ends in /v1" in path
    assert "has no model 'gpt'" in judge


def test_unknown_run_and_dialogue(tmp_path: Path) -> None:
    assert "there are no runs in generated/" in refusal(tmp_path, "show", "japan")
    clca(tmp_path, *GENERATE)
    assert "no run 'jappan' in generated/" in refusal(tmp_path, "show", "jappan")
    assert "no dialogue 'nobody'" in refusal(tmp_path, "show", "japan", "nobody")
    assert "clca retry RUN --failed" in refusal(tmp_path, "retry", "japan")


def test_two_commands_on_one_run(tmp_path: Path) -> None:
    from tests.cli_process import start

    with Stub("--latency", "5") as stub:
        args = (*GENERATE, "--teacher", "stub", "--base-url", stub.url)
        first = start(tmp_path, *args)
        while not stub.stats()["requests"]:
            pass
        line = refusal(tmp_path, *args)
        first.kill()
        first.communicate()
    assert re.match(r"generated/japan/\S+ is in use by another process: ", line)
