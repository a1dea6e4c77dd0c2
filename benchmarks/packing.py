"""`python packing.py DIALOGUES`: the same rows trained padded and packed, and what packing mixes up.

The student is made here: one layer of a Llama with random weights and the tiny student's tokenizer, wide enough that
the layer, not the scores of attention, takes most of the time, as in real ones.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM
from trl.data_utils import pack_dataset
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from clca.content.lookup import Content
from clca.models import ModelCatalogue
from clca.models.load import load_tokenizer
from clca.models.student import Student, find_student
from clca.progress import Progress
from clca.training.dataset import write_rows
from clca.training.job import Job
from clca.training.recipe import Recipe
from clca.training.tokenization import Encoder
from clca.training.trainer import train
from clca.training.training_sources import CultureRef, TrainingSources

LENGTH = 2048
PADDED = 16  # rows in a batch; those of S2N are of 32
PACKED = 6  # rows to a step, about as many tokens; one at a time, since TRL lays the rows of a batch end to end


class Clock:
    """CPU seconds from the beginning of the first step to the last; other work on the machine does not count."""

    def __init__(self) -> None:
        self._told: list[float] = []

    def tell(self, said: object) -> None:
        if isinstance(said, Progress):
            self._told.append(time.process_time())

    @property
    def seconds(self) -> float:
        return self._told[-1] - self._told[0]


def make_student(folder: Path, content: Content) -> Student:
    tokenizer = load_tokenizer(find_student("tiny", ModelCatalogue(content), os.environ, content))
    torch.manual_seed(42)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=1536,
        intermediate_size=5376,
        num_hidden_layers=1,
        num_attention_heads=12,
        max_position_embeddings=4096,
        initializer_range=0.05,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Student("bench", str(folder), None, True, None)


def recipe(*, packing: bool) -> Recipe:
    training: dict[str, Any] = {"batch": 1 if packing else PADDED, "accumulation": PACKED if packing else 1}
    training |= {"epochs": 1, "packing": packing, "log": []}
    base = {"bits": 16, "compute": "fp32"}
    data = {"held_out": 0.0, "max_length": LENGTH}
    groups = {"data": data, "base": base, "training": training, "lora": {"r": 16, "dropout": 0.0}}
    return Recipe.model_validate({"name": "packing", "summary": "packing", "student": "bench", **groups})


def contamination(student: Student, rows: Any) -> float:
    """The largest difference of a log-probability of a token, in a packed row against alone."""
    model = LlamaForCausalLM.from_pretrained(student.source, use_cache=False).eval()  # as in training
    row = pack_dataset(rows, LENGTH, "bfd")[0]
    batch = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)([row])
    worst, start = 0.0, 0
    with torch.no_grad():
        packed = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"]).logits[0].log_softmax(-1)
        for length in row["seq_lengths"]:
            alone = model(input_ids=batch["input_ids"][:, start : start + length]).logits[0].log_softmax(-1)
            worst = max(worst, float((packed[start : start + length] - alone).abs().max()))
            start += length
    assert len(row["seq_lengths"]) > 1
    return worst


def main(source: Path) -> None:
    torch.set_num_threads(1)
    content = Content()
    with tempfile.TemporaryDirectory(prefix="clca-packing-") as place:
        folder = Path(place)
        student = make_student(folder / "student", content)
        chosen = recipe(packing=False)
        material = TrainingSources((CultureRef("japan", "Japan"),), (source,), content, chosen.data, chosen.seed)
        job = Job(chosen, student, material, (), folder / "padded", True)
        found = {}
        for name, packing in (("padded", False), ("packed", True)):
            one = replace(job, recipe=recipe(packing=packing), out=folder / name)
            clock = Clock()
            trained = train(one, clock.tell)
            found[name] = {"seconds": clock.seconds, "rows": trained.rows}
        rows = write_rows(material, "train", Encoder(load_tokenizer(student), LENGTH), folder / "rows")
        print(
            json.dumps(
                {**found, "trained": rows.counts.trained.total(), "contamination": contamination(student, rows.dataset)}
            )
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
