"""A model in this process: a base, and adapters on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic

from clca.errors import ClcaError
from clca.inference.batching import Room
from clca.inference.decode import MAX_NEW_TOKENS, Writing
from clca.inference.lora import Adapters
from clca.inference.prefix_cache import Part, SharedPrefix
from clca.inference.prompt_format import Format, Mode
from clca.inference.requests import Answer, AnsweredCallback, G
from clca.inference.tokenization import Encoded, Tokenizer, Tokens, common_length

ATTENTION = {"full_attention", "sliding_attention", "chunked_attention"}
FEWEST_TOKENS = 64  # in a pass; what does not fit into memory then does not fit at all
WINDOW = 128  # sheets that are looked at together, to group those of a like length


class LocalError(ClcaError):
    """The model in this process cannot answer these sheets."""


class OutOfMemory(LocalError):
    """The smallest pass does not fit; the sheets that are filled in are kept."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class _Split(Generic[G]):
    """A sheet as tokens: what its questions share, and what follows in each, with its options."""

    sheet: G
    prefix: list[int]
    asked: list[Encoded]

    @property
    def shared(self) -> int:
        return len(self.prefix)

    @property
    def rest(self) -> int:
        return sum(len(one.ids) for one in self.asked)


_Place = tuple[int, int]
"""The number of a sheet in its group, and of a question in it."""


