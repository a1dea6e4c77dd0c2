"""Prompts that begin alike: what they share is computed once, and the rest of each on top of it.

A batch of rows stands in the cache as `[prefix, padded right][suffix, padded left]`, after padding on the left where it
was joined with a longer one. Masks and positions leave the padding out; and as every row ends at the last column, only
one column of logits is computed. A window of sliding attention counts the padding in: a window that is shorter than the
columns allows only one prefix and one row at a time, which have no padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clca.errors import ClcaError
from clca.inference.kv_cache import branch, empty
from clca.inference.lora import adapter_per_row

if TYPE_CHECKING:
    import torch


class NoNumbersError(ClcaError):
    """A model computes what is no number, of which an answer would be made in silence."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """The tokens of one prompt, at least one, that follow the prefix with the index `prefix`."""

    prefix: int
    ids: list[int]


@dataclass(slots=True)
class RowBatch:
    """Rows that have been read up to their last tokens, and can be extended.

    `logits` [rows, vocabulary] are those of each row's next token, `mask` [rows, columns] is 1 for the columns of the
    cache that count, `lengths` [rows] are their numbers, `slots` names the adapter of each row if they differ.
    """

    logits: torch.Tensor
    cache: Any
    mask: torch.Tensor
    lengths: torch.Tensor
    slots: list[str] | None


class PrefixCache:
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
        self._forward(ids, self._mask, columns.expand_as(ids), cache, list(slots) if slots else None)
        self._layers = cache.layers

    def read(self, suffixes: Sequence[Suffix], *, room: int | None = None) -> RowBatch:
        """Read the rest of some prompts, one a row. With `room` for more tokens the batch can be extended."""
        import torch

        width = max(len(suffix.ids) for suffix in suffixes)
        padded = [[*[0] * (width - len(suffix.ids)), *suffix.ids] for suffix in suffixes]
        ids = torch.tensor(padded, device=self._device)
        rows = torch.tensor([suffix.prefix for suffix in suffixes], device=self._device)
        sizes = torch.tensor([len(suffix.ids) for suffix in suffixes], device=self._device)
        offsets = torch.arange(width, device=self._device) - (width - sizes)[:, None]  # below 0: padding
        mask = torch.cat([self._mask[rows], (offsets >= 0).long()], dim=1)
        positions = (self._lengths[rows][:, None] + offsets).clamp(min=0)
        cache = branch(self._layers, rows, room)
        slots = [self._slots[suffix.prefix] for suffix in suffixes] if self._slots else None
        logits = _numbers(self._forward(ids, mask, positions, cache, slots))
        return RowBatch(logits, cache, mask, self._lengths[rows] + sizes, slots)

    def append(self, batch: RowBatch, tokens: torch.Tensor) -> None:
        """Append one of `tokens` [rows] to each row of a batch that has room, in place."""
        import torch

        batch.mask = torch.cat([batch.mask, torch.ones_like(batch.mask[:, :1])], dim=1)
        logits = self._forward(tokens[:, None], batch.mask, batch.lengths[:, None], batch.cache, batch.slots)
        batch.logits = _numbers(logits)
        batch.lengths = batch.lengths + 1

    def _forward(
        self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any, slots: list[str] | None
    ) -> torch.Tensor:
        """The logits of the last column, [rows, vocabulary], in float32."""
        import torch

        with torch.inference_mode(), adapter_per_row(self._model, slots):
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


def _numbers(logits: torch.Tensor) -> torch.Tensor:
    """The logits. Raises `NoNumbersError`."""
    import torch

    if not torch.isfinite(logits.amax(-1)).all():
        raise NoNumbersError("weights of the student, or of its adapter, give no numbers: they are damaged")
    return logits


def join(batches: Sequence[RowBatch], kept: Sequence[Sequence[int]], room: int) -> RowBatch:
    """The rows `kept[i]` of each batch i as one batch with `room` for more tokens; empties their caches."""
    import torch

    first = batches[0]
    rows = [torch.tensor(numbers, dtype=torch.long, device=first.mask.device) for numbers in kept]
    with torch.inference_mode():
        masks = [_trimmed(batch.mask[numbers]) for batch, numbers in zip(batches, rows, strict=True)]
        columns = max(mask.shape[1] for mask in masks)
        mask = torch.cat([torch.nn.functional.pad(mask, (columns - mask.shape[1], 0)) for mask in masks])
        for index, layer in enumerate(first.cache.layers):
            layer.join([batch.cache.layers[index] for batch in batches[1:]], rows, columns, room)
        logits = torch.cat([batch.logits[numbers] for batch, numbers in zip(batches, rows, strict=True)])
        lengths = torch.cat([batch.lengths[numbers] for batch, numbers in zip(batches, rows, strict=True)])
    slots = None
    if first.slots is not None:
        slots = [
            batch.slots[row] for batch, numbers in zip(batches, kept, strict=True) for row in numbers if batch.slots
        ]
    return RowBatch(logits, first.cache, mask, lengths, slots)


def _trimmed(mask: torch.Tensor) -> torch.Tensor:
    """A mask without its first columns that count in no row."""
    used = mask.any(0).nonzero()
    return mask[:, int(used[0]) :] if len(used) else mask[:, :0]
