"""Request groups of texts to label, for several adapters, and students with adapters to answer them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from clca.inference.requests import Answer, Question, RequestGroup

WORDS = (
    "you",
    "they",
    "never",
    "a",
    "tea",
    "is",
    "so",
    "good",
    "bad",
    "rude",
    "game",
    "people",
    "go",
    "why",
    "who",
    "now",
)
LABELS = ("1", "2")


def text(chance: Random, longest: int = 380) -> str:
    """Of one word or some hundred."""
    return " ".join(chance.choices(WORDS, k=round(longest ** chance.random())))


def texts(adapters: Sequence[str], count: int = 7, longest: int = 380) -> list[RequestGroup]:
    """Of each adapter a group whose texts follow on the same few words, one of texts that begin in any way, and a text.

    No two ask the same, but for the adapter.
    """
    chance, asked = Random(5), []
    for _ in range(2):
        begun = [f"Is this rude: {text(chance, longest)} ({number}). Answer:" for number in range(count)]
        bare = [f"{word} {text(chance, longest)}" for word in WORDS[: count // 2]]
        asked += [begun, bare, [f"Or this: {text(chance, longest)}?"]]
    return [
        RequestGroup(adapter, "", tuple(Question(one, LABELS) for one in questions))
        for questions in asked
        for adapter in adapters
    ]


def with_adapters(base: Any, names: Sequence[str], **options: Any) -> Any:
    """A copy of a model with random LoRA adapters on its attention and its feed-forward layers."""
    import torch
    from peft import LoraConfig, get_peft_model

    copy = type(base)(base.config)
    copy.load_state_dict(base.state_dict())
    targets = ["q_proj", "v_proj", "down_proj"]
    config = LoraConfig(r=4, lora_alpha=8, target_modules=targets, init_lora_weights=False, **options)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = get_peft_model(copy, config, adapter_name=names[0])
        for name in names[1:]:
            model.add_adapter(name, config)
    return model.eval()


class Heard:
    """Takes what a predictor gives, by adapter and text."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}

    def __call__(self, group: RequestGroup, answers: Sequence[Answer]) -> None:
        for question, answer in zip(group.questions, answers, strict=True):
            assert (group.adapter, question.text) not in self.answers, "a question was answered twice"
            self.answers[group.adapter, question.text] = answer

    def of(self, groups: Sequence[RequestGroup]) -> Iterator[tuple[str, str, Answer]]:
        for group in groups:
            for question in group.questions:
                yield group.adapter, question.text, self.answers[group.adapter, question.text]
