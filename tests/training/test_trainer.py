from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from clca.errors import SettingsError, StoreError
from clca.models.adapter import WEIGHTS, list_adapters, read_adapter
from clca.models.student import Student
from clca.storage.lock import folder_lock
from clca.training.callbacks import EarlyStopping, StopRequest, TrainingMonitor, since_best
from clca.training.checkpoints import FOLDER, WHOLE
from clca.training.job import Job, TrainingError, TrainingStopped
from clca.training.result import AdapterResult
from clca.training.trainer import train
from tests.training.jobs import Screen, elsewhere, held_out_talks, job, labels_intents, signalled, weights
from tests.training.material import write

ROOT = Path(__file__).parents[2]
# A training in a process of its own.
TRAINING = """
import os, signal, sys
from pathlib import Path
from clca.training.trainer import train
from tests.training import jobs
jobs.one_thread()
cache, folder, name, *sets = sys.argv[1:]
one = jobs.job(jobs.tiny_student(Path(cache)), Path(folder), *sets, name=name)
"""
TEN = ("training.steps=10",)  # evaluated and saved at every second step


@pytest.fixture(scope="module")
def uninterrupted(tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, AdapterResult]:
    one = job(tiny_student, tmp_path_factory.mktemp("job"), *TEN)
    return one, train(one, Screen())


