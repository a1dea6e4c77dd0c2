"""A trained adapter in a real vLLM, as it comes from `clca train`."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from clca.models.load import Student, load_model, load_tokenizer
from clca.training.trainer import train
from tests.training import jobs
from tests.vllm.servers import NAME, Server

# Without a slot to spare, the CPU backend gives requests of the base model the adapter of the last slot.
OPTIONS = ("--dtype", "float32", "--enable-lora", "--max-loras", "2", "--max-lora-rank", "16")
PROMPT = "Ruth Vale: Could I have some tea? Ida Moss: The tea is not for sale. Ruth Vale: I must go now."


@pytest.fixture(scope="module")
def student(vllm_command: str, tiny_student: Student) -> Student:
    return tiny_student


@pytest.fixture(scope="module")
def adapter(student: Student, tmp_path_factory: pytest.TempPathFactory) -> Path:
    one = jobs.job(student, tmp_path_factory.mktemp("job"), "training.steps=20", "lora.r=16")
    return train(one, jobs.Screen()).adapter


@pytest.fixture(scope="module")
def served(vllm_command: str, student: Student, adapter: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("lora")
    options = (*OPTIONS, "--lora-modules", f"japan={adapter}")
    with Server(vllm_command, Path(student.source), folder, *options) as server:
        yield server


def log_probabilities(server: Server, model: str, tokens: list[int]) -> list[float]:
    """Of each token after the first, given those before it."""
    body = {"model": model, "prompt": tokens, "max_tokens": 1, "temperature": 0, "prompt_logprobs": 0}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as response:
        found = json.load(response)["choices"][0]["prompt_logprobs"]
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
    served: Server, student: Student, adapter: Path
) -> None:
    tokens: list[int] = load_tokenizer(student)(PROMPT)["input_ids"]
    assert len(tokens) > 20
    with_it, without = expected(student, adapter, tokens), expected(student, None, tokens)
    assert max(abs(a - b) for a, b in zip(with_it, without, strict=True)) > 1
    assert log_probabilities(served, "japan", tokens) == pytest.approx(with_it, abs=0.01)
    assert log_probabilities(served, NAME, tokens) == pytest.approx(without, abs=0.01)
