"""A Hugging Face model in this process, with adapters on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic

from clca.errors import ClcaError
from clca.inference.batching import PassBudget
from clca.inference.decode import MAX_NEW_TOKENS, GreedyDecoder
from clca.inference.lora import AdapterSwitch
from clca.inference.prefix_cache import PrefixCache, Suffix
from clca.inference.prompt_format import Format, Mode
from clca.inference.requests import Answer, AnsweredCallback, G
from clca.inference.tokenization import EncodedPrompt, Tokenizer, Tokens, common_length

ATTENTION_LAYERS = {"full_attention", "sliding_attention", "chunked_attention"}
MIN_TOKENS = 64  # in a pass; what does not fit into memory then does not fit at all
WINDOW = 128  # request groups that are considered together, to batch those of similar length


class LocalError(ClcaError):
    """The model in this process cannot answer these requests."""


class OutOfMemory(LocalError):
    """The smallest forward pass does not fit into memory; answers so far are kept."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class _EncodedGroup(Generic[G]):
    """A request group as tokens: what its prompts share, and the rest of each with its options."""

    group: G
    prefix: list[int]
    suffixes: list[EncodedPrompt]

    @property
    def prefix_length(self) -> int:
        return len(self.prefix)

    @property
    def suffix_tokens(self) -> int:
        return sum(len(suffix.ids) for suffix in self.suffixes)


_Key = tuple[int, int]
"""The index of an encoded group in its batch, and of a question in it."""


