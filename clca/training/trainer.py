"""An adapter trained: rows through TRL's `SFTTrainer` and PEFT, checkpointed, resumable to the same weights.

Heavy: importing this module loads torch, transformers, TRL and PEFT.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from peft import LoraConfig
from transformers import PrinterCallback, set_seed
from trl import SFTConfig, SFTTrainer

from clca.errors import NotFoundError, SettingsError, StoreError
from clca.training import checkpoints
from clca.training.adapter import LOGS, Adapter, Base, Counts, Point, read_adapter, seal
from clca.training.encode import Encoder
from clca.training.job import Job, Note, Tell, Trained, TrainingError, TrainingStopped
from clca.training.quiet import quiet
from clca.training.recipe import Recipe
from clca.training.rows import Rows, write_rows
from clca.training.student import Compute, compute_type, load_model, load_tokenizer, this_device
from clca.training.watch import Patience, Watch, Wish

LIBRARIES = ("torch", "transformers", "trl", "peft", "bitsandbytes", "accelerate", "datasets")
SCHEDULES = {"constant": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}
OPTIMISERS = {"adamw_8bit": "adamw_8bit", "adamw": "adamw_torch"}
PARTS = 10  # a training is evaluated and saved so many times...
APART = 200  # ...or after so many steps, whichever comes first
LEAST_MEMORY = "lower training.batch and raise training.accumulation, lower data.max_length, or --set base.bits=4"


def train(job: Job, tell: Tell, *, resume: bool = True) -> Trained:
    """Train a job's adapter, from its last whole checkpoint if there is one; a finished one is returned as it is.

    With `resume=False` everything begins again, and what is there is replaced at the end. Raises
    one-line `ClcaError`s; `TrainingStopped` when the user stops it, after a checkpoint.
    """
    _require_loggers(job.recipe)
    main = PartialState().is_main_process
    if resume:
        try:
            return _as_trained(job.out, read_adapter(job.out).data)
        except NotFoundError:
            if job.out.exists() and any(job.out.iterdir()):
                raise StoreError(f"{job.out} is there, and is no adapter: give another folder with --out") from None
    with quiet(), _claimed(job.work) if main else _nothing(), _deterministic(job.recipe), _plain_errors(job):
        if main:
            if not resume:
                shutil.rmtree(job.work / checkpoints.FOLDER, ignore_errors=True)
                shutil.rmtree(job.work / LOGS, ignore_errors=True)
            checkpoints.drop_halves(job.work)
        return _train(job, tell if main else _silent)


def _train(job: Job, tell: Tell) -> Trained:
    recipe, processes = job.recipe, PartialState()
    tokenizer = load_tokenizer(job.student)
    encoder = Encoder(tokenizer, recipe.data.max_length, recipe.data.text_loss)
    rows = write_rows(job.material, "train", encoder, job.work / "rows")
    held_out = write_rows(job.material, "held-out", encoder, job.work / "rows")
    if recipe.training.patience is not None and not len(held_out.dataset):
        raise SettingsError("training.patience needs held-out examples, and the split left none: raise data.held_out")
    device = this_device()
    compute = compute_type(recipe.base, device)
    if compute != recipe.base.compute:
        tell(Note(f"Computing in {compute}: this {_device_name(device)} has no {recipe.base.compute}."))
    model = load_model(job.student, recipe.base, device)
    revision = getattr(model.config, "_commit_hash", None) or job.student.revision
    if processes.is_main_process:
        checkpoints.claim(job.work, _inputs(job, rows, held_out, revision, processes.num_processes))
    processes.wait_for_everyone()
    found = checkpoints.latest(job.work)
    if found is not None:
        tell(Note(f"Going on from step {found.step:,}."))

    wish = Wish()
    watch = Watch(tell, wish, job.work / checkpoints.FOLDER, found.seconds if found else 0.0)
    patience = None if recipe.training.patience is None else Patience(recipe.training.patience)
    trainer = _trainer(job, model, tokenizer, rows, held_out, compute, watch, patience)
    with wish.heard():
        trainer.train(resume_from_checkpoint=str(found.folder) if found else None)
    if watch.interrupted:
        raise TrainingStopped(
            f"stopped at step {trainer.state.global_step:,} of {trainer.state.max_steps:,}, which is saved:"
            " the same command goes on from there"
        )
    adapter = _describe(job, trainer, watch, rows, held_out, revision, compute, device)
    draft = job.work / "adapter"
    if processes.is_main_process:
        shutil.rmtree(draft, ignore_errors=True)
    processes.wait_for_everyone()
    trainer.save_model(str(draft))
    if processes.is_main_process:
        if (job.work / LOGS).is_dir():
            shutil.copytree(job.work / LOGS, draft / LOGS)
        seal(draft, adapter, job.out)
        shutil.rmtree(job.work, ignore_errors=True)
    processes.wait_for_everyone()
    return _as_trained(job.out, adapter)


def _trainer(
    job: Job,
    model: Any,
    tokenizer: Any,
    rows: Rows,
    held_out: Rows,
    compute: Compute,
    watch: Watch,
    patience: Patience | None,
) -> Any:
    recipe, lora, wanted = job.recipe, job.recipe.lora, job.recipe.training
    evaluated = bool(len(held_out.dataset))
    cpu = this_device() == "cpu"
    settings = SFTConfig(
        output_dir=str(job.work / checkpoints.FOLDER),
        use_cpu=cpu,
        bf16=compute == "bf16",
        fp16=False,
        seed=recipe.seed,
        data_seed=recipe.seed,
        learning_rate=wanted.learning_rate,
        lr_scheduler_type=SCHEDULES[wanted.schedule],
        warmup_steps=wanted.warmup,
        per_device_train_batch_size=wanted.batch,
        per_device_eval_batch_size=wanted.batch,
        gradient_accumulation_steps=wanted.accumulation,
        num_train_epochs=wanted.epochs,
        max_steps=wanted.steps or -1,
        optim=OPTIMISERS[wanted.optimizer],
        weight_decay=wanted.weight_decay,
        gradient_checkpointing=wanted.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        packing=wanted.packing,
        max_length=recipe.data.max_length if wanted.packing else None,  # rows are cut to it already
        eval_strategy="steps" if evaluated else "no",
        save_strategy="steps",
        eval_steps=1,  # how many is known once the rows are packed
        save_steps=1,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        load_best_model_at_end=patience is not None,
        metric_for_best_model="eval_loss" if patience else None,
        greater_is_better=False if patience else None,
        save_total_limit=2,
        prediction_loss_only=True,
        dataloader_pin_memory=not cpu,
        report_to=[name for name in wanted.log if name != "tensorboard"],
        run_name=f"{job.out.parent.name}/{job.out.name}",
        disable_tqdm=True,
    )
    alpha = int(lora.alpha) if lora.alpha == int(lora.alpha) else lora.alpha  # vLLM takes a whole number only
    try:
        trainer = SFTTrainer(
            model=model,
            args=settings,
            train_dataset=rows.dataset,
            eval_dataset=held_out.dataset if evaluated else None,
            processing_class=tokenizer,
            peft_config=LoraConfig(
                r=lora.r,
                lora_alpha=alpha,
                lora_dropout=lora.dropout,
                target_modules=list(lora.targets),
                task_type="CAUSAL_LM",
            ),
            callbacks=[one for one in (patience, watch, _tensorboard(job)) if one is not None],
        )
    except ValueError as error:
        if "arget modules" not in str(error):
            raise
        raise SettingsError(f"lora.targets: {job.student.name} has no layer of {', '.join(lora.targets)}") from None
    trainer.remove_callback(PrinterCallback)
    if not trainer.is_fsdp_enabled:
        # TRL makes them bf16, a resume reads them as fp32: in fp32 throughout, both go the same way.
        for parameter in trainer.model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    steps = trainer.set_initial_training_values(settings, trainer.get_train_dataloader())[-1]
    apart = min(APART, math.ceil(steps / PARTS))
    trainer.args.eval_steps = trainer.args.save_steps = apart
    trainer.args.logging_steps = min(10, math.ceil(steps / 100))
    return trainer


def _tensorboard(job: Job) -> Any:
    if "tensorboard" not in job.recipe.training.log or not PartialState().is_main_process:
        return None
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    return TensorBoardCallback(SummaryWriter(str(job.work / LOGS)))


def _require_loggers(recipe: Recipe) -> None:
    for name in recipe.training.log:
        if importlib.util.find_spec(name) is None:
            raise SettingsError(
                f"training.log names {name}, which is not installed: `pip install {name}`, or leave it out"
            )


def _inputs(job: Job, rows: Rows, held_out: Rows, revision: str | None, processes: int) -> dict[str, Any]:
    """What the weights follow from: checkpoints are gone on from only with the same."""
    return {
        "recipe": _sha256(job.recipe.resolved()),
        "student": f"{job.student.source}@{revision}",
        "training data": rows.digest,
        "held-out data": held_out.digest,
        "number of processes": processes,
    }


def _describe(
    job: Job,
    trainer: Any,
    watch: Watch,
    rows: Rows,
    held_out: Rows,
    revision: str | None,
    compute: Compute,
    device: str,
) -> Adapter:
    student, recipe, state = job.student, job.recipe.resolved(), trainer.state
    because = ["the student is tiny"] if student.tiny else []
    because += ["it learned from the rehearsal teacher's dialogues"] if job.rehearsed else []
    best = state.best_global_step if trainer.args.load_best_model_at_end else None
    at_best = [one["eval_loss"] for one in state.log_history if one.get("step") == best and "eval_loss" in one]
    if watch.loss is None:
        raise TrainingError("no step was made: there are fewer rows than processes")
    return Adapter(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        cultures=tuple(culture.id for culture in job.material.cultures),
        rehearsal=bool(because),
        because=tuple(because),
        student=Base(name=student.name, source=student.source, revision=revision, tiny=student.tiny),
        recipe=recipe,
        recipe_sha256=_sha256(recipe),
        lineage=job.lineage,
        train=_counts(rows),
        held_out=_counts(held_out),
        content={path: used.digest for path, used in sorted(job.material.content.used.items())},
        examples=rows.tally.rows.total(),
        rows=len(trainer.train_dataset),
        steps=state.global_step,
        loss=watch.loss,
        eval_loss=at_best[-1] if at_best else watch.eval_loss,
        losses=tuple(_points(state.log_history)),
        best_step=best or None,
        seconds=round(watch.seconds, 3),
        tokens_per_second=round(watch.tokens / watch.stepping, 1) if watch.stepping else 0.0,
        device=_device_name(device),
        processes=PartialState().num_processes,
        compute=compute,
        versions={name: importlib.metadata.version(name) for name in ("clca", *LIBRARIES)},
    )


def _counts(rows: Rows) -> Counts:
    tally = rows.tally
    return Counts(
        rows=dict(tally.rows),
        tokens=dict(tally.tokens),
        trained=dict(tally.trained),
        cut=dict(tally.cut),
        dropped=dict(tally.dropped),
        sha256=rows.digest,
    )


def _points(history: list[dict[str, Any]]) -> Iterator[Point]:
    for entry in history:
        if "loss" in entry or "eval_loss" in entry:
            yield Point(step=entry["step"], loss=entry.get("loss"), eval_loss=entry.get("eval_loss"))


def _as_trained(out: Path, adapter: Adapter) -> Trained:
    return Trained(
        out,
        adapter.examples,
        adapter.rows,
        adapter.steps,
        adapter.loss,
        adapter.eval_loss,
        adapter.seconds,
        adapter.tokens_per_second,
    )


@contextmanager
def _claimed(work: Path) -> Iterator[None]:
    """Keep a second process from training the same adapter."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = (work / "lock").open("w")
    except OSError as error:
        raise StoreError(f"cannot write {work}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(f"another process is training in {work}: wait for it, or stop it") from None
        yield


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _deterministic(recipe: Recipe) -> Iterator[None]:
    """Seeds, and kernels that give the same numbers every time, where torch has such."""
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
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError):
        raise TrainingError(f"the {_device_name(this_device())} ran out of memory: {LEAST_MEMORY}") from None
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        raise TrainingError(f"this machine ran out of memory: {LEAST_MEMORY}") from None
    except OSError as error:
        raise StoreError(f"cannot write {job.work}: {error.strerror or error}") from None


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else "CPU"


def _sha256(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _silent(_: object) -> None:
    pass
