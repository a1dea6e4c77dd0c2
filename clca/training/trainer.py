"""An adapter trained: rows through TRL's `SFTTrainer` and PEFT, checkpointed, resumable to the same weights."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from clca.errors import NotFoundError, SettingsError, StoreError
from clca.models.adapter import EXAMPLES, LOGS, read_adapter, write_adapter
from clca.models.adapter_weights import require_applied
from clca.models.load import compute_type, load_config, load_model, load_tokenizer, this_device, threads_of
from clca.models.logging import quiet_libraries
from clca.models.shape import require_modules
from clca.models.student import pin_revision
from clca.progress import Note, ProgressCallback, ignore
from clca.storage.atomic import write_errors
from clca.storage.fingerprint import fingerprint
from clca.storage.lock import folder_lock
from clca.training import checkpoints, work_dir
from clca.training.contamination import contamination_lines
from clca.training.dataset import join_files, write_rows
from clca.training.distributed import each, join, once
from clca.training.fingerprint_inputs import decisive_recipe
from clca.training.job import Job, TrainingError, TrainingStopped
from clca.training.kept_dialogues import DUPLICATE
from clca.training.model_card import card
from clca.training.recipe import Recipe
from clca.training.result import AdapterResult
from clca.training.survey_overlap import survey_overlap
from clca.training.tokenization import Encoder

LEAST_MEMORY = (
    "lower training.batch and raise training.accumulation, lower data.max_length or lora.r, or --set base.bits=4"
)


def train(job: Job, progress: ProgressCallback) -> AdapterResult:
    """Train a job's adapter, from its last whole checkpoint if there is one; a finished one is returned as it is.

    Raises one-line `ClcaError`s; `TrainingStopped` when the user stops it, after a checkpoint.
    """
    finished = _finished(job.out)
    if finished is not None:
        return finished
    with quiet_libraries():
        main = join(cpu=this_device() == "cpu").is_main_process
        with ExitStack() as stack, threads_of(job.student), _deterministic(job.recipe), _plain_errors(job):
            finished = once(lambda: _begin(job, stack))
            try:
                if finished:
                    return finished
                with work_dir.held(job.work) as path:
                    return _train(replace(job, held=path), progress if main else ignore)
            finally:
                _free_memory()


def _begin(job: Job, stack: ExitStack) -> AdapterResult | None:
    """Claim the job's folder until `stack` is closed; returns the adapter if another process has trained it since."""
    with write_errors(job.work):
        job.work.mkdir(parents=True, exist_ok=True, mode=0o700)
    work_dir.close_to_others(job.work)
    stack.enter_context(folder_lock(job.work))
    work_dir.require_own(job.work)
    finished = _finished(job.out)
    if finished is not None:
        work_dir.remove(job.work)
        return finished
    stack.enter_context(_nothing_left(job.work))
    checkpoints.drop_halves(job.work)
    return None


