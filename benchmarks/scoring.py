"""`python scoring.py clca|lm-eval|gpu RESPONDENTS`: survey questions put to as many personas, option by option.

The student is made here: a Llama of 119 million random weights in float32 with the tiny student's tokenizer. Both
sides get the same tokens of the same prompts, on one thread, in whichever batches a trial finds the fastest.
With `gpu` it is one of the shape of Llama 3.1 8B in bfloat16 on the GPU, and clca scores alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from random import Random
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from clca.content.lookup import Content
from clca.content.wvs_items import load_items
from clca.inference.hf_model import HfModel
from clca.inference.prompt_format import ChatFormat
from clca.inference.requests import Answer, Question, RequestGroup
from clca.inference.tokenization import Tokens, common_length
from clca.models import ModelCatalogue
from clca.models.chat_template import ChatTemplate
from clca.models.load import load_tokenizer
from clca.models.student import find_student

PERSONA = 150  # tokens that a respondent's questions share
TOKENS = (512, 1024, 2048)  # in a pass of clca's
BATCHES = (1, 4, 16)  # prompts in a batch of lm-eval's
TRIAL = 12  # prompts that lm-eval is tried with
LINES = (
    "You live in a small town in the north of the country.",
    "You work part time in a shop and look after your parents.",
    "You are married and have two children.",
    "You finished school and then learned a trade.",
    "You were born here, as your parents were.",
    "You count yourself among the middle class.",
)


SMALL = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}
LARGE = {
    "vocab_size": 128_256,
    "hidden_size": 4096,
    "intermediate_size": 14_336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}
SIDE = 8192  # of the square matrices whose product says what the card can do


def make_model(tokenizer: Any, shape: dict[str, int], device: str = "cpu", dtype: torch.dtype = torch.float32) -> Any:
    torch.manual_seed(42)
    config = LlamaConfig(
        **{"vocab_size": len(tokenizer), "max_position_embeddings": 4096, "initializer_range": 0.05, **shape}
    )
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):  # made in its place: 8 billion weights in float32 may not fit anywhere else
            return LlamaForCausalLM(config).eval()
    finally:
        torch.set_default_dtype(usual)


def make_groups(count: int, tokens: Tokens) -> list[RequestGroup]:
    """Respondents whose questions share 150 tokens, give or take a sentence's end."""
    asked = []
    for item in load_items(Content()).items:
        options = "\n".join(item.numbered(option) for option in range(len(item.options)))
        text = f"{item.question}\n{options}\nAnswer with the number of one option."
        asked.append(Question(text, tuple(str(place + 1) for place in range(len(item.options)))))
    groups = []
    for number in range(count):
        chance, persona = Random(number), f"You are respondent {number}."
        while True:
            longer = f"{persona} {chance.choice(LINES)}"
            group = RequestGroup("", persona, tuple(asked))
            if shared(tokens.prompts(RequestGroup("", longer, tuple(asked)))) > PERSONA:
                break
            persona = longer
        groups.append(group)
    return groups


def shared(prompts: Sequence[Any]) -> int:
    return common_length([one.ids for one in prompts])


class Clock:
    """CPU seconds, which other work on the machine does not add to."""

    def __enter__(self) -> Clock:
        self._started = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self._started


def by_clca(model: Any, tokenizer: Any, groups: list[RequestGroup]) -> dict[str, Any]:
    format = ChatFormat(ChatTemplate(tokenizer))

    def score(asked: list[RequestGroup], tokens: int) -> tuple[float, list[tuple[float, ...]]]:
        odds: dict[str, list[tuple[float, ...]]] = {}

        def take(group: RequestGroup, answers: Sequence[Answer]) -> None:
            odds[group.system] = [answer.probabilities or () for answer in answers]

        with Clock() as clock:
            HfModel(model, tokenizer, format, "probability", tokens=tokens).predict(asked, take)
        return clock.seconds, [row for group in asked for row in odds[group.system]]

    best = min(TOKENS, key=lambda tokens: score(groups[:1], tokens)[0])
    seconds, odds = score(groups, best)
    return {"seconds": seconds, "batch": best, "odds": odds}


