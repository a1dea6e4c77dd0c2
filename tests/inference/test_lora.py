"""Request groups of several adapters, and of none, in the same batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch

from clca.inference.hf_model import HfModel
from clca.inference.lora import can_mix
from clca.inference.prompt_format import ChatFormat, Format, TextFormat
from clca.inference.requests import Question, RequestGroup
from clca.models.chat_template import ChatTemplate
from clca.models.load import load_tokenizer
from clca.models.student import Student
from tests.inference.label_requests import LABELS, Heard, texts, with_adapters
from tests.inference.request_groups import FAMILIES, small_model

WITHIN = 1e-4
NAMES = ("ara", "deu", "jpn")
SLOTS = {name: name for name in NAMES}
EVERYONE = (*NAMES, "")
BARE = TextFormat(begins=False)  # a group's texts may begin with nothing in common
REPLY = 9


@pytest.fixture(scope="module")
def tokenizer(tiny_student: Student) -> Any:
    return load_tokenizer(tiny_student)


def student_of(family: str, tokenizer: Any, **options: Any) -> Any:
    return with_adapters(small_model(family, len(tokenizer), tokenizer.eos_token_id), NAMES, **options)


def formats(tokenizer: Any) -> dict[str, Format]:
    return {"chat": ChatFormat(ChatTemplate(tokenizer)), "text": TextFormat(), "bare": BARE}


@contextmanager
def answered_by(model: Any, adapter: str) -> Iterator[None]:
    if adapter:
        model.set_adapter(adapter)
    with nullcontext() if adapter else model.disable_adapter(), torch.inference_mode():
        yield


def ids_of(tokenizer: Any, format: Format, text: str, answer: str = "") -> list[int]:
    begin = [tokenizer.bos_token_id] if format.begins else []
    return [*begin, *tokenizer(format.prompt("", text) + answer, add_special_tokens=False)["input_ids"]]


def reply_alone(model: Any, tokenizer: Any, adapter: str, ids: list[int]) -> list[int]:
    prompt = torch.tensor([ids])
    with answered_by(model, adapter):
        found = model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            max_new_tokens=REPLY,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.eos_token_id,
        )
    reply: list[int] = found[0, len(ids) :].tolist()
    return reply


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("form", ["chat", "bare"])
def test_odds_in_mixed_batches_are_those_of_each_prompt_alone_with_its_adapter(
    family: str, form: str, tokenizer: Any
) -> None:
    model, format, asked, heard = student_of(family, tokenizer), formats(tokenizer)[form], texts(EVERYONE), Heard()
    HfModel(model, tokenizer, format, "probability", adapters=SLOTS, tokens=1500).predict(asked, heard)
    lengths = set()
    for adapter, text, answer in heard.of(asked):
        ids = [ids_of(tokenizer, format, text, format.lead + label) for label in LABELS]
        lengths.add(len(ids[0]) - 1)
        with answered_by(model, adapter):
            logits = model(input_ids=torch.tensor([ids[0][:-1]])).logits[0, -1].log_softmax(-1)
        expected = logits[[one[-1] for one in ids]].exp()
        assert answer.option_mass == pytest.approx(float(expected.sum()), abs=WITHIN)
        assert answer.probabilities == pytest.approx((expected / expected.sum()).tolist(), abs=WITHIN)
    assert min(lengths) < 30
    assert max(lengths) > 250
    seen = {text: {heard.answers[name, text].probabilities for name in EVERYONE} for _, text, _ in heard.of(asked)}
    assert all(len(odds) == len(EVERYONE) for odds in seen.values())  # the adapters are told apart


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tokens", [200, 1500])
def test_replies_in_mixed_batches_are_those_that_transformers_generates_for_each_prompt_alone(
    family: str, tokens: int, tokenizer: Any
) -> None:
    model, asked, heard = student_of(family, tokenizer), texts(EVERYONE, 3, 120), Heard()
    predictor = HfModel(
        model, tokenizer, BARE, "generate", adapters=SLOTS, max_new_tokens=REPLY, tokens=tokens, memory=2**24
    )
    predictor.predict(asked, heard)
    for adapter, text, answer in heard.of(asked):
        expected = reply_alone(model, tokenizer, adapter, ids_of(tokenizer, BARE, text))
        assert answer.reply == tokenizer.decode(expected, skip_special_tokens=True).rstrip("\ufffd")
    assert len({answer.reply for _, _, answer in heard.of(asked)}) > len(heard.answers) / 4


def test_a_reply_ends_as_soon_as_it_is_settled(tokenizer: Any) -> None:
    model, asked, heard = student_of("llama", tokenizer), texts(EVERYONE, 6, 60), Heard()

    def settled(group: RequestGroup, question: Question, text: str) -> bool:
        return len(text) >= (12 if group.adapter else 30)

    predictor = HfModel(
        model, tokenizer, BARE, "generate", adapters=SLOTS, max_new_tokens=REPLY, stop_condition=settled, tokens=400
    )
    predictor.predict(asked, heard)
    lengths = set()
    for group in asked:
        for adapter, text, answer in heard.of([group]):
            whole = reply_alone(model, tokenizer, adapter, ids_of(tokenizer, BARE, text))
            parts = [tokenizer.decode(whole[: end + 1], skip_special_tokens=True) for end in range(len(whole))]
            said = [part.rstrip("\ufffd") for part in parts]
            expected = next((one for one in said if settled(group, group.questions[0], one)), said[-1])
            assert answer.reply == expected
            lengths.add(said.index(expected) + 1)
    assert len(lengths) > 4
    assert REPLY in lengths


def passes(model: Any, run: Callable[[], None]) -> int:
    count = 0

    def see(module: Any, given: Any) -> None:
        nonlocal count
        count += 1

    hook = model.get_base_model().register_forward_pre_hook(see)
    try:
        run()
    finally:
        hook.remove()
    return count


def test_groups_of_one_adapter_that_fill_a_pass_are_not_mixed_and_others_are(tokenizer: Any) -> None:
    model, asked = student_of("llama", tokenizer), texts(EVERYONE, 4, 40)

    def count(groups: list[RequestGroup], tokens: int) -> int:
        predictor = HfModel(model, tokenizer, BARE, "probability", adapters=SLOTS, tokens=tokens)
        return passes(model, lambda: predictor.predict(groups, Heard()))

    apart = [[group for group in asked if group.adapter == name] for name in EVERYONE]
    assert count(asked, 10_000) == count(apart[0], 10_000)  # as one adapter's
    assert count(asked, 60) == sum(count(groups, 60) for groups in apart)


def hooks(model: Any) -> int:
    return sum(len(module._forward_pre_hooks) for module in model.modules())


@pytest.mark.parametrize("error", [KeyboardInterrupt, torch.OutOfMemoryError])
def test_what_ends_a_mixed_pass_leaves_the_model_as_it_was(error: type[BaseException], tokenizer: Any) -> None:
    model, asked, expected, heard = student_of("llama", tokenizer), texts(EVERYONE, 4, 60), Heard(), Heard()
    predictor = HfModel(model, tokenizer, BARE, "probability", adapters=SLOTS)
    predictor.predict(asked, expected)

    def ends(module: Any, given: Any) -> None:
        raise error

    hook = model.get_base_model().model.layers[1].mlp.register_forward_pre_hook(ends)
    with pytest.raises(Exception if error is torch.OutOfMemoryError else error):
        predictor.predict(asked, Heard())
    hook.remove()
    assert hooks(model) == 0
    HfModel(model, tokenizer, BARE, "probability", adapters=SLOTS).predict(asked, heard)
    for key, answer in expected.answers.items():
        assert heard.answers[key].probabilities == pytest.approx(answer.probabilities, abs=WITHIN)


@pytest.mark.parametrize("mode", ["probability", "generate"])
def test_less_of_a_mixed_batch_goes_into_one_pass_where_memory_does_not_suffice(mode: Any, tokenizer: Any) -> None:
    model, asked, expected, heard = student_of("qwen2", tokenizer), texts(EVERYONE, 6, 60), Heard(), Heard()
    HfModel(model, tokenizer, BARE, mode, adapters=SLOTS).predict(asked, expected)
    sizes = []

    def limit(module: Any, given: Any) -> None:
        rows, width, _ = given[0].shape
        sizes.append(rows * width)
        if sizes[-1] > 300:
            raise torch.OutOfMemoryError

    hook = model.get_base_model().model.layers[1].mlp.register_forward_pre_hook(limit)
    HfModel(model, tokenizer, BARE, mode, adapters=SLOTS).predict(asked, heard)
    hook.remove()
    assert max(sizes) > 300
    assert hooks(model) == 0
    for key, answer in expected.answers.items():
        assert heard.answers[key].reply == answer.reply
        if answer.probabilities:
            assert heard.answers[key].probabilities == pytest.approx(answer.probabilities, abs=WITHIN)


def test_adapters_that_cannot_be_mixed_answer_one_after_another(tokenizer: Any) -> None:
    model, asked, heard = student_of("llama", tokenizer, use_dora=True), texts(EVERYONE, 3, 40), Heard()
    assert can_mix(student_of("llama", tokenizer))
    assert not can_mix(model)
    HfModel(model, tokenizer, BARE, "generate", adapters=SLOTS, max_new_tokens=REPLY).predict(asked, heard)
    for adapter, text, answer in heard.of(asked):
        expected = reply_alone(model, tokenizer, adapter, ids_of(tokenizer, BARE, text))
        assert answer.reply == tokenizer.decode(expected, skip_special_tokens=True).rstrip("\ufffd")


@pytest.mark.parametrize("change", ["merged", "trained whole", "another kind", "none"])
def test_only_lora_adapters_beside_a_base_left_as_it_was_are_mixed(change: str, tokenizer: Any) -> None:
    from peft import IA3Config, get_peft_model

    base = small_model("llama", len(tokenizer), tokenizer.eos_token_id)
    if change == "none":
        assert not can_mix(base)
        return
    if change == "another kind":
        copy = type(base)(base.config)
        config = IA3Config(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"])
        assert not can_mix(get_peft_model(copy, config))
        return
    model = with_adapters(base, NAMES[:1], modules_to_save=["lm_head"] if change == "trained whole" else None)
    if change == "merged":
        assert can_mix(model)
        model.merge_adapter()
    assert not can_mix(model)
