"""`python labelling.py compare TEXTS EVERY` and `python labelling.py stream TEXTS`: labels for texts.

Ten adapters answer ten test sets each of so many texts, in free-form replies of 25 tokens at most. The student is made
here: a Llama of 119 million random weights in float32 with the tiny student's tokenizer, and ten LoRA adapters of rank
16 on all its linear layers, as random. What it writes is arranged so that it takes the time that a student takes: see
`arrange`. Both sides get the same prompts, on one thread. The other side is the loop of *From Surveys to Narratives*,
listing D.1: one adapter after another, one prompt at a time, the end token the only stop; as its pace is the same for
all texts, it gets only one of EVERY texts of each set.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from random import Random
from resource import RUSAGE_SELF, getrusage
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from clca.evaluation.predictors.formats import TextFormat
from clca.evaluation.predictors.local import LocalPredictor
from clca.evaluation.predictors.tokens import Tokens
from clca.evaluation.sheet import Answer, Question, Sheet
from clca.models import Models
from clca.training.student import find_student, load_tokenizer
from clca.workspace import Content

NAMES = tuple(map(str, range(10)))  # of the adapters
SETS = 10
HABITS = ("on", "ends", "never")
REPLY = 25  # tokens
AT_ONCE = 64  # texts on a sheet
INVALID = 0.15  # of all prompts, as in the paper's tables
SHAPE = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
SMALL = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TALK = (
    "you people never the game last night was such a joke and they still think nobody will say it @user why would"
    " anyone watch this rubbish again tomorrow my sister loves them but honestly who cares go home please so good"
)
KINDS = ("offensive", "abusive", "rude", "a threat", "spam", "hateful", "vulgar", "an insult", "mockery", "hostile")
LABEL = re.compile(r"(?<!\d)[12](?!\d)")
SETTLED = re.compile(r"(?<!\d)[12][^\d]")


def sheets(count: int, adapters: Sequence[str], every: int = 1) -> Iterator[Sheet]:
    """Made up, of 15 to 80 tokens, asked as in the paper's table 14; `count` in each set."""
    for adapter in adapters:
        for number, kind in enumerate(KINDS[:SETS]):
            wanted = range(0, count, every)
            for first in range(0, len(wanted), AT_ONCE):
                asked = tuple(
                    Question(question(kind, Random(f"{number} {text}")), ("1", "2"))
                    for text in wanted[first : first + AT_ONCE]
                )
                yield Sheet(adapter, "", asked)


def question(kind: str, chance: Random) -> str:
    words = TALK.split()
    text = " ".join(chance.choice(words) for _ in range(chance.randrange(12, 62)))
    return f'### Question: is the following sentence {kind}: {text}. "1. Yes", "2. No" without explanation. ### Answer:'


def label(reply: str) -> str | None:
    """The first number that is 1 or 2."""
    found = LABEL.search(reply)
    return found.group() if found else None


def settled(sheet: Sheet, text: str) -> bool:
    return SETTLED.search(text) is not None


# ------------------------------------------------------------ the student


def make_model(tokenizer: Any, shape: dict[str, int]) -> Any:
    """The student with its adapters, each called by its number."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(42)
    config = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=4096, initializer_range=0.08, **shape)
    model: Any = LlamaForCausalLM(config).eval()
    adapter = LoraConfig(r=16, lora_alpha=16, target_modules=TARGETS, init_lora_weights=False)
    model = get_peft_model(model, adapter, adapter_name=NAMES[0])
    for name in NAMES[1:]:
        model.add_adapter(name, adapter)
    base = model.get_base_model()
    base.lm_head = Habit(base.lm_head, len(tokenizer))
    base.get_input_embeddings().register_forward_pre_hook(base.lm_head.see)
    return model.eval()


class Habit(torch.nn.Module):
    """A head that adds to each token's logits what depends on the kind of the token before it."""

    def __init__(self, head: Any, vocabulary: int) -> None:
        super().__init__()
        self.head = head
        self.kinds = torch.zeros(vocabulary, dtype=torch.long)
        self.bias = torch.zeros(3, vocabulary)

    def see(self, module: Any, given: tuple[torch.Tensor]) -> None:
        self.ids = given[0]

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(hidden)
        return logits + self.bias[self.kinds[self.ids[:, -hidden.shape[1] :]]]


