"""Prompts that begin alike: what they share is computed once, and the rest of each on top of it.

A batch of rows stands in the cache as `[prefix, padded right][rest, padded left]`, after padding on the left where
it has joined a longer one. Masks and positions leave the padding out; and as every row ends at the last column, one
column of logits is all that is computed. A window of sliding attention counts the padding in: one that is shorter than
the columns is for one prefix and one row at a time, which have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clca.inference.kv_cache import branch, empty
from clca.inference.lora import row_by_row

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Part:
    """The rest of one prompt: the tokens that follow the prefix of that number. At least one."""

    prefix: int
    ids: list[int]


@dataclass(slots=True)
class Opened:
    """A batch that has been read up to its rows' last tokens, and can be gone on with.

    `logits` [rows, vocabulary] are those of each row's next token, `mask` [rows, columns] says which columns
    of the cache count, `lengths` [rows] how many do, `slots` which adapter answers a row, if each has its own.
    """

    logits: torch.Tensor
    cache: Any
    mask: torch.Tensor
    lengths: torch.Tensor
    slots: list[str] | None


class SharedPrefix:
    """The keys and values of some prefixes, on the model's device: either all have tokens, or none has.

    `slots[i]` is the adapter that reads and continues prefix i, where they have different ones.
    """

    def __init__(self, model: Any, prefixes: Sequence[Sequence[int]], slots: Sequence[str] | None = None) -> None:
        import torch
        from transformers import DynamicCache

        self._model, self._device, self._slots = model, model.device, slots
        self._lengths = torch.tensor([len(ids) for ids in prefixes], device=self._device)
        width = max(len(ids) for ids in prefixes)
        columns = torch.arange(width, device=self._device)
        self._mask = (columns < self._lengths[:, None]).long()
        if width == 0:
            self._layers = empty(model.config.get_text_config().num_hidden_layers)
            return
        ids = torch.tensor([[*ids, *[0] * (width - len(ids))] for ids in prefixes], device=self._device)
        # Without the configuration: windows of sliding attention are for the mask to keep to.
        cache = DynamicCache()
        self._run(ids, self._mask, columns.expand_as(ids), cache, list(slots) if slots else None)
        self._layers = cache.layers

    def open(self, parts: Sequence[Part], *, room: int | None = None) -> Opened:
        """Read the rest of some prompts. The batch can be gone on with where there is `room` for more tokens."""
        import torch

        width = max(len(part.ids) for part in parts)
        ids = torch.tensor([[*[0] * (width - len(part.ids)), *part.ids] for part in parts], device=self._device)
        rows = torch.tensor([part.prefix for part in parts], device=self._device)
        sizes = torch.tensor([len(part.ids) for part in parts], device=self._device)
        places = torch.arange(width, device=self._device) - (width - sizes)[:, None]  # below 0: padding
        mask = torch.cat([self._mask[rows], (places >= 0).long()], dim=1)
        positions = (self._lengths[rows][:, None] + places).clamp(min=0)
        branched = branch(self._layers, rows, room)
        slots = [self._slots[part.prefix] for part in parts] if self._slots else None
        logits = self._run(ids, mask, positions, branched, slots)
        return Opened(logits, branched, mask, self._lengths[rows] + sizes, slots)

    def go_on(self, opened: Opened, tokens: torch.Tensor) -> None:
        """Append one token to each row of a batch that has room, in place."""
        import torch

        opened.mask = torch.cat([opened.mask, torch.ones_like(opened.mask[:, :1])], dim=1)
        opened.logits = self._run(tokens[:, None], opened.mask, opened.lengths[:, None], opened.cache, opened.slots)
        opened.lengths = opened.lengths + 1

    def _run(
        self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any, slots: list[str] | None
    ) -> torch.Tensor:
        """The logits of the last column, [rows, vocabulary], in float32."""
        import torch

        with torch.inference_mode(), row_by_row(self._model, slots):
            output = self._model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits: torch.Tensor = output.logits[:, -1].float()
        return logits


def join(batches: Sequence[Opened], kept: Sequence[Sequence[int]], room: int) -> Opened:
    """Those rows of some batches, by number, as one batch; the caches of the batches go layer by layer."""
    import torch

    first = batches[0]
    rows = [torch.tensor(one, dtype=torch.long, device=first.mask.device) for one in kept]
    with torch.inference_mode():
        masks = [_trimmed(batch.mask[one]) for batch, one in zip(batches, rows, strict=True)]
        columns = max(mask.shape[1] for mask in masks)
        mask = torch.cat([torch.nn.functional.pad(mask, (columns - mask.shape[1], 0)) for mask in masks])
        for number, layer in enumerate(first.cache.layers):
            layer.join([batch.cache.layers[number] for batch in batches[1:]], rows, columns, room)
        return Opened(
            torch.cat([batch.logits[one] for batch, one in zip(batches, rows, strict=True)]),
            first.cache,
            mask,
            torch.cat([batch.lengths[one] for batch, one in zip(batches, rows, strict=True)]),
            [batch.slots[row] for batch, one in zip(batches, kept, strict=True) for row in one if batch.slots]
            if first.slots
            else None,
        )


def _trimmed(mask: torch.Tensor) -> torch.Tensor:
    """A mask without its first columns that count for no row."""
    used = mask.any(0).nonzero()
    return mask[:, int(used[0]) :] if len(used) else mask[:, :0]