class HfModel:
    """Answers request groups with a loaded model and its tokenizer.

    `model` is a transformers model or, where adapters answer, a PEFT model around it; `adapters` maps the adapter
    names of groups to PEFT's. A reply has `max_new_tokens` at most, and ends as soon as
    `stop_condition(group, question, text)` holds for its text so far. `memory` (bytes) and `tokens` limit one forward
    pass; `PassBudget.of` gives their defaults. In float32 probabilities are those of each prompt alone within 1e-4,
    and replies the same.

    Raises `LocalError` for a model that cannot continue from a shared prefix.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        format: Format,
        mode: Mode,
        *,
        adapters: Mapping[str, str] | None = None,
        max_new_tokens: int = MAX_NEW_TOKENS,
        stop_condition: Callable[[Any, Any, str], bool] | None = None,
        memory: int | None = None,
        tokens: int | None = None,
    ) -> None:
        self._model, self._tokens, self._mode = model.eval(), Tokens(tokenizer, format), mode
        self._adapters = AdapterSwitch(model, adapters or {})
        self._max_new_tokens = max_new_tokens if mode == "generate" else 0
        self._stop_condition = stop_condition
        self._budget = PassBudget.of(model, memory, tokens)
        self._ends = self._tokens.ends(model)
        config = model.config.get_text_config()
        self._context = getattr(config, "max_position_embeddings", None)
        self._window = attention_window(config)
        if others := set(getattr(config, "layer_types", None) or ()) - ATTENTION_LAYERS:
            raise LocalError(
                f"the student has layers of {', '.join(sorted(others))}, which cannot continue from a shared prefix:"
                " serve it with vLLM and give --base-url"
            )
        self._embedded = int(model.get_input_embeddings().weight.shape[0])

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        """Answer the groups, in any order. Raises `LocalError`."""
        remaining = iter(groups)
        while window := [self._encode(group) for group in islice(remaining, WINDOW)]:
            for batch in self._batches(window):
                for encoded, answers in zip(batch, self._answer_in_memory(batch), strict=True):
                    answered(encoded.group, answers)

    def _encode(self, group: G) -> _EncodedGroup[G]:
        prompts = self._tokens.with_options(group) if self._mode == "probability" else self._tokens.prompts(group)
        rows = [prompt.ids for prompt in prompts]
        longest = max(map(len, rows)) + max(self._max_new_tokens, 1)
        if self._context is not None and longest > self._context:
            raise LocalError(
                f"a prompt and its answer take {longest:,} tokens, but the student takes at most {self._context:,}:"
                " shorten the prompts, or choose a student with a longer context"
            )
        highest = max(token for prompt in prompts for token in (*prompt.ids, *prompt.options, 0))
        if highest >= self._embedded:
            raise LocalError(
                f"the tokenizer gives token {highest:,}, but the student embeds {self._embedded:,}: they do not belong"
                " together"
            )
        # A suffix has one token at least; one question alone shares nothing, and takes one pass so.
        shared = min(common_length(rows), min(map(len, rows)) - 1) if len(rows) > 1 else 0
        suffixes = [EncodedPrompt(prompt.ids[shared:], prompt.options) for prompt in prompts]
        return _EncodedGroup(group, rows[0][:shared], suffixes)

    def _batches(self, window: Sequence[_EncodedGroup[G]]) -> Iterator[list[_EncodedGroup[G]]]:
        """What is answered together: groups of one adapter where they fill a pass, and the others of all adapters.

        PEFT takes a mixed batch apart in every layer. With ten adapters of rank 16 on a CPU, mixing 10 prompts of
        each was 1.22 times as fast as turns, since weights are read for more rows; with passes that each adapter
        fills alone it was 0.8 times as fast.
        """
        mixed: list[_EncodedGroup[G]] = []
        for adapter in dict.fromkeys(encoded.group.adapter for encoded in window):
            for batch in self._packed([encoded for encoded in window if encoded.group.adapter == adapter]):
                tokens = sum(encoded.suffix_tokens for encoded in batch)
                if self._adapters.can_mix and tokens < self._budget.tokens:
                    mixed += batch
                else:
                    yield batch
        yield from self._packed(mixed)

    def _packed(self, window: Sequence[_EncodedGroup[G]]) -> Iterator[list[_EncodedGroup[G]]]:
        """Batches in which either all have a prefix or none has."""
        for with_prefix in (True, False):
            alike = [encoded for encoded in window if bool(encoded.prefix) is with_prefix]
            yield from self._budget.prefix_groups(
                alike, lambda encoded: encoded.prefix_length, lambda encoded: encoded.suffix_tokens
            )

    def _answer_in_memory(self, batch: Sequence[_EncodedGroup[Any]]) -> list[list[Answer]]:
        """The answers of a batch. Where memory does not suffice after all, all later passes are half as large."""
        import torch

        try:
            return self._answer(batch)
        except torch.OutOfMemoryError:
            if self._budget.tokens <= MIN_TOKENS:
                raise OutOfMemory(
                    "the student leaves too little memory for answers: choose a smaller one, load it in 4 bits, or"
                    " serve it with vLLM and give --base-url"
                ) from None
        torch.cuda.empty_cache()
        self._budget = self._budget.halved()
        smaller = self._budget.prefix_groups(
            range(len(batch)), lambda index: batch[index].prefix_length, lambda index: batch[index].suffix_tokens
        )
        answers: dict[int, list[Answer]] = {}
        for indices in smaller:
            part = self._answer_in_memory([batch[index] for index in indices])
            answers.update(zip(indices, part, strict=True))
        return [answers[index] for index in range(len(batch))]

    def _answer(self, batch: Sequence[_EncodedGroup[Any]]) -> list[list[Answer]]:
        prefixes = dict.fromkeys((encoded.group.adapter, tuple(encoded.prefix)) for encoded in batch)
        prefix_index = {prefix: index for index, prefix in enumerate(prefixes)}
        suffixes = {
            (index, number): Suffix(prefix_index[encoded.group.adapter, tuple(encoded.prefix)], suffix.ids)
            for index, encoded in enumerate(batch)
            for number, suffix in enumerate(encoded.suffixes)
        }
        prefix_length = max(encoded.prefix_length for encoded in batch)
        columns = prefix_length + max(len(suffix.ids) for suffix in suffixes.values()) + self._max_new_tokens
        one_by_one = self._window is not None and columns > self._window
        if one_by_one and len(batch) > 1:
            return [answers for encoded in batch for answers in self._answer([encoded])]
        passes = self._budget.batches(
            list(suffixes), lambda key: len(suffixes[key].ids), prefix_length, self._max_new_tokens
        )
        if one_by_one:
            passes = [[key] for key in suffixes]
        with self._adapters.active([adapter for adapter, _ in prefixes]) as slots:
            prefix = PrefixCache(self._model, [ids for _, ids in prefixes], slots)
            if self._mode == "generate":
                answers = self._generate(prefix, batch, suffixes, passes, one_by_one=one_by_one)
            else:
                answers = {}
                for keys in passes:
                    options = [batch[index].suffixes[number].options for index, number in keys]
                    answers.update(zip(keys, _score(prefix, [suffixes[key] for key in keys], options), strict=True))
        return [
            [answers[index, number] for number in range(len(encoded.suffixes))] for index, encoded in enumerate(batch)
        ]

    def _generate(
        self,
        prefix: PrefixCache,
        batch: Sequence[_EncodedGroup[Any]],
        suffixes: Mapping[_Key, Suffix],
        passes: Sequence[Sequence[_Key]],
        *,
        one_by_one: bool,
    ) -> dict[_Key, Answer]:
        """Replies: the rows of one pass after another join those that write, as soon as there is room for them."""

        def stops(key: _Key, reply: Sequence[int]) -> bool:
            condition, group = self._stop_condition, batch[key[0]].group
            return condition is not None and condition(group, group.questions[key[1]], self._tokens.text(reply))

        decoder = GreedyDecoder(prefix, self._ends, self._max_new_tokens, stops)
        for keys in passes:
            while decoder.rows and (
                one_by_one or not self._budget.can_decode(decoder.rows + len(keys), decoder.columns)
            ):
                decoder.step()
            decoder.add(keys, [suffixes[key] for key in keys])
        while decoder.rows:
            decoder.step()
        return {key: Answer(reply=self._tokens.text(ids)) for key, ids in decoder.replies.items()}


def attention_window(config: Any) -> int | None:
    """The columns that the narrowest layer attends to; None where all layers attend to all of them.

    A window counts padding in: it covers a prompt's tokens where a pass has no more columns than that, or no padding.
    """
    sliding, chunk = getattr(config, "sliding_window", None), getattr(config, "attention_chunk_size", None)
    layers = getattr(config, "layer_types", None)
    if layers is None:
        return sliding or chunk
    columns = {"sliding_attention": sliding, "chunked_attention": chunk}
    return min((width for layer in layers if (width := columns.get(layer))), default=None)


def _score(prefix: PrefixCache, suffixes: Sequence[Suffix], options: Sequence[tuple[int, ...]]) -> list[Answer]:
    """The probabilities of each row's options, by a softmax in float32, and their mass among all tokens."""
    import torch

    logits = prefix.read(suffixes).logits
    most = max(map(len, options))
    ids = torch.tensor([[*row, *[-1] * (most - len(row))] for row in options], device=logits.device)
    chosen = logits.gather(1, ids.clamp(min=0)).masked_fill(ids < 0, -torch.inf)
    probabilities = chosen.softmax(-1).tolist()
    masses = (chosen.logsumexp(-1) - logits.logsumexp(-1)).exp().clamp(max=1.0).tolist()
    return [
        Answer(probabilities=tuple(row[: len(labels)]), option_mass=mass)
        for row, labels, mass in zip(probabilities, options, masses, strict=True)
    ]