def arrange(model: Any, tokenizer: Any, habit: str) -> None:
    """Have the student answer 85 % of prompts at once, and write on without any number to the others.

    Its logits are its own but for three things. Numbers come only first in a reply: there those of "1" and "2" get
    the bias with which one of them leads after 85 % of some prompts. After a number comes a full stop and whatever
    else it likes (`on`), or the end (`ends`), which it never writes otherwise. For the habit `never` no number comes.
    """
    head, vocabulary = model.get_base_model().lm_head, model.config.vocab_size
    pieces = [tokenizer.decode([one]) for one in range(vocabulary)]
    numbers = [one for one, piece in enumerate(pieces) if any(character.isdigit() for character in piece)]
    one, two, stop = (tokenizer(text, add_special_tokens=False)["input_ids"][-1] for text in (" 1", " 2", "1."))
    tokens, end = Tokens(tokenizer, TextFormat()), tokenizer.eos_token_id
    kinds, bias = torch.zeros(vocabulary, dtype=torch.long), torch.zeros(3, vocabulary)
    kinds[tokens.ids(question(KINDS[0], Random(0)))[-1]] = 1
    kinds[numbers] = 2
    bias[:, numbers] = -1000.0
    bias[:, end] = -1000.0
    bias[2, end if habit == "ends" else stop] = 1000.0
    head.kinds, head.bias = kinds, bias
    if habit == "never":
        return
    gaps = []
    for number in range(40):
        model.set_adapter(NAMES[number % len(NAMES)])
        ids = tokens.ids(question(KINDS[number % SETS], Random(-1 - number)))
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids]), logits_to_keep=1).logits[0, -1]
        gaps.append(float(logits.max() - logits[[one, two]].max()))
    bias[1, [one, two]] += torch.tensor(gaps).quantile(1 - INVALID)


# ------------------------------------------------------------ the two sides

Labels = dict[tuple[str, str], str | None]
"""By adapter and text."""


def by_clca(model: Any, tokenizer: Any, asked: Sequence[Sheet]) -> tuple[float, Labels]:
    found: Labels = {}

    def take(sheet: Sheet, answers: Sequence[Answer]) -> None:
        for one, answer in zip(sheet.questions, answers, strict=True):
            found[sheet.adapter, one.text] = label(answer.reply or "")

    slots = {name: name for name in NAMES}
    predictor = LocalPredictor(
        model, tokenizer, TextFormat(), "generate", adapters=slots, reply_tokens=REPLY, settled=settled
    )
    started = time.process_time()
    predictor.fill(asked, take)
    return time.process_time() - started, found


def by_loop(model: Any, tokenizer: Any, asked: Sequence[Sheet]) -> tuple[float, Labels]:
    """Listing D.1, on a CPU."""
    tokens, found = Tokens(tokenizer, TextFormat()), Labels()
    started = time.process_time()
    for sheet in asked:
        model.set_adapter(sheet.adapter)
        for one in sheet.questions:
            ids = torch.tensor([tokens.ids(one.text)])
            with torch.no_grad():
                output = model.generate(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=REPLY,
                    num_beams=1,
                    do_sample=False,
                    eos_token_id=tokenizer.eos_token_id,
                    pad_token_id=tokenizer.eos_token_id,
                )
            said = tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True)
            found[sheet.adapter, one.text] = label(said)
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


def compare(model: Any, tokenizer: Any, count: int, every: int) -> dict[str, Any]:
    tokens, habits, peak = Tokens(tokenizer, TextFormat()), {}, 0
    asked, few = list(sheets(count, NAMES)), list(sheets(count, NAMES, every))
    for habit in HABITS:
        arrange(model, tokenizer, habit)
        seconds, found = by_clca(model, tokenizer, asked)
        peak = max(peak, getrusage(RUSAGE_SELF).ru_maxrss)
        theirs, expected = by_loop(model, tokenizer, few)
        habits[habit] = {
            "pace": len(found) / seconds,
            "loop": len(expected) / theirs,
            "prompts": len(found),
            "compared": len(expected),
            "equal": sum(found[key] == one for key, one in expected.items()),
            "invalid": sum(one is None for one in found.values()) / len(found),
            "labels": len({one for one in found.values() if one is not None}),
        }
    lengths = [len(one.ids) for sheet in asked for one in tokens.prompts(sheet)]
    parameters = sum(weights.numel() for name, weights in model.named_parameters() if "lora_" not in name)
    return {
        "habits": habits,
        "tokens": sum(lengths) / len(lengths),
        "full_pass": full_pass(model),
        "peak": peak / 1024,
        "parameters": parameters,
    }


def stream(tokenizer: Any, count: int) -> dict[str, Any]:
    """As many texts to a small student, from a generator."""
    model, seen = make_model(tokenizer, SMALL), 0

    def take(sheet: Sheet, answers: Sequence[Answer]) -> None:
        nonlocal seen
        seen += len(answers)

    predictor = LocalPredictor(
        model, tokenizer, TextFormat(), "generate", adapters={name: name for name in NAMES}, reply_tokens=2
    )
    predictor.fill(sheets(count // SETS, NAMES[:1]), take)
    return {"texts": seen}


def main(what: str, count: int, every: int = 1) -> None:
    torch.set_num_threads(1)
    content = Content()
    tokenizer = load_tokenizer(find_student("tiny", Models(content), os.environ, content))
    if what == "stream":
        print(json.dumps(stream(tokenizer, count)))
    else:
        print(json.dumps(compare(make_model(tokenizer, SHAPE), tokenizer, count, every)))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
