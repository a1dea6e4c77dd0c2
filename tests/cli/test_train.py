"""`clca train` and `clca adapters`, as scripts and people see them, with the tiny student on this CPU."""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open

from clca.models.student import Student
from tests.cli.evaluation_folder import Desk
from tests.cli_process import environment, last_json, only_run, start

KEYS = ["adapter", "examples", "steps", "loss", "eval_loss", "seconds", "selection"]
SHORT = ("--set", "training.steps=3", "--set", "data.max_length=700", "--set", "training.batch=1")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A folder with runs of two cultures."""
    made = Desk(tmp_path_factory.mktemp("desk"))
    for culture in ("japan", "uk"):
        done = made.run("generate", "--culture", culture, "--scenarios", "5", "--quiet")
        assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def trained(desk: Desk) -> dict[str, Any]:
    """What training on Japan's run printed last."""
    return desk.json("train", "--culture", "japan", *SHORT)


@pytest.fixture(scope="module")
def real(desk: Desk, tiny_student: Student) -> Path:
    """The tiny student without its mark: to clca, a real model in a local folder."""
    folder = desk.folder / "real"
    shutil.copytree(tiny_student.source, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({key: v for key, v in config.items() if key != "clca_tiny"}))
    return folder


def test_json_has_the_keys_that_scripts_rely_on(desk: Desk, trained: dict[str, Any]) -> None:
    assert list(trained) == KEYS
    assert trained["steps"] == 3
    assert 0 < trained["loss"] < 20
    assert trained["seconds"] > 0
    folder = desk.folder / trained["adapter"]
    assert folder.parent == desk.folder / "adapters" / "japan"
    assert {"adapter.json", "adapter_config.json", "adapter_model.safetensors"} <= {
        one.name for one in folder.iterdir()
    }
    said = json.loads((folder / "adapter.json").read_text())
    run = only_run(desk.folder)
    (lineage,) = said["lineage"]
    assert (desk.folder / lineage["run"], said["examples"]) == (run, trained["examples"])
    assert said["rehearsal"] is True
    assert not [one for one in folder.parent.iterdir() if one != folder]


def test_same_command_again_finds_the_adapter(desk: Desk, trained: dict[str, Any]) -> None:
    done = desk.run("train", "--culture", "japan", *SHORT, "--json")
    assert last_json(done.stdout) == trained
    assert "exists already" in done.stderr


def test_all_trains_what_is_missing_and_tells_of_every_adapter(desk: Desk, trained: dict[str, Any]) -> None:
    done = desk.run("train", "--all", *SHORT, "--json")
    assert done.returncode == 0, done.stderr
    japan, uk = last_json(done.stdout)["adapters"]
    assert (japan, list(uk)) == (trained, KEYS)
    assert (desk.folder / uk["adapter"]).parent.name == "uk"
    assert "1/2 japan" in done.stderr
    listed = [json.loads(line) for line in desk.run("adapters", "list", "--json").stdout.splitlines()]
    assert [one["adapter"] for one in listed] == [japan["adapter"], uk["adapter"]]


def test_combined_is_one_adapter_of_both(desk: Desk) -> None:
    summary = desk.json("train", "--combined", *SHORT)
    folder = desk.folder / summary["adapter"]
    assert folder.parent.name == "combined"
    said = json.loads((folder / "adapter.json").read_text())
    assert said["cultures"] == ["japan", "uk"]
    assert len(said["lineage"]) == 2


def test_interrupted_training_says_how_to_go_on_and_does(desk: Desk) -> None:
    command = ("train", "--culture", "uk", *SHORT[2:], "--set", "training.steps=20", "--set", "lora.r=4", "--json")
    process = start(desk.folder, *command, **desk.env)
    until = time.monotonic() + 120
    while not list(desk.folder.glob("adapters/uk/.*.unfinished/checkpoints/checkpoint-*/whole.json")):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert errors.splitlines()[-1].startswith("clca: stopped at step ")
    assert "Traceback" not in errors
    done = desk.run(*command)
    assert done.returncode == 0, done.stderr
    assert "Resuming from step" in done.stderr
    assert last_json(done.stdout)["steps"] == 20


