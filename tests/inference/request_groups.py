"""Request groups of the packaged items, and small models to fill them in."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from clca.content.lookup import Content
from clca.content.wvs_items import load_items, s2n_prompt
from clca.evaluation.wvs.request_group import ItemQuestion, RespondentRequestGroup, item_question
from clca.inference.requests import Answer
from clca.records import Method

PLACES = ("in a village", "in a town", "in a large city in the north of the country")
WORK = ("a farmer", "a nurse who works part time", "retired", "a student", "self-employed, with two people to help")


def persona(number: int) -> str:
    """A system text; they differ in length."""
    chance = Random(number)
    lines = [f"You are {chance.randrange(18, 90)} years old and live {chance.choice(PLACES)}."]
    lines += [f"You are {chance.choice(WORK)}."] * chance.randrange(1, 4)
    return " ".join([*lines, "Answer as this person would, with the number of one option only."])


def questions(count: int, *, text: bool = False) -> tuple[ItemQuestion, ...]:
    found = []
    for item in load_items(Content()).items[:count]:
        options = "\n".join(item.numbered(option) for option in range(len(item.options)))
        asked = s2n_prompt(item) if text else f"{item.question}\n{options}\nAnswer with a number."
        found.append(item_question(item, "given", asked, tuple(range(len(item.options)))))
    return tuple(found)


def groups(
    count: int, items: int = 6, *, method: Method = "persona", text: bool = False, adapter: str = ""
) -> list[RespondentRequestGroup]:
    asked = questions(items, text=text)
    return [RespondentRequestGroup(adapter, persona(one), asked, "japan", method, f"r{one}") for one in range(count)]


class Filled:
    """Takes what a predictor gives."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], tuple[Answer, ...]] = {}

    def __call__(self, group: RespondentRequestGroup, answers: Any) -> None:
        key = (group.method, group.respondent)
        assert key not in self.answers, "a group was filled in twice"
        assert len(answers) == len(group.questions)
        self.answers[key] = tuple(answers)


FAMILIES = ("llama", "qwen2", "mistral", "gemma2")


@cache
def small_model(family: str, vocabulary: int, end: int, window: int = 4096) -> Any:
    """A model of two layers with random weights, in float32; all but Llama share their key heads.

    The layers of Mistral, and the first of Gemma 2, see a window of so many tokens.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        family,
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4 if family == "llama" else 2,
        head_dim=16,
        max_position_embeddings=2048,
        initializer_range=0.2,
        **({"sliding_window": window} if family in ("mistral", "gemma2") else {}),
        tie_word_embeddings=False,  # tied, a model says the same token again and again
        eos_token_id=end,
        pad_token_id=end,
        bos_token_id=end,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        return AutoModelForCausalLM.from_config(config).eval()
