"""Prompts that are longer than the student reads, refused before a model is loaded."""

from __future__ import annotations

from clca.errors import SettingsError
from clca.evaluation.classification.request_group import ExampleQuestion
from clca.evaluation.labelled.plan import LabelledPlan
from clca.inference.prompt_format import ChatFormat, TextFormat
from clca.inference.requests import RequestGroup
from clca.inference.tokenization import Tokens
from clca.models.chat_template import ChatTemplate
from clca.models.load import load_config, load_tokenizer
from clca.models.logging import quiet_libraries
from clca.models.student import Student

BYTES_MARGIN = 2
"""Texts are tokenised where their bytes times this exceed the context: a token is a byte at least, but for what some
tokenizers spell out first."""


def context_length(student: Student) -> int | None:
    """The most tokens that a student reads, where its configuration says so."""
    length: int | None = getattr(load_config(student), "max_position_embeddings", None)
    return length


def require_prompts_fit(plan: LabelledPlan) -> None:
    """Raise `SettingsError` for a prompt that is too long for the student with its answer.

    What a server reads is not known here, nor what a model that only other machines have.
    """
    student = None if plan.model.unavailable_reason else plan.model.student
    context = None if student is None else context_length(student)
    if student is None or context is None:
        return
    answer = plan.inference.answer_tokens
    tokens: Tokens | None = None
    for task in plan.tasks:
        for row in plan.prompt_forms.values():
            system = task.system_prompt(row)
            for example in task.examples(row):
                if BYTES_MARGIN * (len(system.encode()) + len(example.text.encode()) + answer) < context:
                    continue
                if tokens is None:
                    tokenizer = load_tokenizer(student)
                    chat = plan.inference.chat
                    tokens = Tokens(tokenizer, ChatFormat(ChatTemplate(tokenizer)) if chat else TextFormat())
                question = ExampleQuestion(example.text, task.answers, example.id, example.gold)
                with quiet_libraries():  # transformers warns of what is refused here
                    (prompt,) = tokens.prompts(RequestGroup("", system, (question,)))
                if len(prompt.ids) + answer > context:
                    raise SettingsError(
                        f"{task.name}, text {example.id}: prompt and answer take {len(prompt.ids) + answer:,} tokens,"
                        f" but {plan.model.name} takes at most {context:,}: leave the text out of the data, or"
                        " choose a student with a longer context"
                    )