class HfModel:
    """Fills in sheets with a loaded model and its tokenizer.

    `model` is a transformers model or, where adapters answer, a PEFT model around it; `adapters` says what PEFT
    calls those that sheets name. A reply has `max_new_tokens` at most, and ends as soon as
    `stop_condition(group, text)` holds for its text so far. `memory` (bytes) and `tokens` bound one forward pass;
    `Room.of` says what they are by default. In float32 probabilities are those of each prompt alone within 1e-4, and
    replies the same.
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
        stop_condition: Callable[[Any, str], bool] | None = None,
        memory: int | None = None,
        tokens: int | None = None,
    ) -> None:
        self._model, self._tokens, self._mode = model.eval(), Tokens(tokenizer, format), mode
        self._adapters = Adapters(model, adapters or {})
        self._max_new_tokens, self._stop_condition = max_new_tokens if mode == "generate" else 0, stop_condition
        self._room = Room.of(model, memory, tokens)
        self._ends = self._tokens.ends(model)
        config = model.config.get_text_config()
        self._longest = getattr(config, "max_position_embeddings", None)
        self._window = window_of(config)
        if others := set(getattr(config, "layer_types", None) or ()) - ATTENTION:
            raise LocalError(
                f"the student has layers of {', '.join(sorted(others))}, which cannot go on from a shared prefix: serve"
                " it with vLLM and give --base-url"
            )

    def predict(self, groups: Iterable[G], answered: AnsweredCallback[G]) -> None:
        """Answer the sheets, in an order of its own."""
        for window in _windows(groups):
            for group in self._groups([self._split(sheet) for sheet in window]):
                for split, answers in zip(group, self._fitting(group), strict=True):
                    answered(split.sheet, answers)

    def _split(self, sheet: G) -> _Split[G]:
        asked = self._tokens.with_options(sheet) if self._mode == "probability" else self._tokens.prompts(sheet)
        rows = [one.ids for one in asked]
        longest = max(map(len, rows)) + max(self._max_new_tokens, 1)
        if self._longest is not None and longest > self._longest:
            raise LocalError(
                f"a prompt and its answer take {longest:,} tokens, but the student reads {self._longest:,}: shorten"
                " the prompts, or choose a student that reads more"
            )
        # What follows is one token at least; one question alone shares nothing, and takes one pass so.
        shared = min(common_length(rows), min(map(len, rows)) - 1) if len(rows) > 1 else 0
        return _Split(sheet, rows[0][:shared], [Encoded(one.ids[shared:], one.options) for one in asked])

    def _groups(self, splits: Sequence[_Split[G]]) -> Iterator[list[_Split[G]]]:
        """What is answered together: sheets of one adapter where they fill a pass, and the others of all adapters.

        PEFT takes a mixed batch apart in every layer. With ten adapters of rank 16 on a CPU, mixing 10 prompts of
        each was 1.22 times as fast as turns, since weights are read for more rows; with passes that each adapter
        fills alone it was 0.8 times as fast.
        """
        few: list[_Split[G]] = []
        for adapter in dict.fromkeys(split.sheet.adapter for split in splits):
            for group in self._packed([split for split in splits if split.sheet.adapter == adapter]):
                if self._adapters.mixes and sum(split.rest for split in group) < self._room.tokens:
                    few += group
                else:
                    yield group
        yield from self._packed(few)

    def _packed(self, splits: Sequence[_Split[G]]) -> Iterator[list[_Split[G]]]:
        """Groups in which either all have a prefix or none has."""
        for some in (True, False):
            alike = [split for split in splits if bool(split.prefix) is some]
            yield from self._room.prefixes(alike, lambda split: split.shared, lambda split: split.rest)

    def _fitting(self, group: Sequence[_Split[Any]]) -> list[list[Answer]]:
        """The answers of a group. Where the memory does not suffice after all, less goes into one pass from then on."""
        import torch

        try:
            return self._answer(group)
        except torch.OutOfMemoryError:
            if self._room.tokens <= FEWEST_TOKENS:
                raise OutOfMemory(
                    "the student leaves too little memory to answer in: choose a smaller one, load it in 4 bits, or"
                    " serve it with vLLM and give --base-url"
                ) from None
        torch.cuda.empty_cache()
        self._room = self._room.halved()
        numbered = list(enumerate(group))
        again = self._room.prefixes(numbered, lambda one: one[1].shared, lambda one: one[1].rest)
        found: dict[int, list[Answer]] = {}
        for part in again:
            found.update(zip([number for number, _ in part], self._fitting([one for _, one in part]), strict=True))
        return [found[number] for number in range(len(group))]

    def _answer(self, group: Sequence[_Split[Any]]) -> list[list[Answer]]:
        once = dict.fromkeys((split.sheet.adapter, tuple(split.prefix)) for split in group)
        number = {key: place for place, key in enumerate(once)}
        parts = {
            (place, one): Part(number[split.sheet.adapter, tuple(split.prefix)], asked.ids)
            for place, split in enumerate(group)
            for one, asked in enumerate(split.asked)
        }
        before = max(split.shared for split in group)
        columns = before + max(len(part.ids) for part in parts.values()) + self._max_new_tokens
        alone = self._window is not None and columns > self._window
        if alone and len(group) > 1:
            return [answers for split in group for answers in self._answer([split])]
        batches = self._room.batches(list(parts), lambda key: len(parts[key].ids), before, self._max_new_tokens)
        if alone:
            batches = [[place] for place in parts]
        with self._adapters.answering([adapter for adapter, _ in once]) as slots:
            prefix = SharedPrefix(self._model, [ids for _, ids in once], slots)
            if self._mode == "generate":
                found = self._write(prefix, group, parts, batches, alone)
            else:
                found = {}
                for batch in batches:
                    options = [group[place].asked[one].options for place, one in batch]
                    found.update(zip(batch, _score(prefix, [parts[key] for key in batch], options), strict=True))
        return [[found[place, one] for one in range(len(split.asked))] for place, split in enumerate(group)]

    def _write(
        self,
        prefix: SharedPrefix,
        group: Sequence[_Split[Any]],
        parts: Mapping[_Place, Part],
        batches: Sequence[Sequence[_Place]],
        alone: bool,
    ) -> dict[_Place, Answer]:
        """Batch after batch joins those that write, and waits while it has to be `alone`, or there is no room."""

        def settled(place: _Place, reply: Sequence[int]) -> bool:
            return self._stop_condition is not None and self._stop_condition(
                group[place[0]].sheet, self._tokens.text(reply)
            )

        writing = Writing(prefix, self._ends, self._max_new_tokens, settled)
        for batch in batches:
            while writing.rows and (alone or not self._room.holds(writing.rows + len(batch), writing.columns)):
                writing.step()
            writing.add(batch, [parts[place] for place in batch])
        while writing.rows:
            writing.step()
        return {place: Answer(reply=self._tokens.text(ids)) for place, ids in writing.replies.items()}


def window_of(config: Any) -> int | None:
    """The columns that the narrowest layer sees; None where all layers see all of them.

    A window counts padding in: it keeps to a prompt's tokens where a pass has no more columns than that, or no padding.
    """
    sliding, chunk = getattr(config, "sliding_window", None), getattr(config, "attention_chunk_size", None)
    kinds = getattr(config, "layer_types", None)
    if kinds is None:
        return sliding or chunk
    seen = {"sliding_attention": sliding, "chunked_attention": chunk}
    return min((columns for kind in kinds if (columns := seen.get(kind))), default=None)


def _score(prefix: SharedPrefix, parts: Sequence[Part], options: Sequence[tuple[int, ...]]) -> list[Answer]:
    """The odds of each row's options, by a softmax in float32, and their share of all tokens."""
    import torch

    logits = prefix.open(parts).logits
    most = max(map(len, options))
    places = torch.tensor([[*row, *[-1] * (most - len(row))] for row in options], device=logits.device)
    chosen = logits.gather(1, places.clamp(min=0)).masked_fill(places < 0, -torch.inf)
    odds = chosen.softmax(-1).tolist()
    mass = (chosen.logsumexp(-1) - logits.logsumexp(-1)).exp().clamp(max=1.0).tolist()
    return [
        Answer(probabilities=tuple(row[: len(labels)]), option_mass=share)
        for row, labels, share in zip(odds, options, mass, strict=True)
    ]


def _windows(sheets: Iterable[G]) -> Iterator[list[G]]:
    remaining = iter(sheets)
    while window := list(islice(remaining, WINDOW)):
        yield window
