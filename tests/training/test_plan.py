"""From what is asked for to jobs: which cultures, which runs, which recipe, which folder."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from clca.cli.views.training import show_choices
from clca.content.lookup import Content
from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.inference.hardware import Gpu, Machine
from clca.models import ModelCatalogue
from clca.models.student import Student
from clca.stages import resolve_config
from clca.training.config import TrainConfig
from clca.training.plan import PlannedAdapter, TrainingPlan, choose_targets, plan, plan_adapters
from clca.training.recipe import Recipe
from clca.training.requirements import shortage
from clca.training.run import run as run_plan
from clca.training.selection import choose_recipe
from tests.storage.test_reviews import add, review
from tests.training.material import numbered, write

TINY = Student("tiny", "/cache/tiny-123456", None, True, None)
REAL = Student("llama-3.1-8b", "meta-llama/Llama-3.1-8B-Instruct", None, False, None)
GIB = 2**30


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    return tmp_path / "generated"


def run(generated: Path, culture: str, name: str = "one", dialogues: int = 2, **data: Any) -> Path:
    """The folder of a run as `clca generate` leaves it."""
    folder = generated / culture / name
    folder.mkdir(parents=True)
    kept = [one.model_copy(update={"culture": culture}) for one in numbered(dialogues)]
    write(folder / "dialogues.jsonl", kept)
    said = {
        "culture": culture,
        "created": name,
        "finished": True,
        "rehearsed": False,
        "fingerprint": f"{culture}-{name}",
    }
    counts = {"kept": dialogues, "pending": 0}
    (folder / "run.json").write_text(json.dumps({**said, "counts": counts, **data}))
    return folder


def planned(
    generated: Path, *, student: Student = TINY, recipe: Recipe | None = None, **asked: Any
) -> tuple[PlannedAdapter, ...]:
    config = TrainConfig(**{"out": generated.parent / "adapters", "generated": generated, **asked})
    recipe = recipe or choose_recipe(config, Content())
    return plan_adapters(config, recipe, student, None, choose_targets(config, recipe, None))


def refusal(generated: Path, **asked: Any) -> str:
    with pytest.raises(ClcaError) as caught:
        planned(generated, **asked)
    assert "\n" not in caught.value.message
    return caught.value.message


# ---------------------------------------------------------------- recipe


@pytest.mark.parametrize(
    ("asked", "recipe", "student"),
    [
        (TrainConfig(), "tiny", "tiny"),
        (TrainConfig(student="tiny"), "tiny", "tiny"),
        (TrainConfig(student=" Tiny "), "tiny", "Tiny"),
        (TrainConfig(student="qwen2.5-7b"), "clca", "qwen2.5-7b"),
        (TrainConfig(settings=("student=qwen2.5-7b",)), "clca", "qwen2.5-7b"),
        (TrainConfig(recipe="s2n"), "s2n", "llama-3.1-8b"),
        (TrainConfig(recipe="intent-only", student="tiny"), "intent-only", "tiny"),
    ],
)
def test_recipe_and_student_that_are_meant(asked: TrainConfig, recipe: str, student: str) -> None:
    found = choose_recipe(asked, Content())
    assert (found.name, found.student) == (recipe, student)


def test_flags_change_the_recipe() -> None:
    found = choose_recipe(TrainConfig(mix="clca:3+chat:1", settings=("lora.r=8", "training.epochs=1")), Content())
    assert (found.data.mix, found.lora.r, found.training.epochs) == ("clca:3+chat:1", 8, 1)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"mix": "clcb"}, "--mix: 'clcb': no mix 'clcb'; did you mean clca?"),
        ({"set": ("lora.r=8", "lora.r=16")}, "lora.r of the recipe is set to 8 and to 16: leave one of them out"),
        ({"set": ("data.mix=wvs",), "mix": "clca"}, "data.mix of the recipe is set to wvs and to clca: leave"),
        ({"set": ("student=a",), "student": "b"}, "--student and --set student both name the student"),
        ({"set": ("lora.rr=8",)}, "--set lora.rr: no such key in a recipe; did you mean lora.r or"),
        ({"recipe": "clac"}, "no recipe 'clac'; did you mean clca?"),
        ({"student": " "}, "--student: is empty"),
        ({"out": " "}, "--out: is empty; give a path"),
        ({"all": True, "culture": ("japan",)}, "--all trains every culture, --culture only japan: give one of them"),
        ({"all": "maybe"}, "--all: Input should be a valid boolean"),
    ],
)
def test_what_is_misspelt_is_refused_with_the_nearest(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(ClcaError) as caught:
        choose_recipe(resolve_config(TrainConfig, flags, {}), Content())
    assert caught.value.message.startswith(message)


# ---------------------------------------------------------------- cultures and runs


def test_one_culture_learns_from_its_newest_finished_run(generated: Path) -> None:
    run(generated, "japan", "one")
    newest = run(generated, "japan", "two", dialogues=3)
    run(generated, "japan", "three", finished=False)
    (one,) = planned(generated, culture=("JPN",))
    assert one.target == "japan"
    assert [culture.name for culture in one.job.sources.cultures] == ["Japan"]
    assert one.job.sources.dialogues == (newest / "dialogues.jsonl",)
    (lineage,) = one.job.lineage
    assert (lineage.run, lineage.dialogues, lineage.fingerprint) == (str(newest), 3, "japan-two")
    assert len(lineage.sha256) == 64


def test_several_cultures_are_several_jobs_and_none_twice(generated: Path) -> None:
    for culture in ("japan", "uk"):
        run(generated, culture)
    assert [one.target for one in planned(generated, culture=("uk", "japan", "JPN"))] == ["uk", "japan"]


def test_all_are_those_that_have_runs(generated: Path) -> None:
    for culture in ("uk", "japan", "ara"):
        run(generated, culture)
    assert sorted(one.target for one in planned(generated, every_culture=True)) == ["ara", "japan", "uk"]
    assert len(planned(generated, culture=("all",))) == 3


def test_all_of_a_mix_without_dialogues_are_all_cultures(generated: Path) -> None:
    recipe = choose_recipe(TrainConfig(recipe="wvs"), Content())
    adapters = planned(generated, every_culture=True, student=REAL, recipe=recipe)
    assert len(adapters) == 16
    assert adapters[0].job.lineage == ()


def test_combined_is_one_job_over_all_its_cultures(generated: Path) -> None:
    for culture in ("japan", "uk", "ara"):
        run(generated, culture)
    (two,) = planned(generated, combined=True, culture=("japan", "uk"))
    assert (two.target, len(two.job.lineage)) == ("combined", 2)
    assert [culture.id for culture in two.job.sources.cultures] == ["japan", "uk"]
    (every,) = planned(generated, combined=True)
    assert len(every.job.sources.cultures) == 3
    assert every.job.out != two.job.out
    assert every.job.sources.cultures[-1].members == ("iraq", "jordan")


def test_run_says_its_culture(generated: Path) -> None:
    folder = run(generated, "uk")
    (one,) = planned(generated, run=(str(folder),))
    assert one.target == "uk"


def test_runs_of_one_culture_are_put_together(generated: Path) -> None:
    folders = [run(generated, "japan", name) for name in ("one", "two")]
    (one,) = planned(generated, culture=("japan",), run=(str(folders[0]), "two", str(folders[0])))
    assert one.job.sources.dialogues == tuple(folder / "dialogues.jsonl" for folder in folders)


def test_nothing_to_train_is_said(generated: Path) -> None:
    assert refusal(generated).startswith("nothing selected to train: give --culture japan, --all, or --run RUN")
    assert "there are no finished runs" in refusal(generated, every_culture=True)
    assert refusal(generated, culture=("japan",)).endswith("make one with `clca generate -c japan`")
    assert refusal(generated, culture=("japn",)).startswith("unknown culture 'japn'; did you mean japan")


def test_unfinished_run_is_taken_only_when_named_and_warns(generated: Path) -> None:
    folder = run(generated, "japan", finished=False, counts={"kept": 2, "pending": 7})
    assert f"--run {folder}" in refusal(generated, culture=("japan",))
    (one,) = planned(generated, run=(str(folder),))
    assert one.warnings == (f"{folder} is not finished: 7 of its dialogues are missing.",)


def test_reviews_are_asked_for_and_what_they_leave_out_is_told(generated: Path) -> None:
    add(run(generated, "japan"), review(id="japan-scene-0-1", verdict="rejected"))
    (adapter,) = planned(generated, culture=("japan",), reviewed=True)
    assert adapter.job.recipe.data.reviewed
    assert any("1 dialogues that a reviewer rejected are left out (reviews.jsonl)" in line for line in adapter.warnings)


def test_finished_run_that_lacks_dialogues_warns(generated: Path) -> None:
    folder = run(generated, "japan", dialogues=3, counts={"kept": 4, "pending": 0})
    (one,) = planned(generated, culture=("japan",))
    assert one.warnings == (
        f"{folder} was finished with 4 kept dialogues, and dialogues.jsonl has 3 whole lines: it was changed, or cut"
        " off.",
    )


@pytest.mark.parametrize("asked", [{"every_culture": True}, {"culture": ("all",)}, {"combined": True}])
def test_culture_without_a_finished_run_is_not_left_out_in_silence(generated: Path, asked: dict[str, Any]) -> None:
    run(generated, "japan")
    run(generated, "uk", finished=False)
    (one,) = planned(generated, **asked)
    assert one.warnings == (
        f"uk is left out: none of its runs in {generated}/ is finished; repeat its `clca generate`.",
    )
    assert planned(generated, culture=("japan",))[0].warnings == ()


def test_empty_run_is_refused(generated: Path) -> None:
    folder = run(generated, "japan", dialogues=0)
    assert refusal(generated, culture=("japan",)).startswith(f"{folder} holds no kept dialogue to train on")


def test_run_of_another_culture_is_refused(generated: Path) -> None:
    japan, uk = run(generated, "japan"), run(generated, "uk")
    assert "is of uk, which is not among the cultures to train" in refusal(
        generated, culture=("japan",), run=(str(uk),)
    )
    message = refusal(generated, culture=("japan", "uk"), run=(str(japan),))
    assert message.startswith(f"--run: none of {japan} is of uk")


def test_rehearsed_run_warns_with_a_real_student_only(generated: Path) -> None:
    folder = run(generated, "japan", rehearsed=True)
    (with_tiny,) = planned(generated, culture=("japan",))
    assert (with_tiny.warnings, with_tiny.job.rehearsed) == ((), True)
    (with_real,) = planned(generated, culture=("japan",), student=REAL)
    (warning,) = with_real.warnings
    assert warning.startswith(f"{folder} was played by the embedded rehearsal")
    assert "llama-3.1-8b" in warning


# ---------------------------------------------------------------- folder


def folder_of(generated: Path, **asked: Any) -> Path:
    (one,) = planned(generated, culture=("japan",), **asked)
    return one.job.out


def test_a_culture_whose_norms_s2n_is_not_known_to_have_taken_is_named(generated: Path) -> None:
    recipe = choose_recipe(TrainConfig(recipe="wvs+normad", settings=("data.normad_countries=s2n",)), Content())
    (one, other) = planned(generated, recipe=recipe, culture=("mexico", "germany"))
    assert (one.warnings, other.warnings) == (
        ("NormAd's rows for mexico: of its own countries, since those of S2N are not known.",),
        (),
    )


def test_folder_is_named_by_culture_student_recipe_and_what_decides_the_weights(generated: Path) -> None:
    folder = run(generated, "japan")
    out = folder_of(generated)
    assert out.parent == generated.parent / "adapters" / "japan"
    assert out.name.startswith("tiny-tiny-")
    assert folder_of(generated) == out
    others = [
        folder_of(generated, settings=("lora.r=8",)),
        folder_of(generated, mix="intent-only"),
        folder_of(generated, student=REAL),
        folder_of(generated, settings=("seed=43",)),
    ]
    assert len({out, *others}) == 5
    write(folder / "dialogues.jsonl", [one.model_copy(update={"sample": 2}) for one in numbered(2)])
    assert folder_of(generated) != out


def test_place_of_the_run_and_loggers_do_not_change_the_folder(generated: Path, tmp_path: Path) -> None:
    folder = run(generated, "japan")
    before = folder_of(generated)
    folder.rename(folder.with_name("moved"))
    assert folder_of(generated) == before
    assert folder_of(generated, settings=("training.log=wandb",)) == before


def test_edited_prompt_changes_the_folder(generated: Path, tmp_path: Path) -> None:
    run(generated, "japan")
    before = folder_of(generated)
    (tmp_path / "clca.toml").touch()
    prompt = tmp_path / "prompts" / "train-intent.j2"
    prompt.parent.mkdir()
    prompt.write_text(Content().text("prompts/train-intent.j2") + "\n")
    config = TrainConfig(culture=("japan",), out=generated.parent / "adapters", generated=generated)
    recipe = choose_recipe(config, Content())
    (adapter,) = plan_adapters(config, recipe, TINY, tmp_path, choose_targets(config, recipe, tmp_path))
    assert adapter.job.out != before


def test_users_file_is_part_of_what_decides(generated: Path, tmp_path: Path) -> None:
    run(generated, "japan")
    chats = tmp_path / "chats.jsonl"
    folders = set()
    for word in ("Hello.", "Good day."):
        chats.write_text(
            json.dumps({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": word}]})
        )
        folders.add(folder_of(generated, mix="clca+chat", settings=(f"data.files.chat={chats}",)))
    assert len(folders) == 2
    absent = refusal(generated, culture=("japan",), mix="chat", settings=("data.files.chat=no.jsonl",))
    assert absent == "data.files.chat: no.jsonl: no such file or folder"


def test_finished_adapter_is_known_and_new_takes_the_next_name(generated: Path) -> None:
    run(generated, "japan")
    (before,) = planned(generated, culture=("japan",))
    assert not before.finished
    before.job.out.mkdir(parents=True)
    (before.job.out / "adapter.json").write_text("{}")
    (after,) = planned(generated, culture=("japan",))
    assert (after.finished, after.job.out) == (True, before.job.out)
    (new,) = planned(generated, culture=("japan",), new=True)
    assert (new.finished, new.job.out.name) == (False, f"{before.job.out.name}-2")
    new.job.work.mkdir(parents=True)
    (resumed,) = planned(generated, culture=("japan",))
    assert (resumed.finished, resumed.job.out) == (False, new.job.out)


# ---------------------------------------------------------------- room


def alias(name: str) -> Student:
    model = ModelCatalogue(Content()).find(name)
    assert model is not None
    return Student(model.name, model.hub, None, False, model)


def test_student_that_does_not_fit_is_refused_with_what_would() -> None:
    recipe = choose_recipe(TrainConfig(student="llama-3.1-8b"), Content())
    assert shortage(recipe, alias("llama-3.1-8b"), Machine((), 10 * GIB), "cpu") == ""
    assert shortage(recipe, alias("llama-3.1-8b"), Machine((), 4 * GIB), "cpu").startswith(
        "llama-3.1-8b does not fit: its weights take 7.3 GiB in 4 bits; available: 4.0 GiB of RAM (no GPU is used);"
        " instead: --student llama-3.2-3b"
    )


def test_fewer_bits_are_advised_where_they_help() -> None:
    recipe = choose_recipe(TrainConfig(student="llama-3.1-8b", settings=("base.bits=16",)), Content())
    reason = shortage(recipe, alias("llama-3.1-8b"), Machine((), 10 * GIB), "cpu")
    assert re.search(r"take 29.9 GiB in 16 bits.*instead: --set base.bits=4, --student", reason)


def on_gpus(*sets: str, shards: int, free: int = 44) -> str:
    """Why Llama 3.1 70B does not fit on GPUs of so many free GiB: its 70.6 billion weights are 131.4 GiB in 16 bits."""
    recipe = choose_recipe(TrainConfig(student="llama-3.1-70b", settings=sets), Content())
    gpu = Gpu("0", "NVIDIA L40S", 48 * GIB, free * GIB, (8, 9))
    return shortage(recipe, alias("llama-3.1-70b"), Machine((gpu,) * 4, 64 * GIB), "cuda", shards)


def test_weights_in_16_bits_are_sharded_over_the_gpus_of_a_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.training.requirements.compute_type", lambda base, device: "bf16")
    assert on_gpus("base.bits=16", shards=4) == ""
    assert on_gpus("base.bits=16", shards=1).startswith(
        "llama-3.1-70b does not fit: its weights take 131.4 GiB in 16 bits; available: 44.0 GiB of GPU memory; instead:"
        " --set base.bits=4, "
    )
    assert on_gpus("base.bits=16", shards=1).endswith("or more GPUs (clca train --plan gives the command)")


def test_quantised_weights_are_whole_on_each_gpu_before_they_are_sharded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.training.requirements.compute_type", lambda base, device: "bf16")
    assert on_gpus(shards=4) == ""  # 68.5 billion in 4.127 bits and 2.1 billion in 16: 36.8 GiB
    lack = on_gpus(shards=4, free=30)
    assert "available: 30.0 GiB of GPU memory, and each GPU has to hold all of them while they load; instead:" in lack
    assert lack.endswith("or a larger GPU")


def test_unknown_size_is_let_through() -> None:
    recipe = choose_recipe(TrainConfig(student="org/unknown"), Content())
    unknown = Student("org/unknown", "org/unknown", None, False, None)
    assert shortage(recipe, unknown, Machine((), 1), "cpu") == ""


def test_a_plan_that_cannot_run_here_says_why_and_is_refused_when_it_is_run(
    generated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(generated, "japan")
    flags = {"culture": ("japan",), "generated": generated, "out": generated.parent / "adapters"}
    if find_spec("mlflow") is None:
        config = TrainConfig(**flags, settings=("training.log=mlflow",))
        with pytest.raises(
            SettingsError, match=r"^training\.log names mlflow, which is not installed: `pip install ml"
        ):
            plan(config)
    monkeypatch.setattr("clca.training.plan.shortage", lambda *_: "it does not fit")
    planned = plan(TrainConfig(**flags))
    assert planned.warnings() == ("it does not fit.",)
    with pytest.raises(SettingsError, match="it does not fit"):
        run_plan(planned)
    monkeypatch.setattr("clca.training.requirements.LIBRARIES", ("torch", "no_such_library"))
    with pytest.raises(SettingsError, match="training needs no_such_library"):
        plan(TrainConfig(**flags))
    elsewhere = plan(TrainConfig(**flags), allow_unavailable=True)
    assert elsewhere.unavailable_reason.startswith("training needs no_such_library, not installed here")
    assert [adapter.target for adapter in elsewhere.adapters] == ["japan"]
    with pytest.raises(SettingsError, match="training needs no_such_library"):
        run_plan(elsewhere)


def test_composer_needs_no_heavy_library() -> None:
    program = "import sys, clca.training.plan; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"torch", "transformers", "peft", "trl", "datasets"} & set(loaded) == set()


def test_lacking_run_folder_is_not_found(generated: Path) -> None:
    with pytest.raises(NotFoundError, match="no run 'nothing'"):
        planned(generated, run=("nothing",))


# ---------------------------------------------------------------- which of several runs

INPUTS = {"scenarios": None, "samples": 2, "norms": 0, "teacher": "t", "content:prompts/turn.j2": "d1"}


def covering(generated: Path, name: str, created: str, **changes: Any) -> Path:
    """A run whose inputs are recorded."""
    return run(generated, "japan", name, created=created, inputs={**INPUTS, **changes})


def learned(generated: Path, **asked: Any) -> list[str]:
    (one,) = planned(generated, **{"culture": ("japan",), **asked})
    return [Path(lineage.run).name for lineage in one.job.lineage]


def test_a_run_that_cannot_be_read_is_not_passed_over_unseen(generated: Path) -> None:
    (covering(generated, "broken", "2") / "run.json").write_text("{")
    with pytest.raises(NotFoundError, match=r"^no run of japan in .* can be read \(.*broken \(its run.json cannot"):
        planned(generated, culture=("japan",))
    covering(generated, "whole", "1")
    (one,) = planned(generated, culture=("japan",))
    assert one.job.selection[0].others == {str(generated / "japan" / "broken"): "its run.json cannot be read"}


def test_a_newer_run_that_covers_less_does_not_take_the_place_of_one_that_covers_more(generated: Path) -> None:
    covering(generated, "whole", "1")
    covering(generated, "small", "2", scenarios=2, samples=1)
    (one,) = planned(generated, culture=("japan",))
    (selection,) = one.job.selection
    assert learned(generated) == ["whole"]
    assert selection.reason == "which covers the most"
    assert selection.others == {
        str(generated / "japan" / "small"): 'samples: 2 -> 1; scenarios: "all" -> 2'.replace('"', "")
    }


def test_a_newer_run_that_covers_more_is_taken_and_of_equal_ones_the_newest_as_is_said(generated: Path) -> None:
    covering(generated, "small", "1", scenarios=2)
    covering(generated, "whole", "2", **{"content:personas/cultures/iraq.yaml": "read for more scenarios"})
    assert learned(generated) == ["whole"]
    covering(generated, "again", "3")
    (one,) = planned(generated, culture=("japan",))
    assert learned(generated) == ["again"]
    assert one.job.selection[0].reason == "the newest of 2 runs with the same inputs"
    assert "whole (the same inputs)" in one.job.selection[0].line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"teacher": "u"}, "teacher: t -> u"),
        ({"content:prompts/turn.j2": "d2"}, "prompts/turn.j2 has changed"),
        ({"seed": 43}, "seed: not set -> 43"),
    ],
)
def test_runs_that_differ_in_teacher_or_prompts_are_asked_for_by_name(
    generated: Path, change: dict[str, Any], said: str
) -> None:
    covering(generated, "one", "2")
    covering(generated, "two", "1", **change)
    message = refusal(generated, culture=("japan",))
    assert message.startswith("japan has runs that differ in more than their number of dialogues")
    assert said in message
    assert str(generated / "japan" / "two") in message
    assert learned(generated, run=("one",)) == ["one"]
    (both,) = planned(generated, run=("one", "two"))
    assert both.job.selection[0].reason == "named by --run"
    (named,) = planned(generated, run=("one",))
    assert said in named.job.selection[0].others[str(generated / "japan" / "two")]


def test_runs_of_which_none_covers_all_are_asked_for_by_name(generated: Path) -> None:
    covering(generated, "wide", "1", scenarios=10, samples=1)
    covering(generated, "deep", "2", scenarios=5, samples=3)
    assert "none covers the scenarios and samples of all others" in refusal(generated, culture=("japan",))


def test_an_unfinished_run_that_covers_more_is_not_passed_over(generated: Path) -> None:
    covering(generated, "small", "1", scenarios=2)
    run(generated, "japan", "whole", created="2", inputs=INPUTS, finished=False)
    message = refusal(generated, culture=("japan",))
    assert "whole covers more of japan" in message
    assert message.endswith(f"or take the smaller one with --run {generated / 'japan' / 'small'}")


def test_a_culture_or_a_pattern_may_stand_for_runs(generated: Path) -> None:
    covering(generated, "whole", "1")
    covering(generated, "small", "2", samples=1)
    (named,) = planned(generated, run=("japan",))
    assert named.job.selection[0].taken == (str(generated / "japan" / "whole"),)
    assert named.job.selection[0].reason == "which covers the most"
    assert learned(generated, run=(f"{generated}/japan/*/dialogues.jsonl",)) == ["small", "whole"]
    assert "no run matches this pattern" in refusal(generated, run=(f"{generated}/peru/*",))


@pytest.mark.parametrize("given", [{"culture": ("japan",)}, {"run": ("japan",)}])
def test_what_is_taken_of_several_runs_is_printed(
    generated: Path, capsys: pytest.CaptureFixture[str], given: dict[str, Any]
) -> None:
    for name, samples in (("whole", 2), ("small", 1)):
        covering(generated, name, str(samples), samples=samples)
    shown(generated, **given)
    assert capsys.readouterr().err == (
        f"Takes for japan: {generated}/japan/whole, which covers the most; not taken: {generated}/japan/small"
        " (samples: 2 -> 1)\n"
    )
    shown(generated, run=("whole",))
    assert capsys.readouterr().err == ""


def shown(generated: Path, **asked: Any) -> None:
    """Show what a training takes, as its command does before it begins."""
    config = TrainConfig(**{"out": generated.parent / "adapters", "generated": generated, **asked})
    show_choices(
        TrainingPlan(config, choose_recipe(config, Content()), TINY, planned(generated, **asked), Content(), "", ())
    )


def test_runs_that_a_mix_does_not_use_are_named(generated: Path) -> None:
    covering(generated, "one", "1")
    (taught,) = planned(generated, culture=("japan",), run=("one",), mix="wvs")
    assert taught.warnings == ("--run is not used: the mix wvs takes no dialogues.",)
    (taught,) = planned(generated, culture=("japan",), teacher="t", mix="wvs")
    assert taught.warnings == ("--teacher is not used: the mix wvs takes no dialogues.",)


def test_a_teacher_may_be_named_for_all_cultures(generated: Path) -> None:
    covering(generated, "one", "1")
    covering(generated, "two", "2", teacher="rehearsal")
    run(generated, "uk", "one", inputs=INPUTS)
    assert learned(generated, teacher="T") == ["one"]
    assert learned(generated, teacher="rehearsal") == ["two"]
    assert [one.target for one in planned(generated, every_culture=True, teacher="rehearsal")] == ["japan"]
    assert "is of this teacher; there are those of t" in refusal(generated, culture=("uk",), teacher="v")
    assert "there are no finished runs by v" in refusal(generated, every_culture=True, teacher="v")
    with pytest.raises(SettingsError, match="--run names the runs, --teacher chooses among them"):
        resolve_config(TrainConfig, {"run": ("one",), "teacher": "t"}, {})
