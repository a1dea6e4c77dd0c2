"""Examples as rows of token ids with a loss mask, cut to length at the borders of turns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import count, islice
from typing import Any, Literal, TypedDict

from clca.errors import SettingsError
from clca.models.chat_template import ChatTemplate, Rendered, Tokenizer, control_tokens
from clca.training.examples import Example, ExampleCounts, Text

BATCH = 256

TOO_LONG = "example without a trained token within max_length"
CONTROL = "example that holds one of the student's control tokens"
ALTERED = "example whose text the chat template alters"


class Row(TypedDict):
    """One row of the training set; a token whose mask is 1 carries loss. On disk the mask becomes labels."""

    input_ids: list[int]
    assistant_masks: list[int]


class Encoder:
    """Makes rows for one student; lazily, in batches that the tokenizer works on with all its threads.

    `vocabulary` is the number of tokens that the student embeds. Raises `SettingsError`, also where a row is made, for
    a tokenizer that gives others.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        max_length: int,
        text_loss: Literal["all", "answer"] = "all",
        vocabulary: int | None = None,
    ) -> None:
        if not tokenizer.is_fast:
            raise SettingsError(
                f"the tokenizer of {tokenizer.name_or_path} is not a fast one, so that it gives no token offsets:"
                " choose a student that has a tokenizer.json"
            )
        self._tokenizer, self._max_length, self._text_loss = tokenizer, max_length, text_loss
        self._vocabulary = vocabulary
        padding = getattr(tokenizer, "pad_token_id", None)
        self._require_embedded([token for token in (padding, tokenizer.bos_token_id, tokenizer.eos_token_id) if token])

    @cached_property
    def template(self) -> ChatTemplate:
        """The student's chat template; a student without one can still learn from plain text."""
        return ChatTemplate(self._tokenizer)

    def rows(
        self,
        examples: Iterable[Example],
        counts: ExampleCounts,
        taken: Callable[[Example], None] = lambda example: None,
    ) -> Iterator[Row]:
        """A row for each example that can be one, which `taken` gets before; what is cut or dropped is counted."""
        for example, row in self._encode(examples, counts):
            if row is not None:
                taken(example)
                yield row

    def lengths(self, examples: Iterable[Example]) -> Iterator[int]:
        """The number of tokens of each example's row; 0 where it gives none."""
        for _, row in self._encode(examples, ExampleCounts()):
            yield len(row["input_ids"]) if row is not None else 0

    def render(self, example: Example) -> Rendered | None:
        """The text of an example and its trained spans, before it is cut; None where a template alters it."""
        if not isinstance(example.body, Text):
            return self.template.render(example.body)
        prompt, text = example.body.prompt, example.body.prompt + example.body.answer
        return Rendered(text, ((0 if self._text_loss == "all" else len(prompt), len(text)),))

    def _encode(self, examples: Iterable[Example], counts: ExampleCounts) -> Iterator[tuple[Example, Row | None]]:
        """Tokenising needs no Python: while one batch is tokenised, the next is read and rendered."""
        stream = iter(examples)
        with ThreadPoolExecutor(max_workers=1) as pool:
            waiting: tuple[list[Example], list[Rendered | None], Future[Any]] | None = None
            while batch := list(islice(stream, BATCH)):
                rendered = [self._checked(example, counts) for example in batch]
                begun = pool.submit(self._tokenise, [rendering.text for rendering in rendered if rendering is not None])
                if waiting is not None:
                    yield from self._rows(*waiting, counts)
                waiting = batch, rendered, begun
            if waiting is not None:
                yield from self._rows(*waiting, counts)

    def _tokenise(self, texts: list[str]) -> Any:
        if not texts:
            return None
        return self._tokenizer(
            texts, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False, verbose=False
        )

    def _rows(
        self,
        batch: Sequence[Example],
        rendered: Sequence[Rendered | None],
        tokenised: Future[Any],
        counts: ExampleCounts,
    ) -> Iterator[tuple[Example, Row | None]]:
        encoded, indices = tokenised.result(), count()
        for example, rendering in zip(batch, rendered, strict=True):
            if rendering is None:
                yield example, None
                continue
            index = next(indices)
            ids = encoded["input_ids"][index]
            self._require_embedded(ids)
            if isinstance(example.body, Text):
                row, cut = self._text_row(ids, _first_token(encoded, index, rendering.spans[0]))
            else:
                row, cut = self._chat_row(ids, [_tokens(encoded, index, span) for span in rendering.spans])
            if row is None:
                counts.dropped[TOO_LONG] += 1
            else:
                counts.rows[example.task] += 1
                counts.cut[example.task] += cut
                counts.tokens[example.task] += len(row["input_ids"])
                counts.trained[example.task] += sum(row["assistant_masks"])
                if example.item:
                    counts.items[example.item] += 1
            yield example, row

    def _require_embedded(self, ids: Sequence[int]) -> None:
        highest = max(ids, default=0)
        if self._vocabulary is not None and highest >= self._vocabulary:
            raise SettingsError(
                f"the tokenizer of {self._tokenizer.name_or_path} gives token {highest:,}, but the student embeds"
                f" {self._vocabulary:,}: they do not belong together"
            )

    def _checked(self, example: Example, counts: ExampleCounts) -> Rendered | None:
        body = example.body
        parts = (
            (body.prompt, body.answer)
            if isinstance(body, Text)
            else tuple(message.content for message in body.messages)
        )
        if self._control.search("\n".join(parts)):
            counts.dropped[CONTROL] += 1
            return None
        rendered = self.render(example)
        if rendered is None:
            counts.dropped[ALTERED] += 1
        return rendered

    def _chat_row(self, ids: list[int], spans: list[tuple[int, int]]) -> tuple[Row | None, bool]:
        """Whole turns only: what does not fit ends after the last of the student's turns that does."""
        fitting = [(start, end) for start, end in spans if end <= self._max_length]
        if not fitting:
            return None, False
        mask = [0] * fitting[-1][1]
        for start, end in fitting:
            mask[start:end] = [1] * (end - start)
        return Row(input_ids=ids[: len(mask)], assistant_masks=mask), len(fitting) < len(spans)

    def _text_row(self, ids: list[int], start: int) -> tuple[Row | None, bool]:
        """Plain text between the student's own begin and end tokens; what is too long loses its end, and the token."""
        begin, end = self._tokenizer.bos_token_id, self._tokenizer.eos_token_id
        head = [begin] if begin is not None else []
        complete = [*head, *ids, *([end] if end is not None else [])]
        mask = [0] * (len(head) + start) + [1] * (len(complete) - len(head) - start)
        cut = complete[: self._max_length]
        if not any(mask[: len(cut)]):
            return None, False
        return Row(input_ids=cut, assistant_masks=mask[: len(cut)]), len(cut) < len(complete)

    @cached_property
    def _control(self) -> re.Pattern[str]:
        return control_tokens(self._tokenizer)


def _tokens(encoded: Any, place: int, span: tuple[int, int]) -> tuple[int, int]:
    """The tokens [first, last) of a span that ends with a control token."""
    return _first_token(encoded, place, span), encoded.char_to_token(place, span[1] - 1) + 1


def _first_token(encoded: Any, place: int, span: tuple[int, int]) -> int:
    """The first token that stands in the span wholly: one that begins before it belongs to the prompt."""
    for position in range(*span):
        token = encoded.char_to_token(place, position)
        if token is not None:
            return int(token) + int(encoded.token_to_chars(place, token).start < span[0])
    return len(encoded.tokens(place))