@pytest.fixture(scope="module")
def taught(tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> dict[str, AdapterResult]:
    """A student of each task alone, of the same talks."""
    folder = tmp_path_factory.mktemp("taught")
    sets = ("lora.r=16", "training.learning_rate=1e-2", "training.steps=60", "data.held_out=0.2")
    mixes = ("intent-only", "dialogue-only")
    return {
        mix: train(job(tiny_student, folder, f"data.mix={mix}", *sets, talks=60, name=mix), Screen()) for mix in mixes
    }


@pytest.fixture
def other_folder(uninterrupted: tuple[Job, AdapterResult], request: pytest.FixtureRequest) -> Iterator[Job]:
    one = elsewhere(uninterrupted[0], request.node.name)
    yield one
    shutil.rmtree(one.out, ignore_errors=True)
    shutil.rmtree(one.work, ignore_errors=True)


def test_held_out_loss_falls(taught: dict[str, AdapterResult]) -> None:
    for trained in taught.values():
        losses = [one.eval_loss for one in read_adapter(trained.adapter).data.losses if one.eval_loss is not None]
        assert len(losses) == 5
        assert losses[-1] < losses[0] < 6.0  # 8.3 is what is expected of 4096 equally likely tokens
        assert losses[-1] == trained.eval_loss < 1.1 * min(losses)  # near its end it hardly moves


def test_the_student_of_intents_labels_them_and_the_student_of_dialogues_does_not(
    tiny_student: Student, taught: dict[str, AdapterResult]
) -> None:
    talks = held_out_talks(60, 0.2)
    right, asked = labels_intents(tiny_student, taught["intent-only"].adapter, talks)
    assert right / asked > 0.4  # an eighth by chance
    right, asked = labels_intents(tiny_student, taught["dialogue-only"].adapter, talks)
    assert right == 0


def test_the_same_seed_gives_the_same_weights_byte_for_byte(
    uninterrupted: tuple[Job, AdapterResult], other_folder: Job
) -> None:
    again = train(other_folder, Screen())
    first = uninterrupted[1]
    assert weights(again.adapter) == weights(first.adapter)
    assert (again.loss, again.eval_loss) == (first.loss, first.eval_loss)


def test_the_tiny_student_learns_on_one_thread(tiny_student: Student, tmp_path: Path) -> None:
    seen: list[int] = []
    screen = Screen(lambda told: seen.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        train(job(tiny_student, tmp_path, "training.steps=2"), screen)
        assert (set(seen), torch.get_num_threads()) == ({1}, 2)
    finally:
        torch.set_num_threads(1)


def test_another_seed_gives_other_weights(tiny_student: Student, uninterrupted: tuple[Job, AdapterResult]) -> None:
    one = uninterrupted[0]
    other = replace(one, recipe=one.recipe.model_copy(update={"seed": 7}), out=one.out.with_name("seed-7"))
    assert weights(train(other, Screen()).adapter) != weights(uninterrupted[1].adapter)


def test_killed_and_resumed_gives_the_same_weights_as_uninterrupted(
    tiny_student: Student, tmp_path: Path, uninterrupted: tuple[Job, AdapterResult]
) -> None:
    one = job(tiny_student, tmp_path, *TEN)
    program = "train(one, jobs.Screen(lambda told: print(told.done, flush=True)))"
    with subprocess.Popen(
        command(program, one, tiny_student), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 7:
                process.kill()
                break
        assert process.wait(60) == -signal.SIGKILL
    assert not one.out.exists()
    # What a kill in the middle of a save leaves: files, and no mark.
    half = shutil.copytree(one.work / FOLDER / "checkpoint-6", one.work / FOLDER / "checkpoint-8")
    (half / WHOLE).unlink()
    (half / "optimizer.pt").write_bytes(b"")
    screen = Screen()
    resumed = train(one, screen)
    assert screen.notes == ["Resuming from step 6."]
    assert resumed.steps == 10
    assert weights(resumed.adapter) == weights(uninterrupted[1].adapter)
    assert resumed.eval_loss == uninterrupted[1].eval_loss


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_and_resumed_gives_the_same_weights_as_uninterrupted(
    uninterrupted: tuple[Job, AdapterResult], other_folder: Job, number: signal.Signals
) -> None:
    with pytest.raises(
        TrainingStopped, match=r"^stopped at step 4 of 10, which is saved: repeat the command to resume"
    ):
        train(other_folder, signalled(3, number))
    assert not other_folder.out.exists()
    assert train(other_folder, Screen()).steps == 10
    assert weights(other_folder.out) == weights(uninterrupted[1].adapter)
    assert signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL)


def test_killed_while_the_adapter_is_written_nothing_looks_finished_and_no_further_step_is_made(
    tiny_student: Student, tmp_path: Path, uninterrupted: tuple[Job, AdapterResult]
) -> None:
    one = job(tiny_student, tmp_path, *TEN)
    program = """
synced = os.fsync
def fatal(handle):
    if list(one.work.glob(".*.part/adapter.json")):
        os.kill(os.getpid(), signal.SIGKILL)
    synced(handle)
os.fsync = fatal
train(one, jobs.Screen())
"""
    done = subprocess.run(command(program, one, tiny_student), capture_output=True, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert list(one.work.glob(".*.part/adapter.json"))
    assert not one.out.exists()
    assert list(list_adapters(tmp_path / "adapters")) == []
    screen = Screen()
    resumed = train(one, screen)
    assert [told.done for told in screen.progress] == []
    assert [path.name for path in one.out.parent.iterdir()] == [one.out.name]
    assert (resumed.steps, resumed.loss) == (10, uninterrupted[1].loss)
    assert resumed.tokens_per_second > 0
    assert weights(resumed.adapter) == weights(uninterrupted[1].adapter)


def command(program: str, one: Job, student: Student) -> list[str]:
    return [sys.executable, "-c", TRAINING + program, *arguments(one, student)]


def arguments(one: Job, student: Student) -> list[str]:
    return [str(Path(student.source).parents[1]), str(one.out.parents[2]), one.out.name, *TEN]


def test_a_finished_adapter_is_not_trained_again(uninterrupted: tuple[Job, AdapterResult]) -> None:
    screen = Screen()
    assert train(uninterrupted[0], screen) == uninterrupted[1]
    assert screen.progress == []


def test_checkpoints_of_other_data_are_not_gone_on_from(tiny_student: Student, tmp_path: Path) -> None:
    one = job(tiny_student, tmp_path, *TEN)
    with pytest.raises(TrainingStopped):
        train(one, signalled(3))
    other = job(tiny_student, tmp_path, *TEN, talks=9)
    with pytest.raises(SettingsError, match=r"unfinished training with another .*data: remove it to start again$"):
        train(other, Screen())
    shutil.rmtree(other.work)
    assert train(other, Screen()).steps == 10


def test_two_processes_do_not_train_the_same_adapter(other_folder: Job) -> None:
    other_folder.work.mkdir(parents=True)
    with folder_lock(other_folder.work), pytest.raises(StoreError, match="is in use by another process"):
        train(other_folder, Screen())


def test_a_folder_of_something_else_is_left_alone(other_folder: Job) -> None:
    other_folder.out.mkdir(parents=True)
    (other_folder.out / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="exists and is not an adapter"):
        train(other_folder, Screen())
    assert (other_folder.out / "notes.txt").read_text() == "mine"


def test_packed_rows_hold_several_examples(tiny_student: Student, tmp_path: Path) -> None:
    packed = train(job(tiny_student, tmp_path, "training.packing=true", "training.log=tensorboard"), Screen())
    assert packed.examples > packed.rows > 0
    assert packed.tokens_per_second > 0
    assert any((packed.adapter / "logs").iterdir())


def test_patience_ends_the_training_and_keeps_the_best_weights(tiny_student: Student, tmp_path: Path) -> None:
    """With steps too small to change any loss, the first evaluation stays the best, and each step still shows."""
    step = 1e-30
    sets = ("training.optimizer=adamw", "training.schedule=constant", "training.warmup=0", "training.steps=20")
    one = job(tiny_student, tmp_path, "training.patience=1", f"training.learning_rate={step}", *sets)
    trained = train(one, Screen())
    data = read_adapter(trained.adapter).data
    assert [point.step for point in data.losses if point.eval_loss is not None] == [4, 8]
    assert (trained.steps, data.best_step) == (8, 4)
    from_zero = [
        tensor.abs().max() for name, tensor in load_file(trained.adapter / WEIGHTS).items() if "lora_B" in name
    ]
    assert 3 * step < max(from_zero) < 5 * step


@pytest.mark.parametrize(("losses", "count"), [([3.0], 0), ([3.0, 2.0], 0), ([2.0, 3.0, 2.5], 2), ([2.0, 2.0], 1)])
def test_patience_counts_from_the_first_of_the_lowest_losses(losses: list[float], count: int) -> None:
    assert since_best(losses) == count
    state = SimpleNamespace(log_history=[{"eval_loss": loss} for loss in losses])
    assert [EarlyStopping(evaluations).ended(state) for evaluations in (1, 2, 3)] == [count >= 1, count >= 2, False]


def test_a_loss_that_is_no_number_ends_the_training(tiny_student: Student, tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"^(loss|grad_norm) is (nan|inf) at step \d+: lower training.learning_rate"
    ):
        train(job(tiny_student, tmp_path, "lora.alpha=1e9", "training.learning_rate=1", "training.warmup=0"), Screen())


def test_a_training_without_a_gradient_is_ended(tmp_path: Path) -> None:
    watch = TrainingMonitor(Screen(), StopRequest(), tmp_path, None)
    state = SimpleNamespace(global_step=3, max_steps=9, is_world_process_zero=True)
    watch.on_log(None, state, None, {"loss": 2.0, "grad_norm": 0.1})
    with pytest.raises(TrainingError, match=r"^nothing is learned at step 3"):
        watch.on_log(None, state, None, {"loss": 2.0, "grad_norm": 0.0})


def test_layers_that_the_student_has_not_are_refused(tiny_student: Student, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^lora\.targets: tiny has no layer of wq$"):
        train(job(tiny_student, tmp_path, "lora.targets=wq"), Screen())


def test_material_without_an_example_is_refused(tiny_student: Student, tmp_path: Path) -> None:
    one = job(tiny_student, tmp_path)
    write(one.sources.dialogues[0], [])
    with pytest.raises(SettingsError, match=r"^mix 'clca' has no example to train on$"):
        train(one, Screen())


def test_patience_needs_held_out_examples(tiny_student: Student, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the split left none: raise data.held_out"):
        train(job(tiny_student, tmp_path, "training.patience=1", "data.held_out=0.001"), Screen())


def test_a_full_or_unusable_disk_is_told_in_one_line(tiny_student: Student, tmp_path: Path) -> None:
    one = job(tiny_student, tmp_path)
    one.out.parent.parent.mkdir(parents=True, exist_ok=True)
    one.out.parent.write_text("a file where a folder should be")
    with pytest.raises(StoreError, match=r"^cannot write .*: (Not a directory|File exists)$"):
        train(one, Screen())


def test_every_example_is_counted_where_it_went(uninterrupted: tuple[Job, AdapterResult]) -> None:
    data = json.loads((uninterrupted[0].out / "adapter.json").read_text())
    assert data["train"]["rows"] == {"dialogue": 16, "intent": 8}
    assert data["held_out"]["rows"] == {"dialogue": 4, "intent": 2}
