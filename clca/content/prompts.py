"""Prompts: one Jinja2 file per task, with named blocks, rendered strictly and in a sandbox.

A block is one chat message. `Prompts.load` reports a variable that the code does not provide, or a missing block,
with file and line, before any model is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
from jinja2 import meta, nodes

from clca.content.lookup import Content
from clca.content.parsing import suggestion
from clca.content.sandbox import TEMPLATE_ERRORS, Sandbox, fault, render
from clca.errors import ContentError


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """The blocks that a prompt file must have, and the variables that it may use."""

    blocks: tuple[str, ...]
    variables: frozenset[str]


GENERATION_PROMPTS = {
    "adapt": PromptSpec(("system", "user", "again"), frozenset({"culture", "scenario", "foreign", "draft", "mistake"})),
    "compose": PromptSpec(
        ("system", "user", "again"), frozenset({"culture", "norm", "people", "ages", "place", "mistake"})
    ),
    "turn": PromptSpec(
        ("system", "opening", "heard", "again"),
        frozenset(
            {
                "culture",
                "place",
                "scenario",
                "me",
                "partner",
                "called",
                "turn",
                "exchanges",
                "form",
                "thought",
                "leave_rule",
                "mistake",
            }
        ),
    ),
    "judge": PromptSpec(("system", "user"), frozenset({"culture", "scenario", "transcript", "counted"})),
    "meta": PromptSpec(
        ("system", "user", "verdict"),
        frozenset({"culture", "scenario", "transcript", "counted", "quality", "alignment"}),
    ),
    "intent": PromptSpec(("system", "user"), frozenset({"culture", "scenario", "transcript", "speaker"})),
}

TWO_CULTURES = "two-cultures"
"""The folder of `prompts/` that holds the generation prompts of runs of two cultures."""

RATING_PROMPTS = {
    "rate": PromptSpec(("system", "user"), frozenset({"culture", "scenario", "transcript", "counted", "secrets"})),
}
"""The prompt of `--rate`, read only then: no record of another run depends on it."""

TRAINING_PROMPTS = {
    "train-dialogue": PromptSpec(("system", "opening"), frozenset({"culture", "scenario", "me", "partner"})),
    "train-intent": PromptSpec(("system",), frozenset({"culture", "scenario", "participants"})),
}
"""The prompts of training examples, apart from the teacher's since no generated record depends on them."""

WVS_PROMPTS = {
    "wvs-persona": PromptSpec(("system",), frozenset({"persona"})),
    "wvs-cultural": PromptSpec(("system",), frozenset({"culture"})),
    "wvs-question": PromptSpec(("user",), frozenset({"question", "options"})),
}
"""The prompts of the survey evaluation; `system` holds what all questions of a respondent share."""

WVS_PAPER_PROMPTS = {
    "wvs-paper": PromptSpec(
        ("persona", "cultural", "question"), frozenset({"persona", "culture", "question", "options"})
    )
}
"""Those of `--scoring paper`, in the form of the released evaluation; `persona` and `cultural` are system messages."""

_QUESTION = PromptSpec(("system", "user"), frozenset({"subject", "question", "options"}))
MMLU_PROMPTS = {"mmlu": _QUESTION, "mmlu-paper": _QUESTION}


class Prompts:
    """Compiled prompt files."""

    def __init__(self, templates: dict[str, tuple[str, jinja2.Template]]) -> None:
        self._templates = templates

    @classmethod
    def load(
        cls, content: Content, prompts: Mapping[str, PromptSpec] = GENERATION_PROMPTS, language: str = ""
    ) -> Prompts:
        """Read and compile the prompts in `prompts/`, or their translations in `prompts/<language>/`.

        Raises `ContentError` for a file that is not Jinja2, lacks a block or uses an unknown variable.
        """
        environment = Sandbox(undefined=jinja2.StrictUndefined)
        templates = {}
        for name, spec in prompts.items():
            path = f"prompts/{language}/{name}.j2" if language else f"prompts/{name}.j2"
            text = content.text(path)
            shown = content.shown(path)
            try:
                template = environment.load(text, shown)
            except jinja2.TemplateSyntaxError as error:
                raise ContentError(shown, error.lineno, f"not Jinja2: {error.message}") from None
            _check(environment, shown, text, spec)
            templates[name] = (shown, template)
        return cls(templates)

    def messages(self, prompt: str, /, **variables: Any) -> tuple[dict[str, str], dict[str, str]]:
        """The blocks `system` and `user` as the messages of a request. Raises as `render` does."""
        return (
            {"role": "system", "content": self.render(prompt, "system", **variables)},
            {"role": "user", "content": self.render(prompt, "user", **variables)},
        )

    def render(self, prompt: str, block: str, /, **variables: Any) -> str:
        """The text of one block, rendered with the variables of the prompt's `PromptSpec`.

        Raises `ContentError` with the template's line.
        """
        path, template = self._templates[prompt]
        try:
            return render(template.blocks[block], template, variables).strip()
        except TEMPLATE_ERRORS as error:
            raise ContentError(path, _line(error, path, template), fault(error)) from None


def _check(environment: Sandbox, path: str, text: str, spec: PromptSpec) -> None:
    tree = environment.parse(text, filename=path)
    used = meta.find_undeclared_variables(tree)
    blocks = {block.name for block in tree.find_all(nodes.Block)}
    for missing in spec.blocks:
        if missing not in blocks:
            raise ContentError(path, None, f"block {missing!r} is missing{suggestion(missing, blocks)}")
    for unknown in sorted(blocks - set(spec.blocks)):
        raise ContentError(path, None, f"unknown block {unknown!r}{suggestion(unknown, spec.blocks)}")
    for name in sorted(used - spec.variables):
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), None)
        known = ", ".join(sorted(spec.variables))
        raise ContentError(path, line, f"{name}: no such variable; this prompt has {known}")


def _line(error: BaseException, path: str, template: jinja2.Template) -> int | None:
    """The template's line in which the error arose; the traceback has that of the compiled code."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line
