"""Texts to label by several adapters on one base, through this process and through a real vLLM."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from clca.inference.api_model import ApiModel
from clca.inference.api_prompts import Wording
from clca.inference.hf_model import HfModel
from clca.inference.prompt_format import Mode, TextFormat
from clca.inference.requests import Answer, Question, RequestGroup
from clca.inference.tokenization import Tokens
from clca.models.load import load_model, load_tokenizer
from clca.models.student import Student
from tests.inference.label_requests import LABELS, Heard, text, with_adapters
from tests.training import jobs
from tests.vllm.servers import NAME, Server
from tests.vllm.test_survey import same

ADAPTERS = ("ara", "deu", "jpn")
REPLY, ON_A_SHEET = 25, 32


@pytest.fixture(scope="module")
def student(vllm_command: str, tiny_student: Student) -> Student:
    return tiny_student


@pytest.fixture(scope="module")
def model(student: Student) -> Any:
    return with_adapters(load_model(student, jobs.recipe("base.bits=16").base, "cpu"), ADAPTERS)


@pytest.fixture(scope="module")
def served(lora_server: Server, model: Any, tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("adapters")
    model.save_pretrained(folder)
    for name in ADAPTERS:
        lora_server.add_adapter(name, folder / name)
    return lora_server


def groups() -> list[RequestGroup]:
    """The same texts to each adapter and to the student as it is."""
    chance = Random(1)
    asked = tuple(
        Question(f"### Question: is the following sentence rude: {text(chance, 60)} ({number}). ### Answer:", LABELS)
        for number in range(ON_A_SHEET)
    )
    return [RequestGroup(adapter, "", asked) for adapter in ("", *ADAPTERS)]


def pairs(served: Server, model: Any, student: Student, mode: Mode) -> Iterator[tuple[str, str, Answer, Answer]]:
    """Each answer in this process, and the same from the server."""
    tokenizer, format, here, there = load_tokenizer(student), TextFormat(), Heard(), Heard()
    wording = Wording("text", format.lead, encode=Tokens(tokenizer, format).ids)
    slots = {name: name for name in ADAPTERS}
    HfModel(model, tokenizer, format, mode, adapters=slots, max_new_tokens=REPLY, tokens=10**5).predict(groups(), here)
    ApiModel(served.url, base=NAME, mode=mode, wording=wording, max_new_tokens=REPLY).predict(groups(), there)
    assert len(here.answers) == ON_A_SHEET * (len(ADAPTERS) + 1)
    for adapter, asked, answer in here.of(groups()):
        yield adapter, asked, answer, there.answers[adapter, asked]


def test_labels_by_their_odds_agree(served: Server, model: Any, student: Student) -> None:
    odds: dict[str, set[tuple[float, ...]]] = {}
    for _, asked, here, there in pairs(served, model, student, "probability"):
        assert here.probabilities is not None
        assert there.probabilities == pytest.approx(here.probabilities, abs=0.02)
        odds.setdefault(asked, set()).add(tuple(round(one, 1) for one in here.probabilities))
    assert sum(len(found) > 1 for found in odds.values()) > len(odds) / 2  # the adapters are told apart


def test_greedy_replies_of_25_tokens_agree_on_97_of_100_prompts(served: Server, model: Any, student: Student) -> None:
    replies = list(pairs(served, model, student, "generate"))
    assert len({here.reply for _, _, here, _ in replies}) > len(replies) / 4
    tokenizer = load_tokenizer(student)
    alike = [same(here.reply or "", there.reply or "", tokenizer) for _, _, here, there in replies]
    assert sum(alike) >= 0.97 * len(alike)
