"""How a question becomes a prompt: a chat in the student's template, or plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]
Mode = Literal["generate", "probability"]
JOINT = "\n\n"  # between the system text and the question, where they are one text


class Template(Protocol):
    """A student's chat template."""

    @property
    def answer_frame(self) -> tuple[str, str]:
        """The texts before and after an answer."""
        ...

    def prompt(self, messages: Sequence[tuple[Role, str]]) -> str:
        """The text of a chat up to where the answer begins."""
        ...


class Format(Protocol):
    """What precedes an answer.

    `begins` says whether the tokenizer's begin token goes before the prompt (a chat template writes its own),
    `lead` is the text between the prompt and the label of an answer, `end` the token that closes an answer.
    """

    @property
    def begins(self) -> bool:
        """Whether the prompt begins with the tokenizer's special token."""
        ...

    @property
    def lead(self) -> str:
        """The text between a prompt and a label."""
        ...

    @property
    def end(self) -> str:
        """The text that ends a turn."""
        ...

    def prompt(self, system: str, question: str) -> str:
        """The text of a prompt; `system` may be ""."""
        ...


class ChatFormat:
    """A system and a user message in the student's chat template."""

    begins = False

    def __init__(self, template: Template) -> None:
        self._template = template
        self.lead, end = template.answer_frame
        self.end = end.strip()

    def prompt(self, system: str, question: str) -> str:
        """System and question in the model's chat template."""
        return self._template.prompt(messages(system, question))


@dataclass(frozen=True, slots=True)
class TextFormat:
    """Plain text that an answer follows after a space, as in training on survey examples."""

    begins: bool = True
    lead: str = " "
    end: str = ""

    def prompt(self, system: str, question: str) -> str:
        """System and question as plain text."""
        return joined(system, question)


def messages(system: str, question: str) -> list[tuple[Role, str]]:
    """The chat of a question, with a system message unless `system` is ""."""
    user: tuple[Role, str] = ("user", question)
    return [("system", system), user] if system else [user]


def joined(system: str, question: str) -> str:
    """System text and question as one text."""
    return system + JOINT + question if system else question
