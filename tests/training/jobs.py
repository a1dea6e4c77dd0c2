"""Small trainings: a tiny student, a few short talks in which an intent follows from what is said."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

from clca.content.lookup import Content
from clca.content.prompts import TRAINING_PROMPTS, Prompts
from clca.models import ModelCatalogue
from clca.models.adapter_info import Lineage
from clca.models.load import load_model, load_tokenizer
from clca.models.messages import Chat
from clca.models.student import Student, find_student
from clca.progress import Note, Progress
from clca.records import Dialogue, Turn
from clca.training.dialogue_examples import intent_examples
from clca.training.examples import Example
from clca.training.job import Job, StepProgress
from clca.training.recipe import Recipe
from clca.training.recipe_files import load_recipe
from clca.training.split import part_of
from clca.training.training_sources import TrainingSources
from tests.dialogue_examples import scenario
from tests.training.material import IDA, JAPAN, RUTH, dialogue, labelled, write

THINGS = ("bread", "tea", "rice", "fish", "soup", "milk", "salt", "fruit", "cake", "beans")
ACTS = {
    "asks": ("Could I have some {}?", "{} asks for a favour."),
    "thanks": ("Thank you for the {}!", "{} thanks out of duty."),
    "refuses": ("The {} is not for sale.", "{} refuses without offence."),
    "leaves": ("I must go and cook the {} now.", "{} ends the talk."),
}
QUICK = (
    "lora.r=8",
    "training.batch=2",
    "training.packing=false",
    "training.steps=6",
    "training.log=[]",
    "data.held_out=0.1",
)
LINEAGE = Lineage(run="generated/japan/run", fingerprint="f" * 64, dialogues=6, sha256="0" * 64)


@cache
def tiny_student(cache_home: Path) -> Student:
    return find_student("tiny", ModelCatalogue(Content()), {"XDG_CACHE_HOME": str(cache_home)}, Content())


def recipe(*sets: str) -> Recipe:
    return load_recipe(Content(), "tiny", [*QUICK, *sets])


def talk(number: int) -> Dialogue:
    """A talk of four turns, of its own scenario; who means what follows from the line."""
    chance = Random(number)
    turns: list[Turn] = []
    for place in range(4):
        act = ("asks", "thanks", "refuses", "leaves")[chance.randrange(4)]
        speaker = (RUTH, IDA)[place % 2]
        line, intent = ACTS[act]
        turns.append(labelled(speaker, line.format(chance.choice(THINGS)), intent.format(speaker.split()[0])))
    return dialogue(tuple(turns), id=f"japan-talk-{number}-1", scenario=scenario(id=f"talk-{number}"))


def job(student: Student, folder: Path, *sets: str, talks: int = 10, name: str = "adapter") -> Job:
    """A job whose adapter comes to `folder/adapters/japan/<name>`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = write(folder / "dialogues.jsonl", [talk(number) for number in range(talks)])
    wanted = recipe(*sets)
    material = TrainingSources((JAPAN,), (file,), Content(), wanted.data, wanted.seed)
    return Job(wanted, student, material, (LINEAGE,), folder / "adapters" / "japan" / name, True)


def elsewhere(one: Job, name: str) -> Job:
    """The same job, for another folder."""
    return replace(one, out=one.out.with_name(name))


def held_out_talks(count: int, share: float) -> list[Dialogue]:
    """The talks of which no job of that many and that share has learned."""
    talks = map(talk, range(count))
    return [one for one in talks if part_of(one.scenario.id, share, 42) == "held-out"]


def labels_intents(student: Student, adapter: Path, talks: list[Dialogue]) -> tuple[int, int]:
    """How many intents the student names word for word, with its adapter, and of how many."""
    import torch
    from peft import PeftModel

    tokenizer = load_tokenizer(student)
    model = PeftModel.from_pretrained(load_model(student, recipe().base, "cpu"), str(adapter)).eval()
    prompts = Prompts.load(Content(), TRAINING_PROMPTS)
    answers = []
    for one in talks:
        (example,) = intent_examples(one, JAPAN, prompts)
        assert isinstance(example, Example)
        assert isinstance(example.body, Chat)
        messages = [{"role": role, "content": content} for role, content in example.body.messages]
        for place in range(2, len(messages), 2):
            prompt = tokenizer.apply_chat_template(messages[:place], add_generation_prompt=True, return_tensors="pt")
            with torch.no_grad():
                said = model.generate(**prompt, max_new_tokens=24, do_sample=False)[0, prompt["input_ids"].shape[1] :]
            answers.append(tokenizer.decode(said, skip_special_tokens=True).strip() == messages[place]["content"])
    return sum(answers), len(answers)


class Screen:
    """Keeps what is told; `then` is called with each progress."""

    def __init__(self, then: Callable[[StepProgress], None] | None = None) -> None:
        self.notes: list[str] = []
        self.progress: list[StepProgress] = []
        self._then = then

    def __call__(self, told: Note | Progress) -> None:
        if isinstance(told, Note):
            self.notes.append(told.text)
            return
        assert isinstance(told, StepProgress)
        self.progress.append(told)
        if self._then is not None:
            self._then(told)


def signalled(at: int, number: signal.Signals = signal.SIGINT) -> Screen:
    """A screen on which the user stops the training, once, while a step is made after step `at`."""
    left = [at]

    def stop(told: StepProgress) -> None:
        if told.done in left:
            left.clear()
            os.kill(os.getpid(), number)

    return Screen(stop)


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def one_thread() -> None:
    import torch

    os.environ["OMP_NUM_THREADS"] = "1"  # of processes that a test starts
    torch.set_num_threads(1)
