"""`python labelling.py compare TEXTS` and `python labelling.py stream TEXTS`: labels for texts.

Ten adapters answer ten test sets of so many texts each, in free-form replies of 25 tokens at most, asked and read as
`clca eval-offense` does. The student is made here: a Llama of 119 million random weights in float32 with the tiny
student's tokenizer, and ten LoRA adapters of rank 16 on all its linear layers, as random. `labelling_student.arrange`
arranges what it writes. Both sides get the same prompts, on one thread, and the same reader reads their replies. The
other side is the loop of *From Surveys to Narratives*, listing D.1: one adapter after another, one prompt at a time,
the end token the only stop; as its pace is the same for all texts, it gets only some.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from random import Random
from resource import RUSAGE_SELF, getrusage
from typing import Any

import torch
from labelling_student import NAMES, SHAPE, SMALL, arrange, make_model  # beside this script

from clca.content.lookup import Content
from clca.evaluation.classification.request_group import ExampleRequestGroup, System, request_groups
from clca.evaluation.classification.task import Example
from clca.evaluation.offense.answer_extraction import LabelReader
from clca.evaluation.offense.suite import Scoring, TaskType, load_offense_suite
from clca.inference.hf_model import HfModel
from clca.inference.prompt_format import TextFormat
from clca.inference.requests import Answer
from clca.inference.tokenization import Tokens
from clca.models import ModelCatalogue
from clca.models.load import load_tokenizer
from clca.models.student import find_student

TYPES = (  # of the test sets; all have answers 1 and 2
    *("offensive_detect", "abusive_detect", "hate_detect", "vulgar_detect_mp", "spam_detect", "hate_off_detect"),
    *("hate_detect_fine-grained", "offensive_detect_finegrained", "offensive_detect", "hate_detect"),
)
RUNS: tuple[tuple[str, Scoring, int], ...] = (  # a habit, how it is read, and how many adapters are asked
    ("next", "corrected", 10),
    ("on", "corrected", 4),
    ("on", "paper", 2),
    ("never", "corrected", 2),
    ("ends", "corrected", 2),
)
REPLY = 25  # tokens
COMPARED = 20  # prompts of each run that the loop gets
TALK = (
    "you people never the game last night was such a joke and they still think nobody will say it @user why would"
    " anyone watch this rubbish again tomorrow my sister loves them but honestly who cares go home please so good"
)


class Made:
    """A test set of made-up texts of 12 to 61 words."""

    culture = ""

    def __init__(self, number: int, task_type: TaskType, scoring: Scoring, count: int) -> None:
        self._number, self._type, self._reader = number, task_type, LabelReader(task_type, scoring)
        self.name, self.count = f"{number}/{task_type.id}", count
        self.labels, self.answers = task_type.labels_under(scoring), task_type.numbers

    def system_prompt(self, system: str) -> str:
        return ""

    def examples(self, row: str) -> Iterator[Example]:
        return (Example(str(one), self.prompt(Random(f"{self._number} {one}")), "") for one in range(self.count))

    def prompt(self, chance: Random) -> str:
        words = TALK.split()
        return self._type.prompt(" ".join(chance.choice(words) for _ in range(chance.randrange(12, 62))))

    def read(self, reply: str, given: Sequence[str] = ()) -> str | None:
        return self._reader.read(reply, given)

    def stop_condition(self, text: str, given: Sequence[str] = ()) -> bool:
        return self._reader.stop_condition(text, given)


Sets = dict[str, Made]


def make_sets(count: int, scoring: Scoring) -> Sets:
    types = load_offense_suite(Content()).types
    made = (Made(number, types[name], scoring, count) for number, name in enumerate(TYPES))
    return {one.name: one for one in made}


def asked(sets: Sets, adapters: int) -> Iterator[ExampleRequestGroup]:
    rows = [System(name, name) for name in NAMES[:adapters]]
    return request_groups(sets.values(), rows, lambda key: True)


# ------------------------------------------------------------ the two sides

Replies = dict[tuple[str, str, str], str]
"""By adapter, test set and text."""


def by_clca(model: Any, tokenizer: Any, sets: Sets, adapters: int) -> tuple[float, Replies]:
    found: Replies = {}

    def take(group: ExampleRequestGroup, answers: Sequence[Answer]) -> None:
        for one, answer in zip(group.questions, answers, strict=True):
            found[group.row, group.task, one.id] = answer.reply or ""

    predictor = HfModel(
        model,
        tokenizer,
        TextFormat(),
        "generate",
        adapters={name: name for name in NAMES},
        max_new_tokens=REPLY,
        stop_condition=lambda group, question, text: sets[group.task].stop_condition(text, question.given),
    )
    started = time.process_time()
    predictor.predict(asked(sets, adapters), take)
    return time.process_time() - started, found


def by_loop(model: Any, tokenizer: Any, sets: Sets, adapters: int) -> tuple[float, Replies]:
    """Listing D.1, on a CPU."""
    tokens, found = Tokens(tokenizer, TextFormat()), Replies()
    prompts = [
        ((row, name, one.id), tokens.ids(one.text))
        for row in NAMES[:adapters]
        for name, made in sets.items()
        for one in made.examples(row)
    ]
    started = time.process_time()
    for key, ids in prompts[:: max(1, len(prompts) // COMPARED) | 1]:
        model.set_adapter(key[0])
        given = torch.tensor([ids])
        with torch.no_grad():
            output = model.generate(
                input_ids=given,
                attention_mask=torch.ones_like(given),
                max_new_tokens=REPLY,
                num_beams=1,
                do_sample=False,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.eos_token_id,
            )
        found[key] = tokenizer.decode(output[0, len(ids) :], skip_special_tokens=True)
    return time.process_time() - started, found


def full_pass(model: Any, rows: int = 16, width: int = 64) -> float:
    """Tokens a CPU second of a pass of one adapter, the better of two."""
    ids = torch.randint(3, 1000, (rows, width))
    model.set_adapter(NAMES[0])
    seconds = []
    for _ in range(2):
        started = time.process_time()
        with torch.inference_mode():
            model(input_ids=ids, logits_to_keep=1)
        seconds.append(time.process_time() - started)
    return rows * width / min(seconds)


def compare(model: Any, tokenizer: Any, count: int) -> dict[str, Any]:
    runs, peak, tokens = [], 0, Tokens(tokenizer, TextFormat())
    for habit, scoring, adapters in RUNS:
        sets = make_sets(count, scoring)
        tests = list(sets.values())
        texts = [tests[number % len(tests)].prompt(Random(-1 - number)) for number in range(40)]
        arrange(model, tokenizer, texts, habit)
        seconds, found = by_clca(model, tokenizer, sets, adapters)
        peak = max(peak, getrusage(RUSAGE_SELF).ru_maxrss)
        theirs, expected = by_loop(model, tokenizer, sets, adapters)
        read = {key: sets[key[1]].read(reply) for key, reply in found.items()}
        written = [len(tokenizer(reply, add_special_tokens=False)["input_ids"]) for reply in found.values()]
        runs.append(
            {
                "habit": habit,
                "scoring": scoring,
                "adapters": adapters,
                "pace": len(found) / seconds,
                "loop": len(expected) / theirs,
                "prompts": len(found),
                "compared": len(expected),
                "equal": sum(read[key] == sets[key[1]].read(reply) for key, reply in expected.items()),
                "unread": sum(one is None for one in read.values()) / len(read),
                "labels": len(set(read.values()) - {None}),
                "written": sum(written) / len(written),
            }
        )
        print(json.dumps(runs[-1]), flush=True)
    lengths = [len(one.ids) for group in asked(make_sets(count, "corrected"), 1) for one in tokens.prompts(group)]
    parameters = sum(weights.numel() for name, weights in model.named_parameters() if "lora_" not in name)
    return {
        "runs": runs,
        "tokens": sum(lengths) / len(lengths),
        "full_pass": full_pass(model),
        "peak": peak / 1024,
        "parameters": parameters,
    }


def stream(tokenizer: Any, count: int) -> dict[str, Any]:
    """As many texts to a small student, from a generator."""
    model, seen = make_model(tokenizer, SMALL), 0

    def take(group: ExampleRequestGroup, answers: Sequence[Answer]) -> None:
        nonlocal seen
        seen += len(answers)

    predictor = HfModel(
        model, tokenizer, TextFormat(), "generate", adapters={name: name for name in NAMES}, max_new_tokens=2
    )
    predictor.predict(asked(make_sets(count // len(TYPES), "corrected"), 1), take)
    return {"texts": seen}


def main(what: str, count: int) -> None:
    torch.set_num_threads(1)
    content = Content()
    tokenizer = load_tokenizer(find_student("tiny", ModelCatalogue(content), os.environ, content))
    if what == "stream":
        print(json.dumps(stream(tokenizer, count)))
    else:
        print(json.dumps(compare(make_model(tokenizer, SHAPE), tokenizer, count)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
