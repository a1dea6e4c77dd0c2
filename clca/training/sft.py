"""TRL's `SFTTrainer` with the settings of a recipe. Importing this module loads torch and TRL."""

from __future__ import annotations

import math
import os
from typing import Any

from accelerate import PartialState
from peft import LoraConfig, load_peft_weights, set_peft_model_state_dict
from transformers import PrinterCallback, TrainerState
from trl import SFTConfig

from clca.errors import SettingsError
from clca.models.adapter import LOGS
from clca.models.adapter_weights import require_applied
from clca.models.load import this_device
from clca.models.quantization import Compute
from clca.training import checkpoints
from clca.training.callbacks import EarlyStopping, TrainingMonitor
from clca.training.checkpoints import Checkpoint
from clca.training.dataset import Rows
from clca.training.job import Job
from clca.training.recipe import Lora
from clca.training.resuming import ResumingTrainer, readable

SCHEDULES = {"constant": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}
OPTIMISERS = {"adamw_8bit": "adamw_8bit", "adamw": "adamw_torch"}
EVALUATIONS = 5  # a training is evaluated and saved this many times...
MAX_INTERVAL = 200  # ...or after this many steps, whichever comes first


def make_trainer(
    job: Job,
    model: Any,
    tokenizer: Any,
    rows: Rows,
    held_out: Rows,
    compute: Compute,
    monitor: TrainingMonitor,
    early_stopping: EarlyStopping | None,
) -> Any:
    """A trainer for a job, with its rows, callbacks and LoRA.

    Raises `SettingsError` for LoRA targets that the student lacks.
    """
    if "wandb" in job.recipe.training.log:
        # It would have git look at the working directory, whose `.git` may name programs for git to run.
        os.environ.setdefault("WANDB_DISABLE_GIT", "true")
    evaluated = bool(len(held_out.dataset))
    settings = _settings(job, compute, evaluated=evaluated, best=early_stopping is not None)
    try:
        trainer = ResumingTrainer(
            model=model,
            args=settings,
            train_dataset=rows.dataset,
            eval_dataset=held_out.dataset if evaluated else None,
            processing_class=tokenizer,
            peft_config=_lora(job.recipe.lora),
            callbacks=[callback for callback in (early_stopping, monitor, _tensorboard(job)) if callback is not None],
        )
    except ValueError as error:
        if "arget modules" not in str(error):
            raise
        layers = ", ".join(job.recipe.lora.targets)
        raise SettingsError(f"lora.targets: {job.student.name} has no layer of {layers}") from None
    trainer.remove_callback(PrinterCallback)
    if not trainer.is_fsdp_enabled:
        # TRL makes them bf16, a resume reads them as fp32: in fp32 throughout, both go the same way.
        for parameter in trainer.model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    steps = trainer.set_initial_training_values(settings, trainer.get_train_dataloader())[-1]
    interval = min(MAX_INTERVAL, math.ceil(steps / EVALUATIONS))
    trainer.args.eval_steps = trainer.args.save_steps = interval
    trainer.args.logging_steps = min(10, math.ceil(steps / 20))
    return trainer


def _settings(job: Job, compute: Compute, *, evaluated: bool, best: bool) -> Any:
    """The arguments of the trainer; with `best` the weights of the lowest held-out loss are kept."""
    recipe, training = job.recipe, job.recipe.training
    cpu = this_device() == "cpu"
    settings = SFTConfig(
        output_dir=str(job.work / checkpoints.FOLDER),
        use_cpu=cpu,
        bf16=compute == "bf16",
        fp16=False,
        seed=recipe.seed,
        data_seed=recipe.seed,
        learning_rate=training.learning_rate,
        lr_scheduler_type=SCHEDULES[training.schedule],
        warmup_steps=training.warmup,
        per_device_train_batch_size=training.batch,
        per_device_eval_batch_size=training.batch,
        gradient_accumulation_steps=training.accumulation,
        num_train_epochs=training.epochs,
        max_steps=training.steps or -1,
        optim=OPTIMISERS[training.optimizer],
        weight_decay=training.weight_decay,
        max_grad_norm=training.max_grad_norm,
        gradient_checkpointing=training.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        packing=training.packing,
        max_length=recipe.data.max_length if training.packing else None,  # rows are cut to it already
        eval_strategy="steps" if evaluated else "no",
        save_strategy="steps",
        eval_steps=1,  # how many is known once the rows are packed
        save_steps=1,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        load_best_model_at_end=best,
        metric_for_best_model="eval_loss" if best else None,
        greater_is_better=False if best else None,
        save_total_limit=2,
        prediction_loss_only=True,
        dataloader_pin_memory=not cpu,
        report_to=[name for name in training.log if name != "tensorboard"],
        run_name=f"{job.out.parent.name}/{job.out.name}",
        disable_tqdm=True,
    )
    if settings.n_gpu > 1:
        settings._n_gpu = 1  # a process takes one GPU: TRL refuses to spread a batch over all that it sees
    return settings


def _lora(lora: Lora) -> LoraConfig:
    return LoraConfig(
        r=lora.r,
        lora_alpha=int(lora.alpha) if lora.alpha == int(lora.alpha) else lora.alpha,  # vLLM takes whole numbers only
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        modules_to_save=list(lora.save) or None,
        task_type="CAUSAL_LM",
    )


def restore_finished(trainer: Any, checkpoint: Checkpoint, early_stopping: EarlyStopping | None) -> bool:
    """Whether a checkpoint is the last of its training; if so, its state and weights are loaded.

    `Trainer` itself would make one more step.
    """
    state = TrainerState.load_from_json(str(checkpoint.folder / "trainer_state.json"))
    if checkpoint.step < state.max_steps and not (early_stopping is not None and early_stopping.ended(state)):
        return False
    trainer.state = state
    best = state.best_global_step if trainer.args.load_best_model_at_end else None
    folder = checkpoints.folder_of(best or checkpoint.step, checkpoint.folder.parent)
    with readable(folder):
        weights = load_peft_weights(str(folder), device=str(trainer.model.device))
        set_peft_model_state_dict(trainer.model, weights)
    require_applied(trainer.model, "default", folder)
    return True


def _tensorboard(job: Job) -> Any:
    if "tensorboard" not in job.recipe.training.log or not PartialState().is_main_process:
        return None
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    return TensorBoardCallback(SummaryWriter(str(job.work / LOGS)))
