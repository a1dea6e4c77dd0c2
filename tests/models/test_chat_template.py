from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.models import fixed_date
from clca.models.chat_template import ChatTemplate, ChatTemplateError
from clca.models.messages import Chat, Message
from tests.models.students import STUDENTS, TEMPLATES, student

TALK = (
    Message("system", "Be yourself."),
    Message("user", "Good morning."),
    Message("assistant", "Tea?"),
    Message("user", "(Ida nods.)"),
    Message("assistant", "I will come again. (leaves)"),
)
# What stands between ⟦ and ⟧ carries loss.
EXPECTED = {
    "llama-3": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
        "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\nBe yourself.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nGood morning.<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n⟦Tea?<|eot_id|>⟧"
        "<|start_header_id|>user<|end_header_id|>\n\n(Ida nods.)<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n⟦I will come again. (leaves)<|eot_id|>⟧"
    ),
    "qwen-2.5": (
        "<|im_start|>system\nBe yourself.<|im_end|>\n"
        "<|im_start|>user\nGood morning.<|im_end|>\n"
        "<|im_start|>assistant\n⟦Tea?<|im_end|>⟧\n"
        "<|im_start|>user\n(Ida nods.)<|im_end|>\n"
        "<|im_start|>assistant\n⟦I will come again. (leaves)<|im_end|>⟧"
    ),
    "mistral-v0.3": (
        "<s>[INST] Be yourself.\n\nGood morning.[/INST]⟦ Tea?</s>⟧"
        "[INST] (Ida nods.)[/INST]⟦ I will come again. (leaves)</s>⟧"
    ),
    "gemma-2": (
        "<bos><start_of_turn>user\nBe yourself.\n\nGood morning.<end_of_turn>\n"
        "<start_of_turn>model\n⟦Tea?<end_of_turn>⟧\n"
        "<start_of_turn>user\n(Ida nods.)<end_of_turn>\n"
        "<start_of_turn>model\n⟦I will come again. (leaves)<end_of_turn>⟧"
    ),
}
WITHOUT_SYSTEM = {
    "llama-3": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
        "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nGood morning.<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n⟦Tea?<|eot_id|>⟧"
    ),
    "qwen-2.5": (
        "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nGood morning.<|im_end|>\n<|im_start|>assistant\n⟦Tea?<|im_end|>⟧"
    ),
    "mistral-v0.3": "<s>[INST] Good morning.[/INST]⟦ Tea?</s>⟧",
    "gemma-2": ("<bos><start_of_turn>user\nGood morning.<end_of_turn>\n<start_of_turn>model\n⟦Tea?<end_of_turn>⟧"),
}


def marked(name: str, messages: tuple[Message, ...], template: str | None = None) -> str:
    rendered = ChatTemplate(student(name, template)).render(Chat(messages))
    assert rendered is not None
    text = rendered.text
    for start, end in reversed(rendered.spans):
        text = f"{text[:start]}⟦{text[start:end]}⟧{text[end:]}"
    return text


def fault(name: str, template: str, messages: tuple[Message, ...] = TALK) -> str:
    with pytest.raises(ChatTemplateError) as caught:
        marked(name, messages, template)
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("name", STUDENTS)
def test_the_students_own_words_and_the_end_of_its_turns_carry_loss(name: str) -> None:
    assert marked(name, TALK) == EXPECTED[name]


@pytest.mark.parametrize("name", STUDENTS)
def test_a_chat_without_a_system_text_is_what_the_template_makes_of_it(name: str) -> None:
    assert marked(name, TALK[1:3]) == WITHOUT_SYSTEM[name]


@pytest.mark.parametrize("name", STUDENTS)
def test_each_trained_turn_follows_the_prompt_in_which_it_will_be_asked_for(name: str) -> None:
    template, tokenizer = ChatTemplate(student(name)), student(name)
    rendered = template.render(Chat(TALK))
    assert rendered is not None
    folds = name in ("gemma-2", "mistral-v0.3")
    assert template.folds_system == folds
    asked = [Message("user", "Be yourself.\n\nGood morning."), *TALK[2:]] if folds else list(TALK)
    turns = [index for index, message in enumerate(asked) if message.role == "assistant"]
    for index, (start, _) in zip(turns, rendered.spans, strict=True):
        conversation = [message._asdict() for message in asked[:index]]
        prompt = tokenizer.apply_chat_template(
            conversation, tokenize=False, add_generation_prompt=True, date_string="26 Jul 2024"
        )
        assert rendered.text[:start] == prompt