def launched(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in two processes."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "clca"]
    return subprocess.run(
        [*launch, *arguments],
        cwd=desk.folder,
        env=environment(**desk.env, ACCELERATE_USE_CPU="true"),
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_several_processes_refuse_in_one_line(desk: Desk) -> None:
    done = launched(desk, "train", "-c", "japan", "--set", "lora.rr=2")
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("clca: ")]
    assert line.startswith("clca: --set lora.rr: no such key in a recipe")


def test_several_processes_make_one_adapter_and_one_summary(desk: Desk) -> None:
    done = launched(desk, "train", "-c", "japan", *SHORT, "--out", "two", "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    adapter = desk.folder / json.loads(line)["adapter"]
    said = json.loads((adapter / "adapter.json").read_text())
    assert (said["processes"], said["steps"]) == (2, 3)
    losses = [each["loss"] for each in said["losses"] if each["loss"] is not None]  # others are of the held-out split
    assert len(losses) >= 1
    assert all(0 < loss < 20 for loss in losses)
    assert [path.name for path in adapter.parent.iterdir()] == [adapter.name]


# ---------------------------------------------------------------- before anything is spent


def test_check_shows_three_examples_and_what_is_trained(desk: Desk, trained: dict[str, Any]) -> None:
    before = sorted(desk.folder.glob("adapters/**/*"))
    found = desk.json("train", "--culture", "japan", *SHORT, "--check")
    assert len(found["samples"]) == 3
    assert {sample["task"] for sample in found["samples"]} == {"dialogue", "intent"}
    for sample in found["samples"]:
        assert [trained for _, trained in sample["pieces"]][:2] == [False, True]
        assert all(text.endswith("<|eot_id|>") for text, trained in sample["pieces"] if trained)
        if sample["task"] == "intent":
            assert all(text.startswith("Intent: ") for text, trained in sample["pieces"] if trained)
    assert found["train"]["examples"] == trained["examples"]
    assert (found["steps"], found["exists"]) == (3, True)
    with safe_open(desk.folder / trained["adapter"] / "adapter_model.safetensors", "np") as weights:
        learned = [math.prod(weights.get_slice(name).get_shape()) for name in weights.keys()]  # noqa: SIM118
    assert found["trainable_parameters"] == sum(learned)
    memory = found["memory"]
    # 4,096 words of 128 numbers in and out, two layers of 4 x 128 x 128 and 3 x 128 x 512 weights, five norms of 128
    linear, rest = 2 * (4 * 128 * 128 + 3 * 128 * 512), 2 * 4096 * 128 + 5 * 128
    assert found["parameters"] == linear + rest
    assert memory["weights"] == round(4.127 / 8 * linear) + 4 * rest
    assert memory["lora"] == found["trainable_parameters"] * (4 + 4 + 2)
    assert memory["total"] == sum(memory[part] for part in ("weights", "lora", "activations", "working"))
    assert found["free_memory"] > 0
    assert found["seconds"] > 0
    assert sorted(desk.folder.glob("adapters/**/*")) == before


def test_check_marks_what_is_trained_where_there_is_no_colour(desk: Desk) -> None:
    shown = desk.run("train", "--culture", "japan", *SHORT, "--check").stdout
    assert "trained between ⟦ and ⟧" in shown
    assert "<|eot_id|>⟧<|start_header_id|>user<|end_header_id|>" in shown
    for word in ("parameters", "an epoch", "steps", "memory", "time", "estimates"):
        assert f"\n{word}" in shown or f"{word}." in shown


def test_what_is_trained_is_coloured_in_a_terminal() -> None:
    from rich.console import Console

    from clca.cli.views.training_plan import show_sample
    from clca.training.data_checks import Sample

    screen = Console(force_terminal=True, color_system="standard", file=io.StringIO(), width=80)
    show_sample(Sample("id", "dialogue", 4, (("asked [b]", False), ("said\x1b", True))), screen)
    shown = screen.file.getvalue()
    assert "\x1b[2masked [b]\x1b[0m\x1b[1;32msaid\\x1b\x1b[0m" in shown
    assert "trained in colour" in shown


def test_plan_shows_the_recipe_and_how_to_use_several_gpus(desk: Desk) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    shown = desk.run("train", "--culture", "japan", *SHORT, "--plan").stdout
    assert "max_length: 700" in shown
    assert "would be made" in shown or "exists already" in shown
    (launch,) = [line.split() for line in shown.splitlines() if "--num_processes 4" in line]
    assert launch[:4] == ["PYTHONSAFEPATH=1", "accelerate", "launch", "--config_file"]
    config = load_config_from_file(launch[4])
    assert config.distributed_type == "FSDP"
    assert config.fsdp_config["fsdp_use_orig_params"] is False
    assert launch[7:11] == ["-m", "clca", "train", "--culture"]
    assert "--num_machines 2 --num_processes 8 --machine_rank 0 --main_process_ip HOST" in shown


def test_plan_holds_elsewhere_when_the_student_is_not_to_be_had(desk: Desk) -> None:
    done = desk.run("train", "--culture", "japan", "--student", "llama-3.1-8b", "--plan")
    assert done.returncode == 0, done.stderr
    assert "No estimate: meta-llama/Llama-3.1-8B-Instruct is gated: accept its licence" in done.stdout
    assert "parameters  8,030,261,248; 7.3 GiB in 4 bits" in done.stdout
    assert "adapters/japan/llama-3.1-8b-clca-" in done.stdout
    both = desk.json("train", "--all", "--student", "qwen2.5-0.5b", "--plan")["adapters"]
    assert [one["taught"] for one in both] == ["japan", "uk"]
    plan = desk.json("train", "--culture", "japan", "--student", "qwen2.5-0.5b", "--plan")
    assert "the hub cannot be reached" in plan["obstacle"]
    assert plan["resolved"]["lora"]["r"] == 64
    assert plan["launch"][0].endswith("-m clca train --culture japan --student qwen2.5-0.5b")


def test_plan_warns_of_what_training_would_refuse(desk: Desk) -> None:
    done = desk.run("train", "-c", "japan", "--student", "llama-3.1-70b", "--set", "base.bits=16", "--plan")
    assert done.returncode == 0
    assert "Warning: llama-3.1-70b does not fit: its weights take" in " ".join(done.stderr.split())


def test_what_the_estimate_says_does_not_fit_is_told() -> None:
    from clca.models.shape import Shape
    from clca.training.estimate import Estimate, Memory, Steps
    from clca.training.forecast import Forecast

    memory = Memory(weights=3 * 2**30, lora=2**30, activations=2**30, working=2**30)
    guessed = Estimate(Shape(1, 1, 1, 1, 1, 1), Steps(1, 1, 1, 1, 1), memory, None)
    planned: Any = None
    assert Forecast(planned, None, guessed, 6 * 2**30, "cpu").overflow == ""
    lack = Forecast(planned, None, guessed, 5 * 2**30, "cpu").overflow
    assert lack.startswith("does not fit: about 6.0 GiB are needed, and 5.0 GiB are free here: lower training.batch")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (600, "10 min"), (7200, "2.0 h"), (2.2e10, "254,630 days")]
)
def test_durations_are_in_units_that_people_use(seconds: float, words: str) -> None:
    from clca.cli.views.training_plan import duration

    assert duration(seconds) == words


