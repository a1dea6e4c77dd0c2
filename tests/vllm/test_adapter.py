"""A trained adapter in a real vLLM, as it comes from `clca train`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.models.load import load_model, load_tokenizer
from clca.models.student import Student
from tests.training import jobs
from tests.vllm.conftest import LORA
from tests.vllm.servers import NAME, Server

PROMPT = "Ruth Vale: Could I have some tea? Ida Moss: The tea is not for sale. Ruth Vale: I must go now."


def log_probabilities(server: Server, model: str, tokens: list[int]) -> list[float]:
    """Of each token after the first, given those before it."""
    body = {"model": model, "prompt": tokens, "max_tokens": 1, "temperature": 0, "prompt_logprobs": 0}
    found = json.loads(server.post("completions", **body))["choices"][0]["prompt_logprobs"]
    return [place[str(token)]["logprob"] for token, place in zip(tokens[1:], found[1:], strict=True)]


def expected(student: Student, adapter: Path | None, tokens: list[int]) -> list[float]:
    """The same from Hugging Face's libraries, with the weights as vLLM loads them: not quantised."""
    import torch
    from peft import PeftModel

    model = load_model(student, jobs.recipe("base.bits=16").base, "cpu")
    if adapter is not None:
        model = PeftModel.from_pretrained(model, str(adapter))
    ids = torch.tensor([tokens])
    with torch.no_grad():
        scores = model.eval()(ids).logits[0, :-1].log_softmax(-1)
    return scores.gather(1, ids[0, 1:, None])[:, 0].tolist()


def test_an_adapter_gives_the_same_log_probabilities_in_vllm_and_in_peft(
    lora_server: Server, tiny_student: Student, trained_adapter: Path
) -> None:
    tokens: list[int] = load_tokenizer(tiny_student)(PROMPT)["input_ids"]
    assert len(tokens) > 20
    with_it, without = expected(tiny_student, trained_adapter, tokens), expected(tiny_student, None, tokens)
    assert max(abs(a - b) for a, b in zip(with_it, without, strict=True)) > 1
    assert log_probabilities(lora_server, LORA, tokens) == pytest.approx(with_it, abs=0.01)
    assert log_probabilities(lora_server, NAME, tokens) == pytest.approx(without, abs=0.01)
