from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from clca.evaluation.wvs.request_group import item_question
from clca.inference.hf_model import HfModel, LocalError, OutOfMemory
from clca.inference.prompt_format import ChatFormat, TextFormat
from clca.inference.tokenization import Tokens, TokensError
from clca.models.chat_template import ChatTemplate
from clca.models.load import load_tokenizer
from clca.models.student import Student
from tests.inference.request_groups import FAMILIES, Filled, groups, small_model
from tests.models.students import STUDENTS, student

WITHIN = 1e-4


@pytest.fixture(scope="module")
def tokenizer(tiny_student: Student) -> Any:
    return load_tokenizer(tiny_student)


def model_of(family: str, tokenizer: Any) -> Any:
    return small_model(family, len(tokenizer), tokenizer.eos_token_id)


def alone(model: Any, ids: list[int]) -> torch.Tensor:
    """The next token's log-probabilities after one prompt, computed by itself."""
    with torch.no_grad():
        found: torch.Tensor = model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
    return found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("text", [False, True], ids=["chat", "text"])
def test_odds_on_a_shared_prefix_are_those_of_each_prompt_alone(family: str, text: bool, tokenizer: Any) -> None:
    model = model_of(family, tokenizer)
    format = TextFormat() if text else ChatFormat(ChatTemplate(tokenizer))
    asked, filled = groups(5, text=text), Filled()
    HfModel(model, tokenizer, format, "probability", tokens=700).predict(asked, filled)
    spread = 0.0
    for group in asked:
        answers = filled.answers["persona", group.respondent]
        for question, answer in zip(group.questions, answers, strict=True):
            prompt = format.prompt(group.system, question.text)
            options = [
                tokenizer(prompt + format.lead + label, add_special_tokens=False)["input_ids"]
                for label in question.labels
            ]
            begin = [tokenizer.bos_token_id] if text else []
            expected = alone(model, begin + options[0][:-1])[[ids[-1] for ids in options]].exp()
            assert answer.option_mass == pytest.approx(float(expected.sum()), abs=WITHIN)
            assert answer.probabilities == pytest.approx((expected / expected.sum()).tolist(), abs=WITHIN)
            assert sum(answer.probabilities or ()) == pytest.approx(1.0)
            spread = max(spread, max(answer.probabilities or ()) - min(answer.probabilities or ()))
    assert spread > 0.2  # the options are told apart


@pytest.mark.parametrize(("memory", "tokens"), [(None, None), (2**20, None), (None, 1), (None, 10**6)])
def test_odds_do_not_depend_on_how_much_goes_into_one_pass(
    memory: int | None, tokens: int | None, tokenizer: Any
) -> None:
    model, format = model_of("qwen2", tokenizer), ChatFormat(ChatTemplate(tokenizer))
    asked, filled, expected = groups(3), Filled(), Filled()
    HfModel(model, tokenizer, format, "probability", memory=memory, tokens=tokens).predict(asked, filled)
    HfModel(model, tokenizer, format, "probability", tokens=300).predict(asked, expected)
    for key, answers in expected.answers.items():
        for one, other in zip(answers, filled.answers[key], strict=True):
            assert one.probabilities == pytest.approx(other.probabilities, abs=WITHIN)


def test_less_goes_into_one_pass_where_memory_does_not_suffice(tokenizer: Any) -> None:
    model, format = model_of("llama", tokenizer), ChatFormat(ChatTemplate(tokenizer))
    asked, filled, expected, sizes = groups(5), Filled(), Filled(), []
    HfModel(model, tokenizer, format, "probability").predict(asked, expected)

    def limit(module: Any, given: Any, named: Any) -> None:
        sizes.append(named["input_ids"].numel())
        if sizes[-1] > 400:
            raise torch.OutOfMemoryError

    hook = model.register_forward_pre_hook(limit, with_kwargs=True)
    try:
        HfModel(model, tokenizer, format, "probability").predict(asked, filled)
    finally:
        hook.remove()
    assert max(sizes) > 400
    assert sizes[-1] <= 400
    for key, answers in expected.answers.items():
        for one, other in zip(answers, filled.answers[key], strict=True):
            assert one.probabilities == pytest.approx(other.probabilities, abs=WITHIN)


def test_memory_that_never_suffices_is_told_in_one_line(tokenizer: Any) -> None:
    def full(module: Any, given: Any) -> None:
        raise torch.OutOfMemoryError

    model = model_of("llama", tokenizer)
    hook = model.model.layers[1].register_forward_pre_hook(full)
    try:
        with pytest.raises(OutOfMemory, match=r"^the student leaves too little memory for answers: choose a smaller"):
            HfModel(model, tokenizer, TextFormat(), "probability").predict(groups(1), Filled())
    finally:
        hook.remove()


def test_layers_without_keys_and_values_are_refused(tokenizer: Any) -> None:
    from transformers import Qwen3NextConfig

    class Recurrent(torch.nn.Module):
        config = Qwen3NextConfig(num_hidden_layers=4, layer_types=["linear_attention"] * 3 + ["full_attention"])
        device, dtype = torch.device("cpu"), torch.float32

    with pytest.raises(LocalError, match=r"^the student has layers of linear_attention, which cannot continue"):
        HfModel(Recurrent(), tokenizer, TextFormat(), "probability")


