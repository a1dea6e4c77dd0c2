"""A student's chat template: the text of a chat, and the spans of it that the student writes and is trained on.

A template is rendered once per sequence of roles, with placeholders for the contents; the texts between them are its
frames. An example's text is assembled from frames and contents, and must equal what the template itself renders.
The loss is on what the student writes: from the end of the generation prompt to the end of the token that closes the
turn. Nothing depends on the template's own `{% generation %}` marks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from clca.content.sandbox import TEMPLATE_ERRORS, fault
from clca.errors import ClcaError
from clca.models.chat_sandbox import load_chat_template, render_chat
from clca.models.fixed_date import DATE, strftime_now
from clca.models.messages import Chat, Message, Role

SYSTEM_SEPARATOR = "\n\n"  # between the system text and the first user turn, for a template without system role


class ChatTemplateError(ClcaError):
    """The student's chat template is missing, or does not show which characters the student writes."""


class Tokenizer(Protocol):
    """The part of a fast transformers tokenizer that is used."""

    name_or_path: str
    is_fast: bool
    chat_template: Any
    bos_token_id: int | None
    eos_token_id: int | None
    all_special_tokens: list[str]

    @property
    def added_tokens_decoder(self) -> dict[int, Any]:
        """The added tokens by id."""
        ...

    @property
    def special_tokens_map(self) -> dict[str, Any]:
        """The special tokens by the names that templates have for them."""
        ...

    def get_chat_template(self) -> str:
        """The template of plain chats, where there are several."""
        ...

    def __call__(self, text: list[str], /, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text and its spans [start, end), in characters, on which the loss is computed."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def trained(self) -> list[str]:
        """The texts of the spans."""
        return [self.text[start:end] for start, end in self.spans]


@dataclass(frozen=True, slots=True)
class _Frames:
    """The texts before, between and after the contents of one sequence of roles.

    The student writes the last `leads[i]` characters of frame i before content i, and the first `closes[i]` of frame
    i + 1 after it. Both are 0 for turns of other roles.
    """

    texts: tuple[str, ...]
    leads: tuple[int, ...]
    closes: tuple[int, ...]


class ChatTemplate:
    """The chat template of a student's tokenizer. Raises `ChatTemplateError` if it cannot be used."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._frames: dict[tuple[str, ...], _Frames] = {}
        self._control = control_tokens(tokenizer)
        self._asked_for_date = False
        if not tokenizer.chat_template:
            raise self._error(
                "is missing: take an instruction-tuned student, or a mix of plain text (wvs, wiki, normad)"
            )
        try:
            self._template = load_chat_template(tokenizer.get_chat_template(), self._strftime_now)
        except TEMPLATE_ERRORS as error:
            raise self._error(f"cannot be used: {fault(error)}") from None

    @cached_property
    def folds_system(self) -> bool:
        """Whether the system text is put into the first user turn.

        It is for a template without system role (Gemma 2), and for one that moves the system text to the last user
        turn (Mistral v0.3): a turn would then be trained with another prompt than it is requested with.
        """
        try:
            self._frames_of(("system", "user", "assistant", "user", "assistant"))
        except ChatTemplateError:
            self._frames_of(
                ("user", "assistant", "user", "assistant")
            )  # raises if the template cannot be used without it either
            return True
        return False

    def render(self, chat: Chat) -> Rendered | None:
        """The text of a chat up to the end of its last trained span, or None if the template alters its contents."""
        messages = fold_system(chat.messages) if self.folds_system else chat.messages
        frames = self._frames_of(tuple(message.role for message in messages))
        pieces, spans, length = [frames.texts[0]], [], len(frames.texts[0])
        for index, message in enumerate(messages):
            after = frames.texts[index + 1]
            end = length + len(message.content)
            if message.role == "assistant":
                spans.append((length - frames.leads[index], end + frames.closes[index]))
            pieces += [message.content, after]
            length = end + len(after)
        text = "".join(pieces)
        if text != self._apply(messages, generation=False):
            return None
        return Rendered(text[: spans[-1][1]], tuple(spans if chat.loss_on == "all" else spans[-1:]))

    def prompt(self, messages: Sequence[tuple[Role, str]]) -> str:
        """The text of messages that end with the user's, up to the beginning of the student's answer.

        The system text is where training puts it. Contents must have no white space around them.
        """
        chat = tuple(Message(*message) for message in messages)
        return self._apply(fold_system(chat) if self.folds_system else chat, generation=True)

    @cached_property
    def answer_frame(self) -> tuple[str, str]:
        """What the student writes before the content of its answer, often nothing, and after it to close the turn."""
        frames = self._frames_of(("user", "assistant"))
        lead, close = frames.leads[1], frames.closes[1]
        return frames.texts[1][len(frames.texts[1]) - lead :], frames.texts[2][:close]

    @cached_property
    def reads_clock(self) -> bool:
        """Whether the template writes the present date, of which a server that renders it cannot be told another."""
        self._asked_for_date = False
        self.prompt((("user", "x"),))
        return self._asked_for_date

    def _frames_of(self, roles: tuple[str, ...]) -> _Frames:
        if roles not in self._frames:
            self._frames[roles] = self._learn(roles)
        return self._frames[roles]

    def _learn(self, roles: tuple[str, ...]) -> _Frames:
        texts = self._split(roles, generation=False)
        leads, closes = [0] * len(roles), [0] * len(roles)
        for index, role in enumerate(roles):
            if role != "assistant":
                continue
            prompt = self._split(roles[:index], generation=True)
            if prompt[:-1] != texts[:index] or not texts[index].startswith(prompt[-1]):
                raise self._error(f"renders the turns before turn {index} differently once that turn follows")
            lead = texts[index][len(prompt[-1]) :]
            if lead.strip():
                raise self._error(f"gives no generation prompt: it adds {lead.strip()!r} to the assistant's own turn")
            leads[index], closes[index] = len(lead), self._close(texts[index + 1])
        return _Frames(tuple(texts), tuple(leads), tuple(closes))

    def _close(self, after: str) -> int:
        """The number of characters that close an assistant's turn: white space and one control token."""
        blank = len(after) - len(after.lstrip())
        token = self._control.match(after, blank)
        if token is None:
            raise self._error("closes no assistant turn with a special token: the student could not learn to stop")
        return token.end()

    def _split(self, roles: Sequence[str], *, generation: bool) -> list[str]:
        """The template's own text before, between and after placeholders for the contents."""
        placeholders = [f"\ue000{index}\ue001" for index in range(len(roles))]
        messages = [Message(role, mark) for role, mark in zip(roles, placeholders, strict=True)]  # type: ignore[arg-type]
        rendered = self._apply(messages, generation)
        texts = []
        for mark in placeholders:
            before, separator, rendered = rendered.partition(mark)
            if not separator or mark in rendered:
                raise self._error("leaves out a message, moves it, or shows it twice")
            texts.append(before)
        return [*texts, rendered]

    def _apply(self, messages: Sequence[Message], generation: bool) -> str:
        conversation = [{"role": role, "content": content} for role, content in messages]
        variables = {
            **self._tokenizer.special_tokens_map,
            "messages": conversation,
            "tools": None,
            "documents": None,
            "add_generation_prompt": generation,
            "date_string": DATE,  # Llama's templates write today's unless they are given one
        }
        try:
            return render_chat(self._template, variables)
        except TEMPLATE_ERRORS as error:
            raise self._error(f"refuses {', '.join(role for role, _ in messages)}: {fault(error)}") from None

    def _strftime_now(self, format: str) -> str:
        self._asked_for_date = True
        return strftime_now(format)

    def _error(self, what: str) -> ChatTemplateError:
        return ChatTemplateError(f"the chat template of {self._tokenizer.name_or_path or 'the student'} {what}")


def control_tokens(tokenizer: Tokenizer) -> re.Pattern[str]:
    """A pattern that matches the tokenizer's control tokens anywhere in a text."""
    added = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    longest_first = sorted({*tokenizer.all_special_tokens, *added} - {""}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def fold_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with the system text at the beginning of the first user turn."""
    if messages[0].role != "system":
        return tuple(messages)
    system, first, *later = messages
    return (Message("user", system.content + SYSTEM_SEPARATOR + first.content), *later)