def _train(job: Job, progress: ProgressCallback) -> AdapterResult:
    # Slow to import, and loud: only once the libraries have been silenced.
    from accelerate import PartialState

    from clca.training.callbacks import EarlyStopping, StopRequest, TrainingMonitor
    from clca.training.metadata import adapter_info
    from clca.training.resuming import require_plain
    from clca.training.sft import make_trainer, restore_finished

    recipe, processes = job.recipe, PartialState()
    student = pin_revision(job.student)  # all its files are of one commit, also where the hub moves on meanwhile
    tokenizer = load_tokenizer(student)
    vocabulary = getattr(load_config(student).get_text_config(), "vocab_size", None)
    encoder = Encoder(tokenizer, recipe.data.max_length, recipe.data.text_loss, vocabulary)
    rows = write_rows(job.sources, "train", encoder, job.work / work_dir.ROWS)
    held_out = write_rows(job.sources, "held-out", encoder, job.work / work_dir.ROWS)
    duplicates = rows.counts.dropped[DUPLICATE] + held_out.counts.dropped[DUPLICATE]
    if duplicates:
        progress(Note(f"{duplicates:,} dialogues stand in several of the runs, word for word: each is taken once."))
    for line in contamination_lines(rows.counts, held_out.counts):
        progress(Note(line))
    if (overlap := survey_overlap(job.sources.content, rows.counts.items)) is not None:
        progress(Note(overlap.line))
    if recipe.training.patience is not None and not len(held_out.dataset):
        raise SettingsError("training.patience needs held-out examples, and the split left none: raise data.held_out")
    device = this_device()
    compute = compute_type(recipe.base, device)
    if compute != recipe.base.compute:
        progress(Note(f"Computes in {compute}: {recipe.base.compute} needs a GPU that supports it."))
    model = load_model(student, recipe.base, device)
    require_modules(recipe.lora.save, (name for name, _ in model.named_modules()))
    # What decides the weights: a checkpoint is resumed only with the same.
    inputs = {
        "recipe": fingerprint(decisive_recipe(recipe)),
        "student": f"{student.source}@{student.revision}",
        "training data": rows.digest,
        "held-out data": held_out.digest,
        "number of processes": processes.num_processes,
    }
    once(lambda: checkpoints.claim(job.work, inputs))
    checkpoint = checkpoints.latest(job.work)
    if len(set(each(checkpoint.step if checkpoint is not None else None))) > 1:
        raise StoreError(f"not every machine sees the checkpoints in {job.work}: give --out a folder that all share")
    if checkpoint is not None:
        progress(Note(f"Resuming from step {checkpoint.step:,}."))

    stop_request = StopRequest()
    monitor = TrainingMonitor(progress, stop_request, job.work / checkpoints.FOLDER, checkpoint)
    early_stopping = None if recipe.training.patience is None else EarlyStopping(recipe.training.patience)
    trainer = make_trainer(job, model, tokenizer, rows, held_out, compute, monitor, early_stopping)
    if checkpoint is not None and not trainer.is_fsdp_enabled:  # a sharded checkpoint has no file of its own for LoRA
        require_plain(checkpoint)
        require_applied(trainer.model, "default", checkpoint.folder)
    if checkpoint is None or not restore_finished(trainer, checkpoint, early_stopping):
        with stop_request.listening():
            trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
    monitor.recall(trainer.state)
    if monitor.interrupted:
        raise TrainingStopped(
            f"stopped at step {trainer.state.global_step:,} of {trainer.state.max_steps:,}, which is saved:"
            " repeat the command to resume"
        )
    adapter = adapter_info(
        job, trainer, monitor, rows, held_out, student.revision, compute, _device_name(device), processes.num_processes
    )
    draft = job.work / work_dir.ADAPTER
    if processes.is_main_process:
        shutil.rmtree(draft, ignore_errors=True)
    processes.wait_for_everyone()
    trainer.save_model(str(draft))
    if processes.is_main_process:
        if (job.work / LOGS).is_dir():
            shutil.copytree(job.work / LOGS, draft / LOGS, symlinks=True)
        join_files([rows.examples, held_out.examples], draft / EXAMPLES)
        write_adapter(draft, adapter, card(adapter, job.out.name), job.out)
        work_dir.remove(job.place)
    processes.wait_for_everyone()
    return AdapterResult.of(job.out, adapter)


def _finished(out: Path) -> AdapterResult | None:
    try:
        return AdapterResult.of(out, read_adapter(out).data)
    except NotFoundError:
        if out.exists() and any(out.iterdir()):
            raise StoreError(f"{out} exists and is not an adapter: give another folder with --out") from None
        return None


@contextmanager
def _nothing_left(work: Path) -> Iterator[None]:
    """Remove a training that ended before it had a checkpoint: there is nothing to resume from."""
    try:
        yield
    except BaseException:
        if checkpoints.latest(work) is None:
            work_dir.remove(work)
        raise


@contextmanager
def _deterministic(recipe: Recipe) -> Iterator[None]:
    """Seeds, and kernels that give the same numbers every time; where a GPU has none, torch goes on without."""
    import torch
    from transformers import set_seed

    set_seed(recipe.seed)
    if not recipe.training.deterministic:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn


@contextmanager
def _plain_errors(job: Job) -> Iterator[None]:
    import torch
    from safetensors import SafetensorError

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        raise TrainingError(f"{_device_name(this_device())}: out of memory: {LEAST_MEMORY}") from None
    except RuntimeError as error:
        if "can't allocate memory" in str(error):
            raise TrainingError(f"this machine ran out of memory: {LEAST_MEMORY}") from None
        if "inline_container" not in str(error):  # torch.save on a full disk: it does not say what the disk said
            raise
        raise StoreError(f"cannot write {job.work}: the disk is full, or a limit is reached") from None
    except SafetensorError as error:
        raise StoreError(f"cannot read or write {job.work}: {error}") from None
    except OSError as error:
        raise StoreError(f"cannot read or write {job.work}: {error.strerror or error}") from None


def _free_memory() -> None:
    """Model and trainer refer to each other: without this the next training begins beside them."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _device_name(device: str) -> str:
    import torch

    return str(torch.cuda.get_device_name()) if device == "cuda" else "CPU"
