"""The same groups through Hugging Face's libraries in this process and through a real vLLM."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.inference.api_model import ApiModel
from clca.inference.api_prompts import Wording
from clca.inference.hf_model import HfModel
from clca.inference.prompt_format import ChatFormat, Format, Mode, TextFormat
from clca.inference.requests import Answer
from clca.inference.tokenization import Tokens
from clca.models.chat_template import DATE, ChatTemplate
from clca.models.load import load_model, load_tokenizer
from clca.models.student import Student
from tests.inference.request_groups import Filled, groups
from tests.training import jobs
from tests.vllm.servers import NAME, Server

RESPONDENTS, ITEMS = 2, 44


@pytest.fixture(scope="module")
def student(vllm_command: str, tiny_student: Student) -> Student:
    return tiny_student


@pytest.fixture(scope="module")
def adapter(student: Student, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter with random weights, which changes every answer."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(5)
    base = load_model(student, jobs.recipe("base.bits=16").base, "cpu")
    config = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj", "down_proj"], init_lora_weights=False)
    folder = tmp_path_factory.mktemp("adapter")
    get_peft_model(base, config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def served(lora_server: Server, adapter: Path) -> Server:
    lora_server.add_adapter("japan", adapter)
    return lora_server


@pytest.fixture(scope="module")
def tokenizer(student: Student) -> Any:
    return load_tokenizer(student)


@pytest.fixture(scope="module")
def model(student: Student, adapter: Path) -> Any:
    from peft import PeftModel

    return PeftModel.from_pretrained(load_model(student, jobs.recipe("base.bits=16").base, "cpu"), str(adapter))


def pairs(
    server: Server, model: Any, tokenizer: Any, mode: Mode, *, text: bool
) -> Iterator[tuple[RespondentRequestGroup, Answer, Answer]]:
    """Each answer in this process, and the same from the server."""
    format: Format = TextFormat() if text else ChatFormat(ChatTemplate(tokenizer))
    wording = Wording(variables={"date_string": DATE})
    if text:
        wording = Wording("text", format.lead, encode=Tokens(tokenizer, format).ids)
    asked = groups(RESPONDENTS, ITEMS, text=text)
    asked += groups(RESPONDENTS, ITEMS, method="clca", text=text, adapter="japan")
    here, there = Filled(), Filled()
    HfModel(model, tokenizer, format, mode, adapters={"japan": "default"}).predict(asked, here)
    ApiModel(server.url, base=NAME, mode=mode, wording=wording).predict(asked, there)
    assert len(here.answers) == len(asked)
    for group in asked:
        key = (group.method, group.respondent)
        for one, other in zip(here.answers[key], there.answers[key], strict=True):
            yield group, one, other


@pytest.mark.parametrize("text", [False, True], ids=["chat", "text"])
def test_odds_agree_within_two_hundredths(served: Server, model: Any, tokenizer: Any, text: bool) -> None:
    seen: dict[str, list[tuple[float, ...]]] = {"persona": [], "clca": []}
    for group, here, there in pairs(served, model, tokenizer, "probability", text=text):
        assert here.probabilities is not None
        assert there.probabilities == pytest.approx(here.probabilities, abs=0.02)
        seen[group.method].append(here.probabilities)
    apart = [max(abs(a - b) for a, b in zip(*odds, strict=True)) for odds in zip(*seen.values(), strict=True)]
    assert sum(apart) / len(apart) > 0.1  # the adapter answers otherwise than the base


@pytest.mark.parametrize("text", [False, True], ids=["chat", "text"])
def test_greedy_replies_agree_on_98_of_100_prompts(served: Server, model: Any, tokenizer: Any, text: bool) -> None:
    replies = list(pairs(served, model, tokenizer, "generate", text=text))
    assert len({here.reply for _, here, _ in replies}) > len(replies) / 4
    alike = [same(here.reply or "", there.reply or "", tokenizer) for _, here, there in replies]
    assert sum(alike) >= 0.98 * len(alike)


def same(here: str, there: str, tokenizer: Any) -> bool:
    """vLLM leaves out a reply's last token where that ends within a character, which is decoded as U+FFFD here."""
    if here == there:
        return True
    lost = here.removeprefix(there)
    within = lost != here and lost.endswith("\ufffd")
    return within and len(tokenizer.encode(lost.rstrip("\ufffd"), add_special_tokens=False)) <= 1