@pytest.mark.parametrize("family", ["mistral", "gemma2"])
@pytest.mark.parametrize("window", [32, 150])
@pytest.mark.parametrize("mode", ["probability", "generate"])
def test_a_window_sees_what_it_sees_of_each_prompt_alone(family: str, window: int, mode: Any, tokenizer: Any) -> None:
    """Shorter than all prompts, or than those of some groups only and the columns of several groups together."""
    model = small_model(family, len(tokenizer), tokenizer.eos_token_id, window)
    whole = model_of(family, tokenizer)
    asked, format = groups(4, 5, text=True), TextFormat()
    asked[1] = replace(asked[1], system=asked[1].system * 3)
    filled, elsewhere, lengths = Filled(), Filled(), set()
    HfModel(model, tokenizer, format, mode, max_new_tokens=6).predict(asked, filled)
    HfModel(whole, tokenizer, format, mode, max_new_tokens=6).predict(asked, elsewhere)
    for group in asked:
        for question, answer in zip(group.questions, filled.answers["persona", group.respondent], strict=True):
            [ids] = [one.ids for one in Tokens(tokenizer, format).prompts(replace(group, questions=(question,)))]
            lengths.add(len(ids))
            prompt = torch.tensor([ids])
            if mode == "generate":
                said = model.generate(
                    prompt,
                    attention_mask=torch.ones_like(prompt),
                    do_sample=False,
                    max_new_tokens=6,
                    pad_token_id=tokenizer.eos_token_id,
                )[0, len(ids) :]
                assert answer.reply == tokenizer.decode(said, skip_special_tokens=True).rstrip("\ufffd")
                continue
            [one] = Tokens(tokenizer, format).with_options(replace(group, questions=(question,)))
            expected = alone(model, one.ids)[list(one.options)].exp()
            assert answer.probabilities == pytest.approx((expected / expected.sum()).tolist(), abs=WITHIN)
    assert (min(lengths) > window) == (window == 32)
    assert max(lengths) > window
    assert filled.answers != elsewhere.answers  # the window matters


@pytest.fixture
def adapted(tokenizer: Any) -> Any:
    """A model with a LoRA adapter that says something else."""
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaForCausalLM

    base = model_of("llama", tokenizer)
    copy = LlamaForCausalLM(base.config)
    copy.load_state_dict(base.state_dict())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return get_peft_model(copy, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False))


def test_the_adapter_answers_the_groups_that_name_it_and_the_base_all_others(tokenizer: Any, adapted: Any) -> None:
    format = ChatFormat(ChatTemplate(tokenizer))
    asked = [one for pair in zip(groups(4), groups(4, method="clca", adapter="mine"), strict=True) for one in pair]
    filled, base, merged = Filled(), Filled(), Filled()
    HfModel(adapted, tokenizer, format, "probability", adapters={"mine": "default"}).predict(asked, filled)
    HfModel(model_of("llama", tokenizer), tokenizer, format, "probability").predict(groups(4), base)
    HfModel(adapted.merge_and_unload(), tokenizer, format, "probability").predict(groups(4), merged)
    assert len(filled.answers) == 8
    for (_, respondent), answers in base.answers.items():
        adapters = merged.answers["persona", respondent]
        for place, answer in enumerate(answers):
            assert filled.answers["persona", respondent][place].probabilities == pytest.approx(
                answer.probabilities, abs=WITHIN
            )
            assert filled.answers["clca", respondent][place].probabilities == pytest.approx(
                adapters[place].probabilities, abs=WITHIN
            )
            assert filled.answers["clca", respondent][place].probabilities != pytest.approx(
                answer.probabilities, abs=0.01
            )


def test_a_prompt_that_is_too_long_is_told_in_one_line(tokenizer: Any) -> None:
    [group] = groups(1, 1)
    long = replace(group, system="tea " * 4000)
    predictor = HfModel(model_of("llama", tokenizer), tokenizer, TextFormat(), "probability")
    with pytest.raises(
        LocalError, match=r"^a prompt and its answer take [\d,]+ tokens, but the student takes at most 2,048: "
    ):
        predictor.predict([long], Filled())


@pytest.mark.parametrize("name", STUDENTS)
@pytest.mark.parametrize("text", [False, True], ids=["chat", "text"])
def test_options_are_the_tokens_that_an_answer_adds_to_its_prompt(name: str, text: bool) -> None:
    tokenizer = student(name)
    format = TextFormat() if text else ChatFormat(ChatTemplate(tokenizer))
    [group] = groups(1, 3, text=text)
    begin = [tokenizer.bos_token_id] if text and tokenizer.bos_token_id is not None else []
    for question, asked in zip(group.questions, Tokens(tokenizer, format).with_options(group), strict=True):
        for label, option in zip(question.labels, asked.options, strict=True):
            whole = format.prompt(group.system, question.text) + format.lead + label
            assert [*asked.ids, option] == begin + tokenizer(whole, add_special_tokens=False)["input_ids"]


def test_a_label_of_several_tokens_is_refused_by_name(tokenizer: Any) -> None:
    [group] = groups(1, 1)
    many = item_question(group.questions[0].item, "given", "Choose.", tuple(range(10)))
    tokens = Tokens(student("llama-3"), ChatFormat(ChatTemplate(student("llama-3"))))
    with pytest.raises(TokensError) as caught:
        tokens.with_options(replace(group, system="", questions=(many,)))
    assert caught.value.message == (
        "the tokenizer of llama-3 does not encode the answer '10' as a single token: use --mode generate"
    )