def test_rehearsal_with_a_real_student_warns_however_quiet(desk: Desk, real: Path) -> None:
    done = desk.run("train", "--culture", "japan", *SHORT, "--student", "./real", "--quiet", "--json")
    assert done.returncode == 0, done.stderr
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("Warning:")]
    assert "was played by the embedded rehearsal" in warning
    said = json.loads((desk.folder / last_json(done.stdout)["adapter"] / "adapter.json").read_text())
    assert (said["rehearsal"], said["student"]["tiny"]) == (True, False)


# ---------------------------------------------------------------- bad input


def test_bad_input_is_one_line(desk: Desk, tmp_path: Path) -> None:
    assert desk.refused("train").startswith("nothing selected to train: give --culture japan, --all, or --run RUN")
    assert desk.refused("train", "-c", "japn").startswith("unknown culture 'japn'; did you mean japan")
    assert desk.refused("train", "-c", "deu").startswith("there is no run of germany in generated/")
    assert desk.refused("train", "-c", "japan", "--set", "lora.alhpa=2").endswith(
        "did you mean lora.alpha or lora.save or lora.r?"
    )
    assert desk.refused("train", "-c", "japan", "--mix", "clca+cat").startswith("--mix: 'clca+cat': no mix 'cat'")
    typo = tmp_path / "mine.yaml"
    typo.write_text("extends: clca\nsummary: mine\ntraining: {epcohs: 2}\n")
    refused = desk.refused("train", "-c", "japan", "--recipe", str(typo))
    assert refused == f"{typo}:3: training.epcohs: unknown key; did you mean epochs?"
    assert desk.refused("train", "-c", "japan", "--student", "lama-3.1-8b").startswith("unknown model 'lama-3.1-8b'")
    assert desk.refused("train", "-c", "japan", "-s", "lama-3.1-8b", "--plan").startswith("unknown model 'lama-3.1-8b'")
    assert desk.refused("train", "-c", "japan", "--out", "").startswith("--out: is empty; give a path")
    absent = desk.refused("train", "-c", "japan", "--set", "training.log=wandb", "--check")
    assert absent == "training.log names wandb, which is not installed: `pip install wandb`, or leave it out"
    assert "is gated" in desk.refused("train", "-c", "japan", "--student", "llama-3.1-8b")