@pytest.mark.parametrize("name", STUDENTS)
def test_a_prompt_is_what_comes_before_the_first_trained_turn(name: str) -> None:
    template = ChatTemplate(student(name))
    before, _, rest = EXPECTED[name].partition("⟦")
    assert template.prompt([("system", "Be yourself."), ("user", "Good morning.")]) == before
    assert template.prompt([("user", "Good morning.")]) == WITHOUT_SYSTEM[name].partition("⟦")[0]
    lead, close = template.answer_frame
    assert rest.startswith(f"{lead}Tea?{close}⟧")
    assert lead == (" " if name == "mistral-v0.3" else "")


@pytest.mark.parametrize("name", STUDENTS)
def test_the_sandbox_renders_as_transformers_does(name: str) -> None:
    tokenizer = student(name)
    for messages in ([("user", "Hi {{ x }}")], [("user", " a "), ("assistant", "b\n"), ("user", "c")]):
        conversation = [{"role": role, "content": content} for role, content in messages]
        theirs = tokenizer.apply_chat_template(
            conversation, tokenize=False, add_generation_prompt=True, date_string="26 Jul 2024"
        )
        assert ChatTemplate(tokenizer).prompt(messages) == theirs


def test_marks_of_generations_in_a_template_change_nothing() -> None:
    marks = (
        '{%- for m in messages %}{{- "<|im_start|>" + m["role"] + "\\n" }}'
        '{%- if m["role"] == "assistant" %}{% generation %}{{- m["content"] + "<|im_end|>" }}{% endgeneration %}'
        '{%- else %}{{- m["content"] + "<|im_end|>" }}{% endif %}{{- "\\n" }}{%- endfor %}'
        '{%- if add_generation_prompt %}{{- "<|im_start|>assistant\\n" }}{% endif %}'
    )
    assert marked("qwen-2.5", TALK, marks) == EXPECTED["qwen-2.5"]


def test_a_content_that_looks_like_the_template_is_content() -> None:
    talk = (Message("user", "assistant\nTea?"), Message("assistant", "model\nassistant"))
    assert marked("qwen-2.5", talk).endswith(
        "<|im_start|>user\nassistant\nTea?<|im_end|>\n<|im_start|>assistant\n⟦model\nassistant<|im_end|>⟧"
    )


def test_a_content_that_the_template_alters_gives_no_text() -> None:
    upper = TEMPLATES["qwen-2.5"].replace('message["content"] +', 'message["content"] | replace("x", "y") +')
    template = ChatTemplate(student("qwen-2.5", upper))
    assert template.render(Chat((Message("user", "x"), Message("assistant", "b")))) is None
    assert template.render(Chat((Message("user", "a"), Message("assistant", "b")))) is not None


def test_a_student_without_a_template_is_refused() -> None:
    assert fault("llama-3", "").startswith("the chat template of llama-3 is missing: take an instruction-tuned student")


def test_a_template_that_does_not_close_turns_is_refused() -> None:
    plain = '{% for m in messages %}{{ m["role"] + ": " + m["content"] + "\\n" }}{% endfor %}'
    plain += '{% if add_generation_prompt %}{{ "assistant: " }}{% endif %}'
    assert fault("llama-3", plain) == (
        "the chat template of llama-3 closes no assistant turn with a special token:"
        " the student could not learn to stop"
    )


def test_a_template_without_a_generation_prompt_is_refused() -> None:
    silent = TEMPLATES["qwen-2.5"].partition("{%- if add_generation_prompt")[0]
    assert fault("qwen-2.5", silent) == (
        "the chat template of qwen-2.5 gives no generation prompt: it adds '<|im_start|>assistant' to the"
        " assistant's own turn"
    )


