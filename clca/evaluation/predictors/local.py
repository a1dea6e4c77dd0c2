"""A model in this process: a base, and adapters on it that take turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic

from clca.errors import ClcaError
from clca.evaluation.predictors.formats import Format, Mode
from clca.evaluation.predictors.generation import REPLY_TOKENS, write_replies
from clca.evaluation.predictors.memory import Room
from clca.evaluation.predictors.shared_prefix import Part, SharedPrefix
from clca.evaluation.predictors.tokens import Encoded, Tokenizer, Tokens, common_length
from clca.evaluation.sheet import Answer, Done, S

ATTENTION = {"full_attention", "sliding_attention", "chunked_attention"}
FEWEST_TOKENS = 64  # in a pass; what does not fit into memory then does not fit at all
WINDOW = 128  # sheets that are looked at together, to group those of a like length


class LocalError(ClcaError):
    """The model in this process cannot answer these sheets."""


class OutOfMemory(LocalError):
    """The smallest pass does not fit; the sheets that are filled in are kept."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class _Split(Generic[S]):
    """A sheet as tokens: what its questions share, and what follows in each, with its options."""

    sheet: S
    prefix: list[int]
    asked: list[Encoded]


class LocalPredictor:
    """Fills in sheets with a loaded model and its tokenizer.

    `model` is a transformers model or, where adapters answer, a PEFT model around it; `adapters` says what PEFT
    calls those that sheets name. `memory` (bytes) and `tokens` bound one forward pass; `Room.of` says what they
    are by default. In float32 odds are those of each prompt alone within 1e-4, and replies the same.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        format: Format,
        mode: Mode,
        *,
        adapters: Mapping[str, str] | None = None,
        memory: int | None = None,
        tokens: int | None = None,
    ) -> None:
        self._model, self._tokens, self._mode = model.eval(), Tokens(tokenizer, format), mode
        self._adapters = adapters or {}
        self._room = Room.of(model, memory, tokens)
        self._ends = self._tokens.ends(model)
        config = model.config.get_text_config()
        self._longest = getattr(config, "max_position_embeddings", None)
        if others := set(getattr(config, "layer_types", None) or ()) - ATTENTION:
            raise LocalError(
                f"the student has layers of {', '.join(sorted(others))}, which cannot go on from a shared prefix: serve"
                " it with vLLM and give --base-url"
            )

    def fill(self, sheets: Iterable[S], done: Done[S]) -> None:
        """Answer the sheets, in an order of its own."""
        for window in _windows(sheets):
            for adapter in dict.fromkeys(sheet.adapter for sheet in window):
                with self._answered_by(adapter):
                    splits = [self._split(sheet) for sheet in window if sheet.adapter == adapter]
                    for group in self._room.prefixes(splits, lambda split: len(split.prefix)):
                        for split, answers in zip(group, self._fitting(group), strict=True):
                            done(split.sheet, answers)

    def _answered_by(self, adapter: str) -> AbstractContextManager[Any]:
        """While it is open, this adapter answers; "" is none of them."""
        if adapter:
            self._model.set_adapter(self._adapters[adapter])
        on_its_own = not adapter and hasattr(self._model, "disable_adapter")
        off: AbstractContextManager[Any] = self._model.disable_adapter() if on_its_own else nullcontext()
        return off

    def _split(self, sheet: S) -> _Split[S]:
        asked = self._tokens.with_options(sheet) if self._mode == "probability" else self._tokens.prompts(sheet)
        rows = [one.ids for one in asked]
        longest = max(map(len, rows)) + (REPLY_TOKENS if self._mode == "generate" else 1)
        if self._longest is not None and longest > self._longest:
            raise LocalError(
                f"a prompt and its answer take {longest:,} tokens, but the student reads {self._longest:,}: shorten"
                " the prompts, or choose a student that reads more"
            )
        shared = min(common_length(rows), min(map(len, rows)) - 1)  # what follows is one token at least
        if shared < 1:
            raise LocalError("the questions of a sheet begin with nothing in common: give them a system text")
        return _Split(sheet, rows[0][:shared], [Encoded(one.ids[shared:], one.options) for one in asked])

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
        again = self._room.prefixes(list(enumerate(group)), lambda one: len(one[1].prefix))
        found: dict[int, list[Answer]] = {}
        for part in again:
            found.update(zip([number for number, _ in part], self._fitting([one for _, one in part]), strict=True))
        return [found[number] for number in range(len(group))]

    def _answer(self, group: Sequence[_Split[Any]]) -> list[list[Answer]]:
        prefix = SharedPrefix(self._model, [split.prefix for split in group])
        before = max(len(split.prefix) for split in group)
        places = [(number, place) for number, split in enumerate(group) for place in range(len(split.asked))]
        asked = {(number, place): group[number].asked[place] for number, place in places}
        extra = REPLY_TOKENS if self._mode == "generate" else 0
        found: dict[tuple[int, int], Answer] = {}
        for batch in self._room.batches(places, lambda place: len(asked[place].ids), before, extra):
            parts = [Part(place[0], asked[place].ids) for place in batch]
            if self._mode == "generate":
                answers = self._write(prefix, parts)
            else:
                answers = _score(prefix, parts, [asked[place].options for place in batch])
            found.update(zip(batch, answers, strict=True))
        return [[found[number, place] for place in range(len(split.asked))] for number, split in enumerate(group)]

    def _write(self, prefix: SharedPrefix, parts: Sequence[Part]) -> list[Answer]:
        return [Answer(reply=self._tokens.text(ids)) for ids in write_replies(prefix, parts, self._ends)]


def _score(prefix: SharedPrefix, parts: Sequence[Part], options: Sequence[tuple[int, ...]]) -> list[Answer]:
    """The odds of each row's options, by a softmax in float32, and their share of all tokens."""
    import torch

    logits = prefix.open(parts, keep=False).logits
    most = max(map(len, options))
    places = torch.tensor([[*row, *[-1] * (most - len(row))] for row in options], device=logits.device)
    chosen = logits.gather(1, places.clamp(min=0)).masked_fill(places < 0, -torch.inf)
    odds = chosen.softmax(-1).tolist()
    mass = (chosen.logsumexp(-1) - logits.logsumexp(-1)).exp().clamp(max=1.0).tolist()
    return [
        Answer(odds=tuple(row[: len(labels)]), mass=share)
        for row, labels, share in zip(odds, options, mass, strict=True)
    ]


def _windows(sheets: Iterable[S]) -> Iterator[list[S]]:
    remaining = iter(sheets)
    while window := list(islice(remaining, WINDOW)):
        yield window
