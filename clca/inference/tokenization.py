"""The tokens of prompts, and of the labels that may follow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clca.errors import ClcaError
from clca.inference.prompt_format import Format
from clca.inference.requests import Question, RequestGroup

TAIL = 64  # characters at the end of a prompt that decide how the tokens go on after it


class TokensError(ClcaError):
    """A label is not one token for the student's tokenizer, or the end of a reply none at all."""


class Tokenizer(Protocol):
    """What is used of a transformers tokenizer."""

    name_or_path: str
    bos_token_id: int | None
    eos_token_id: int | None

    def __call__(self, text: list[str], /, **kwargs: Any) -> Any: ...

    def decode(self, token_ids: Sequence[int], /, **kwargs: Any) -> str:
        """The text of token ids."""
        ...

    def convert_tokens_to_ids(self, tokens: str, /) -> Any:
        """The id of a token."""
        ...


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """The tokens of a question up to its answer; `options[i]` is the token of `Question.labels[i]` there.

    Where only text is generated there are no options.
    """

    ids: list[int]
    options: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ending:
    """From a prompt's tokens to its options: leave off `cut` tokens, add `added`, then one of `options`."""

    cut: int
    added: tuple[int, ...]
    options: tuple[int, ...]


class Tokens:
    """Encodes prompts in one format, and decodes replies."""

    def __init__(self, tokenizer: Tokenizer, format: Format) -> None:
        self._tokenizer, self._format = tokenizer, format
        begin = tokenizer.bos_token_id
        self._begin = [begin] if format.begins and begin is not None else []
        self._endings: dict[tuple[str, tuple[str, ...]], _Ending] = {}

    def prompts(self, group: RequestGroup) -> list[EncodedPrompt]:
        """Each question of the group up to where the reply begins."""
        return [EncodedPrompt(ids) for ids in self._encode(self._texts(group))]

    def with_options(self, group: RequestGroup) -> list[EncodedPrompt]:
        """Each question of the group up to where its labels differ, with the token of each label there.

        Raises `TokensError` if labels do not differ in exactly one token, their last.
        """
        texts = self._texts(group)
        prompts = []
        for question, text, ids in zip(group.questions, texts, self._encode(texts), strict=True):
            ending = self._ending(question, text, ids)
            prompts.append(EncodedPrompt([*ids[: len(ids) - ending.cut], *ending.added], ending.options))
        return prompts

    def ends(self, model: Any) -> frozenset[int]:
        """The tokens that end a reply, by the tokenizer, the model's configuration and the format.

        Raises `TokensError` where the configuration names what is no token.
        """
        configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
        ends = list(configured) if isinstance(configured, list | tuple) else [configured]
        ends.append(self._tokenizer.eos_token_id)
        if self._format.end:
            ends.append(self._tokenizer.convert_tokens_to_ids(self._format.end))
        if not all(token is None or type(token) is int for token in ends):
            name = self._tokenizer.name_or_path or "the student"
            raise TokensError(f"eos_token_id of {name} is no number of a token: correct its generation_config.json")
        return frozenset(token for token in ends if token is not None)

    def ids(self, text: str) -> list[int]:
        """The tokens of a prompt, after the begin token where the format has it."""
        return self._encode([text])[0]

    def text(self, ids: Sequence[int]) -> str:
        """The text of a reply, without a character that its end has cut."""
        return self._tokenizer.decode(ids, skip_special_tokens=True).rstrip("\ufffd")

    def _texts(self, group: RequestGroup) -> list[str]:
        return [self._format.prompt(group.system, question.text) for question in group.questions]

    def _encode(self, texts: list[str]) -> list[list[int]]:
        encoded: list[list[int]] = self._tokenizer(texts, add_special_tokens=False)["input_ids"]
        return [[*self._begin, *ids] for ids in encoded]

    def _ending(self, question: Question, text: str, ids: list[int]) -> _Ending:
        key = (text[-TAIL:], question.labels)
        if key not in self._endings:
            self._endings[key] = self._find_ending(question.labels, text, ids)
        return self._endings[key]

    def _find_ending(self, labels: Sequence[str], text: str, ids: list[int]) -> _Ending:
        answered = self._encode([text + self._format.lead + label for label in labels])
        start = common_length(answered)
        name = self._tokenizer.name_or_path or "the student"
        for label, answered_ids in zip(labels, answered, strict=True):
            if len(answered_ids) != start + 1:
                raise TokensError(
                    f"the tokenizer of {name} does not encode the answer {label!r} as a single token:"
                    " use --mode generate"
                )
        kept = common_length([ids, answered[0][:start]])
        return _Ending(len(ids) - kept, tuple(answered[0][kept:start]), tuple(row[start] for row in answered))


def common_length(rows: Sequence[list[int]]) -> int:
    """How many tokens all rows have in common at their beginning."""
    first, last = min(rows), max(rows)  # in their order, all others lie between these two
    for index, token in enumerate(first):
        if index >= len(last) or last[index] != token:
            return index
    return len(first)
