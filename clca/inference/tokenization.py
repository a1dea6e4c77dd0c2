"""The tokens of prompts, and of the labels that may follow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clca.errors import ClcaError
from clca.inference.prompt_format import Format
from clca.inference.requests import Question, RequestGroup

TAIL = 64  # characters of a prompt's end on which it depends how an answer goes on after it


class TokensError(ClcaError):
    """The student's tokenizer cannot be asked in this way."""


class Tokenizer(Protocol):
    """What is used of a transformers tokenizer."""

    name_or_path: str
    bos_token_id: int | None
    eos_token_id: int | None

    def __call__(self, text: list[str], /, **kwargs: Any) -> Any: ...

    def decode(self, token_ids: Sequence[int], /, **kwargs: Any) -> str: ...

    def convert_tokens_to_ids(self, tokens: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """A question's tokens up to the answer; `options[i]` is the token of `Question.labels[i]` there.

    Where only text is generated there are no options.
    """

    ids: list[int]
    options: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Way:
    """From a prompt to its options: leave off `cut` tokens, add `more`, then one of `options`."""

    cut: int
    more: tuple[int, ...]
    options: tuple[int, ...]


class Tokens:
    """Sheets as tokens."""

    def __init__(self, tokenizer: Tokenizer, format: Format) -> None:
        self._tokenizer, self._format = tokenizer, format
        begin = tokenizer.bos_token_id
        self._begin = [begin] if format.begins and begin is not None else []
        self._ways: dict[tuple[str, tuple[str, ...]], _Way] = {}

    def prompts(self, sheet: RequestGroup) -> list[Encoded]:
        """Each question up to where the student writes."""
        return [Encoded(ids) for ids in self._encode(self._texts(sheet))]

    def with_options(self, sheet: RequestGroup) -> list[Encoded]:
        """Each question up to where its options part, and their tokens there."""
        texts = self._texts(sheet)
        asked = []
        for question, text, ids in zip(sheet.questions, texts, self._encode(texts), strict=True):
            way = self._way(question, text, ids)
            asked.append(Encoded([*ids[: len(ids) - way.cut], *way.more], way.options))
        return asked

    def ends(self, model: Any) -> frozenset[int]:
        """The tokens that end a reply: of the tokenizer, of the model's configuration, and of the format."""
        configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
        found = list(configured) if isinstance(configured, list | tuple) else [configured]
        found.append(self._tokenizer.eos_token_id)
        if self._format.end:
            found.append(self._tokenizer.convert_tokens_to_ids(self._format.end))
        return frozenset(one for one in found if one is not None)

    def ids(self, text: str) -> list[int]:
        """A prompt's tokens, with the begin token where the format has it."""
        return self._encode([text])[0]

    def text(self, ids: Sequence[int]) -> str:
        """What a reply says; a character that its end has cut is left out."""
        return self._tokenizer.decode(ids, skip_special_tokens=True).rstrip("\ufffd")

    def _texts(self, sheet: RequestGroup) -> list[str]:
        return [self._format.prompt(sheet.system, question.text) for question in sheet.questions]

    def _encode(self, texts: list[str]) -> list[list[int]]:
        encoded: list[list[int]] = self._tokenizer(texts, add_special_tokens=False)["input_ids"]
        return [[*self._begin, *ids] for ids in encoded]

    def _way(self, question: Question, text: str, ids: list[int]) -> _Way:
        key = (text[-TAIL:], question.labels)
        if key not in self._ways:
            self._ways[key] = self._find(question.labels, text, ids)
        return self._ways[key]

    def _find(self, labels: Sequence[str], text: str, ids: list[int]) -> _Way:
        answered = self._encode([text + self._format.lead + label for label in labels])
        start = common_length(answered)
        name = self._tokenizer.name_or_path or "the student"
        for label, one in zip(labels, answered, strict=True):
            if len(one) != start + 1:
                raise TokensError(
                    f"the tokenizer of {name} does not write the answer {label!r} as one token of its own:"
                    " let the student write its answers, with --mode generate"
                )
        same = common_length([ids, answered[0][:start]])
        return _Way(len(ids) - same, tuple(answered[0][same:start]), tuple(one[start] for one in answered))


def common_length(rows: Sequence[list[int]]) -> int:
    """How many tokens all rows begin with in common."""
    first, last = min(rows), max(rows)  # in their order, all others lie between these two
    for place, token in enumerate(first):
        if place >= len(last) or last[place] != token:
            return place
    return len(first)