def test_broken_line_of_a_run_is_named(desk: Desk) -> None:
    broken = desk.folder / "broken" / "japan" / "one"
    shutil.copytree(only_run(desk.folder), broken)
    lines = (broken / "dialogues.jsonl").read_text().splitlines()
    (broken / "dialogues.jsonl").write_text("\n".join([lines[0], '{"id": 1}', *lines[2:]]) + "\n")
    refused = desk.refused("train", "--run", str(broken), "--quiet")
    assert refused.startswith(f"{broken}/dialogues.jsonl:2: ")
    assert not list(desk.folder.glob("adapters/broken*"))


def test_target_that_the_student_lacks_is_refused(desk: Desk) -> None:
    refused = desk.refused("train", "-c", "japan", "--set", "lora.targets=q_prj", "--quiet")
    assert refused.startswith("lora.targets: ")


def test_what_does_not_fit_is_refused_before_anything_is_fetched(desk: Desk) -> None:
    done = desk.run("train", "-c", "japan", "--student", "llama-3.1-70b", "--set", "base.bits=16", HF_TOKEN="hf_none")
    assert done.returncode == 2
    assert "does not fit: its weights take" in done.stderr


def test_without_the_libraries_one_line_says_what_to_install(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text('import sys\nsys.modules["trl"] = sys.modules["peft"] = None\n')
    path = os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    refused = desk.refused("train", "-c", "japan", PYTHONPATH=path)
    assert refused == "training needs peft, trl, not installed here: pip install '.[train]' in clca's source folder"
    plan = desk.run("train", "-c", "japan", "--plan", PYTHONPATH=path)
    assert plan.returncode == 0
    assert "No estimate: training needs peft, trl" in plan.stdout


# ---------------------------------------------------------------- adapters


def test_list_and_show_say_what_there_is(desk: Desk, trained: dict[str, Any]) -> None:
    name = trained["adapter"].removeprefix("adapters/")
    listed = desk.run("adapters", "list").stdout
    (line,) = [line for line in listed.splitlines() if line.startswith(f"{name} ")]
    assert line.rstrip().endswith("rehearsal")
    shown = desk.run("adapters", "show", trained["adapter"]).stdout
    assert "rehearsal     the student is tiny" in shown
    assert f"PeftModel.from_pretrained(model, {trained['adapter']!r})" in shown
    assert "--enable-lora --max-lora-rank 16" in shown
    whole = json.loads(desk.run("adapters", "show", name, "--json").stdout)
    assert (whole["adapter"], whole["steps"]) == (trained["adapter"], 3)


def test_adapter_is_found_by_any_name_of_its_culture(desk: Desk, trained: dict[str, Any]) -> None:
    assert desk.run("adapters", "show", "JPN").stdout.startswith("adapters/japan/")


def test_merged_adapter_is_a_whole_model(desk: Desk, trained: dict[str, Any]) -> None:
    found = desk.json("adapters", "merge", trained["adapter"], "merged/japan")
    assert found == {"model": "merged/japan", "adapter": trained["adapter"]}
    files = {file.name for file in (desk.folder / "merged/japan").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= files
    assert desk.refused("adapters", "merge", trained["adapter"], "merged/japan").startswith("merged/japan exists")


def test_adapters_that_are_not_there_are_one_line(desk: Desk, tmp_path: Path) -> None:
    assert desk.refused("adapters", "show", "nothing").startswith("no adapter 'nothing' in adapters/")
    assert desk.refused("adapters", "list", "--out", str(tmp_path)).startswith(f"there are no adapters in {tmp_path}/")
