"""Adapters on the tiny student that have learned by heart what to answer to some prompts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from clca.content.lookup import Content
from clca.evaluation.offense.suite import load_offense_suite
from clca.models.adapter import CONFIG, FILE
from clca.models.load import load_model, load_tokenizer
from clca.models.student import Student
from tests.training import jobs

STEPS, RATE = 20, 1e-2
OFFENSE = "offensive_detect_finegrained"
TEXTS = ("The bus is late.", "You drive like a clown.", "Soup!", "What a fine day it was, they all said")
ALWAYS = {"ara": "1", "germany": "2", "turkey": "3"}
"""What the adapter of each culture answers, to whatever text it is asked to label."""


def offense_adapters(student: Student, shared: Path, folder: Path) -> None:
    """Copies to `folder`/<culture>/always of the adapters `ALWAYS`, which are taught once, in the folder `shared`."""
    task = load_offense_suite(Content()).type(OFFENSE)
    with FileLock(shared / "always.lock"):
        for culture, number in ALWAYS.items():
            if not (shared / "always" / culture).exists():
                answers = {task.prompt(text): number for text in TEXTS}
                teach(student, answers, shared / "draft" / culture, [culture])
                (shared / "always").mkdir(exist_ok=True)
                (shared / "draft" / culture).rename(shared / "always" / culture)
    for culture in ALWAYS:
        shutil.copytree(shared / "always" / culture, folder / culture / "always")


PARTS = ("train", "held_out")


def teach(student: Student, answers: Mapping[str, str], folder: Path, cultures: Sequence[str], **more: Any) -> Path:
    """A finished adapter at `folder` that writes these answers after these prompts, and then ends."""
    import torch
    from peft import LoraConfig, get_peft_model

    jobs.one_thread()
    torch.manual_seed(0)
    tokenizer = load_tokenizer(student)
    config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", lora_dropout=0.0)
    model = get_peft_model(load_model(student, jobs.recipe("base.bits=16").base, "cpu"), config).train()
    begin = [tokenizer.bos_token_id] if tokenizer.bos_token_id is not None else []
    rows = []
    for prompt, answer in answers.items():
        asked = begin + tokenizer(prompt, add_special_tokens=False)["input_ids"]
        said = tokenizer(f"{prompt} {answer}", add_special_tokens=False)["input_ids"]
        rows.append((len(asked), [*begin, *said, tokenizer.eos_token_id]))
    longest = max(len(ids) for _, ids in rows)
    ids = torch.tensor([[*one, *[0] * (longest - len(one))] for _, one in rows])
    mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for _, one in rows])
    labels = torch.full_like(ids, -100)
    for row, (before, one) in enumerate(rows):
        labels[row, before : len(one)] = ids[row, before : len(one)]
    optimiser = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=RATE, weight_decay=0.0)
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    assert loss.item() < 0.2, f"the adapter has not learned its answers (loss {loss.item():.3f})"
    model.save_pretrained(folder)
    sign(student, folder, cultures, **more)
    return folder


def sign(student: Student, folder: Path, cultures: Sequence[str], **more: Any) -> None:
    """Put the `adapter.json` of `clca train` beside PEFT's files."""
    said = {
        "created": "2026-01-01T00:00:00+00:00",
        "cultures": list(cultures),
        "rehearsal": True,
        "because": ["the student is tiny"],
        "student": {"name": student.name, "source": Path(student.source).name, "revision": None, "tiny": True},
        "recipe": {"name": "tiny", "data": {"mix": "wvs"}, "base": {"bits": 16}, "lora": {"r": 16, "alpha": 32}},
        "recipe_sha256": "0",
        "lineage": [],
        **{part: {"rows": {}, "tokens": {}, "trained": {}, "cut": {}, "dropped": {}, "sha256": "0"} for part in PARTS},
        **dict.fromkeys(("examples", "rows", "steps", "loss", "seconds", "tokens_per_second", "processes"), 1),
        **dict.fromkeys(("eval_loss", "best_step")),
        "content": {},
        "losses": [],
        "device": "cpu",
        "compute": "fp32",
        "versions": {},
        **more,
    }
    (folder / FILE).write_text(json.dumps(said))
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**config, "base_model_name_or_path": student.source}))