def test_a_template_that_rewrites_what_came_before_is_refused() -> None:
    counting = '{{ messages | length }}{% for m in messages %}{{ m["content"] + eos_token }}{% endfor %}'
    assert fault("llama-3", counting) == (
        "the chat template of llama-3 renders the turns before turn 1 differently once that turn follows"
    )


def test_a_template_that_leaves_a_message_out_is_refused() -> None:
    last = '{{ messages[-1]["content"] + eos_token }}'
    assert fault("llama-3", last) == "the chat template of llama-3 leaves out a message, moves it, or shows it twice"


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        ('{{ raise_exception("not today") }}', "not today"),
        ("{% for i in range(10000000000) %}x{% endfor %}", "Range too big"),
        ("{{ 1 // 0 }}", "integer division or modulo by zero"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "maximum recursion depth exceeded"),
    ],
)
def test_a_template_that_fails_is_refused_with_its_own_words(failing: str, words: str) -> None:
    said = fault("llama-3", failing, TALK[1:3])
    assert said.startswith(f"the chat template of llama-3 refuses user, assistant, user, assistant: {words}")
    assert "\n" not in said


# ---------------------------------------------------------------- the date

DATED = "{{- 'Today is ' + strftime_now('%A, %-d %B %Y, %H:%M') + '. ' -}}" + TEMPLATES["qwen-2.5"]


def test_neither_clock_nor_locale_writes_into_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """SmolLM3, Granite and Mistral Small write today's date, and take none from outside."""
    import transformers.utils.chat_template_utils as templates

    class Clock:
        @staticmethod
        def now() -> Any:
            raise AssertionError("the clock was read")

    monkeypatch.setattr(templates, "datetime", Clock)
    assert marked("qwen-2.5", TALK, DATED) == "Today is Friday, 26 July 2024, 00:00. " + EXPECTED["qwen-2.5"]
    prompt = ChatTemplate(student("qwen-2.5", DATED)).prompt((("user", "Hello"),))
    assert prompt.startswith("Today is Friday, 26 July 2024, 00:00. ")


def test_a_template_that_reads_the_clock_is_known() -> None:
    assert ChatTemplate(student("qwen-2.5", DATED)).reads_clock
    assert not any(ChatTemplate(student(name)).reads_clock for name in STUDENTS)  # Llama's takes the date it is given


def test_the_fixed_date_is_one_day() -> None:
    day = date.fromisoformat(fixed_date.ISO_DATE)
    assert fixed_date.strftime_now("%Y-%m-%d") == fixed_date.ISO_DATE
    assert fixed_date.strftime_now("%d %b %Y") == fixed_date.DATE
    assert fixed_date.strftime_now("%-d|%j|%u|%%|%I %p|%s") == "26|208|5|%|12 AM|1721952000"
    for directive in "AaBbhpcxX":
        assert fixed_date.strftime_now(f"%{directive}") == day.strftime(f"%{directive}"), directive


def test_no_locale_words_the_fixed_date(monkeypatch: pytest.MonkeyPatch) -> None:
    class German(datetime):
        def strftime(self, format: str) -> str:
            words = {"%A": "Freitag", "%a": "Fr", "%B": "Juli", "%b": "Jul.", "%h": "Jul.", "%p": "", "%Z": "CEST"}
            words |= {"%c": "Fr 26 Jul 2024 00:00:00", "%x": "26.07.2024", "%X": "00:00:00 Uhr"}
            return words.get(format, super().strftime(format))

    expected = fixed_date.strftime_now("%A %a %B %b %h %p %c %x %X %Z %d")
    monkeypatch.setattr(fixed_date, "NOW", German(2024, 7, 26, tzinfo=UTC))
    assert fixed_date.strftime_now("%A %a %B %b %h %p %c %x %X %Z %d") == expected
    assert expected.startswith("Friday Fri July Jul Jul AM ")


@given(st.text(alphabet="%-ABCDabcdehjmpsuxyzXYZ 9", max_size=12))
def test_any_format_is_written(format: str) -> None:
    assert isinstance(fixed_date.strftime_now(format), str)