def by_gpu(model: Any, tokenizer: Any, groups: list[RequestGroup]) -> dict[str, Any]:
    """Seconds on the clock, in the batches that clca takes by itself; operations a second of a matrix product."""
    predictor = HfModel(model, tokenizer, ChatFormat(ChatTemplate(tokenizer)), "probability")
    answers: list[Answer] = []

    def seconds(asked: list[RequestGroup]) -> float:
        started = time.perf_counter()
        predictor.predict(asked, lambda _, found: answers.extend(found))  # their odds are on the CPU by then
        return time.perf_counter() - started

    seconds(groups[:8])
    answers.clear()
    used = seconds(groups)
    assert len(answers) == sum(len(group.questions) for group in groups)
    return {"seconds": used, "peak": matrix_product(model.device, model.dtype)}


def matrix_product(device: torch.device, dtype: torch.dtype, side: int = SIDE, times: int = 20) -> float:
    """Multiplications and additions a second."""
    one, other = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    float((one @ other)[0, 0])
    started = time.perf_counter()
    for _ in range(times):
        product = one @ other
    float(product[0, 0])  # waits for all of them
    return times * 2 * side**3 / (time.perf_counter() - started)


def by_lm_eval(model: Any, tokenizer: Any, groups: list[RequestGroup], tokens: Tokens) -> dict[str, Any]:
    """Log-likelihoods of each label after its prompt, which lm-eval computes once for all labels of a prompt."""
    from lm_eval.models.huggingface import HFLM

    asked = [one for group in groups for one in tokens.with_options(group)]

    def score(prompts: Sequence[Any], batch: int) -> tuple[float, list[tuple[float, ...]]]:
        peer = HFLM(pretrained=model, tokenizer=tokenizer, backend="causal", batch_size=batch, device="cpu")
        requests = [
            ((str(place), str(option)), one.ids, [option])
            for place, one in enumerate(prompts)
            for option in one.options
        ]
        with Clock() as clock:
            found = iter(peer._loglikelihood_tokens(requests, disable_tqdm=True))
        rows = [torch.tensor([next(found)[0] for _ in one.options]).softmax(0).tolist() for one in prompts]
        return clock.seconds, [tuple(row) for row in rows]

    best = min(BATCHES, key=lambda batch: score(asked[:: max(1, len(asked) // TRIAL)], batch)[0])
    seconds, odds = score(asked, best)
    return {"seconds": seconds, "batch": best, "odds": odds}


def main(side: str, respondents: int) -> None:
    if side == "gpu" and not torch.cuda.is_available():
        print("null")
        return
    torch.set_num_threads(1)
    content = Content()
    tokenizer = load_tokenizer(find_student("tiny", ModelCatalogue(content), os.environ, content))
    on_gpu = side == "gpu"
    model = make_model(tokenizer, LARGE, "cuda", torch.bfloat16) if on_gpu else make_model(tokenizer, SMALL)
    tokens = Tokens(tokenizer, ChatFormat(ChatTemplate(tokenizer)))
    groups = make_groups(respondents, tokens)
    if on_gpu:
        found = by_gpu(model, tokenizer, groups)
        found |= {"device": torch.cuda.get_device_name(), "memory": torch.cuda.max_memory_allocated()}
    else:
        found = by_clca(model, tokenizer, groups) if side == "clca" else by_lm_eval(model, tokenizer, groups, tokens)
    whole = [[len(one.ids) for one in tokens.prompts(group)] for group in groups]
    prefixes = [shared(tokens.prompts(group)) for group in groups]
    once = sum(prefix + sum(row) - prefix * len(row) for prefix, row in zip(prefixes, whole, strict=True))
    print(
        json.dumps(
            {
                **found,
                "parameters": sum(one.numel() for one in model.parameters()),
                "prompts": sum(map(len, whole)),
                "persona": sum(prefixes) / len(prefixes),
                "tokens": sum(map(sum, whole)),
                "tokens_once": once,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
