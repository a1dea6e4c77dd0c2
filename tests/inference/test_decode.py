from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from clca.inference.decode import MAX_NEW_TOKENS, GreedyDecoder
from clca.inference.hf_model import HfModel
from clca.inference.prefix_cache import PrefixCache, Suffix
from clca.inference.prompt_format import ChatFormat, TextFormat
from clca.models.chat_template import ChatTemplate
from clca.models.load import load_tokenizer
from clca.models.student import Student
from tests.inference.request_groups import FAMILIES, Filled, groups, small_model


@pytest.fixture(scope="module")
def tokenizer(tiny_student: Student) -> Any:
    return load_tokenizer(tiny_student)


def generated(model: Any, ids: list[int], ends: list[int], most: int = 16) -> list[int]:
    """What transformers itself generates greedily after one prompt."""
    prompt = torch.tensor([ids])
    found: list[int] = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=False,
        max_new_tokens=most,
        eos_token_id=ends,
        pad_token_id=ends[0],
    )[0, len(ids) :].tolist()
    return found


def written(
    prefix: PrefixCache, suffixes: Sequence[Suffix], ends: frozenset[int], most: int = MAX_NEW_TOKENS
) -> list[list[int]]:
    """What a batch of its own writes."""
    writing = GreedyDecoder[int](prefix, ends, most)
    writing.add(range(len(suffixes)), suffixes)
    while writing.rows:
        writing.step()
    return [writing.replies[number] for number in range(len(suffixes))]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("text", [False, True], ids=["chat", "text"])
def test_replies_are_those_that_transformers_generates_for_each_prompt_alone(
    family: str, text: bool, tokenizer: Any
) -> None:
    model = small_model(family, len(tokenizer), tokenizer.eos_token_id)
    format = TextFormat() if text else ChatFormat(ChatTemplate(tokenizer))
    asked, filled = groups(3, text=text), Filled()
    HfModel(model, tokenizer, format, "generate", tokens=700).predict(asked, filled)
    replies = set()
    for group in asked:
        for question, answer in zip(group.questions, filled.answers["persona", group.respondent], strict=True):
            ids = tokenizer(format.prompt(group.system, question.text), add_special_tokens=False)["input_ids"]
            ids = [tokenizer.bos_token_id, *ids] if text else ids
            expected = tokenizer.decode(generated(model, ids, [tokenizer.eos_token_id]), skip_special_tokens=True)
            assert answer.reply == expected.rstrip("\ufffd")  # of a character that the end has cut
            assert answer.probabilities is None
            replies.add(answer.reply)
    assert len(replies) > 3


def test_a_reply_stops_before_the_token_that_ends_it_while_others_go_on(tokenizer: Any) -> None:
    model = small_model("qwen2", len(tokenizer), tokenizer.eos_token_id)
    prefix, rests = [5, 6, 7, 8], [[number, number + 1][: 1 + number % 2] for number in range(20, 44)]
    free = [generated(model, prefix + rest, [tokenizer.eos_token_id]) for rest in rests]
    ends = [free[0][0], free[1][3], free[2][7]]
    expected = [generated(model, prefix + rest, ends) for rest in rests]
    expected = [reply[:-1] if reply[-1] in ends else reply for reply in expected]
    lengths = {len(reply) for reply in expected}
    assert {0, 16} <= lengths  # some end at once, and some never
    assert len(lengths) > 3
    suffixes = [Suffix(0, rest) for rest in rests]
    assert written(PrefixCache(model, [prefix]), suffixes, frozenset(ends)) == expected


def test_a_reply_may_go_over_several_lines(tokenizer: Any) -> None:
    model = small_model("llama", len(tokenizer), tokenizer.eos_token_id)
    [newline] = tokenizer("\n", add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        bias = torch.zeros(len(tokenizer))
        bias[newline] = 1e6
        hook = model.lm_head.register_forward_hook(lambda module, given, output: output + bias)
        try:
            [reply] = written(PrefixCache(model, [[5, 6]]), [Suffix(0, [7])], frozenset({1}), most=4)
        finally:
            hook.remove()
    assert reply == [newline] * 4


def test_every_token_that_may_close_a_turn_ends_a_reply(tokenizer: Any) -> None:
    from clca.inference.tokenization import Tokens
    from tests.models.students import student

    gemma = student("gemma-2")
    model = small_model("gemma2", len(gemma), gemma.eos_token_id)
    ends = Tokens(gemma, ChatFormat(ChatTemplate(gemma))).ends(model)
    assert ends == {gemma.eos_token_id, gemma.convert_tokens_to_ids("<end_of_turn>")}
