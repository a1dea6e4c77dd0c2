"""Prompts that begin alike: what they share is computed once, and the rest of each on top of it.

A batch of rows stands in the cache as `[prefix, padded right][rest, padded left]`. Masks and positions leave
the padding out; and as every row ends at the last column, one column of logits is all that is computed.
A window of sliding attention counts the padding in: it has to be longer than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

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
    of the cache count, `lengths` [rows] how many do.
    """

    logits: torch.Tensor
    cache: Any
    mask: torch.Tensor
    lengths: torch.Tensor


class SharedPrefix:
    """The keys and values of some prefixes, on the model's device."""

    def __init__(self, model: Any, prefixes: Sequence[Sequence[int]]) -> None:
        import torch
        from transformers import DynamicCache

        self._model, self._device = model, model.device
        self._lengths = torch.tensor([len(ids) for ids in prefixes], device=self._device)
        self._width = max(len(ids) for ids in prefixes)
        ids = torch.tensor([[*ids, *[0] * (self._width - len(ids))] for ids in prefixes], device=self._device)
        columns = torch.arange(self._width, device=self._device)
        self._mask = (columns < self._lengths[:, None]).long()
        # Without the configuration: windows of sliding attention are for the mask to keep to.
        self._cache = DynamicCache()
        self._run(ids, self._mask, columns.expand_as(ids), self._cache)

    def open(self, parts: Sequence[Part], *, keep: bool) -> Opened:
        """Read the rest of some prompts. Unless the cache is to `keep` them, only their logits are of use."""
        import torch

        width = max(len(part.ids) for part in parts)
        ids = torch.tensor([[*[0] * (width - len(part.ids)), *part.ids] for part in parts], device=self._device)
        rows = torch.tensor([part.prefix for part in parts], device=self._device)
        sizes = torch.tensor([len(part.ids) for part in parts], device=self._device)
        places = torch.arange(width, device=self._device) - (width - sizes)[:, None]  # below 0: padding
        mask = torch.cat([self._mask[rows], (places >= 0).long()], dim=1)
        positions = (self._lengths[rows][:, None] + places).clamp(min=0)
        branched = _branch(self._cache, rows, keep)
        logits = self._run(ids, mask, positions, branched)
        return Opened(logits, branched, mask, self._lengths[rows] + sizes)

    def go_on(self, opened: Opened, tokens: torch.Tensor) -> None:
        """Append one token to each row of a kept batch, in place."""
        import torch

        opened.mask = torch.cat([opened.mask, torch.ones_like(opened.mask[:, :1])], dim=1)
        opened.logits = self._run(tokens[:, None], opened.mask, opened.lengths[:, None], opened.cache)
        opened.lengths = opened.lengths + 1

    def _run(self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any) -> torch.Tensor:
        """The logits of the last column, [rows, vocabulary], in float32."""
        import torch

        with torch.inference_mode():
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


def drop_rows(opened: Opened, kept: torch.Tensor) -> None:
    """Keep only those rows of a kept batch, by number."""
    for layer in opened.cache.layers:
        layer.batch_select_indices(kept.to(layer.keys.device))
    opened.logits, opened.mask, opened.lengths = opened.logits[kept], opened.mask[kept], opened.lengths[kept]


def _branch(prefixes: Any, rows: torch.Tensor, keep: bool) -> Any:
    """A cache whose row i goes on after the prefix of number rows[i]."""
    from transformers import Cache

    return Cache(layers=[_branch_type()(layer.keys, layer.values, rows, keep) for layer in prefixes.layers])


@cache
def _branch_type() -> Any:
    import torch
    from transformers.cache_utils import DynamicLayer

    class Branch(DynamicLayer):  # type: ignore[misc]
        """One layer of several rows on some prefixes; they are copied when the layer's turn comes.

        Unless it is to `keep` what comes on top, the copy goes as soon as the layer is done: then a batch
        takes the memory of one layer.
        """

        def __init__(self, keys: Any, values: Any, rows: Any, keep: bool) -> None:
            super().__init__()
            self.keys, self.values, self._rows, self._keep = keys, values, rows, keep
            self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            if self._rows is None:
                grown: tuple[Any, Any] = super().update(key_states, value_states)
                return grown
            rows = self._rows.to(self.keys.device)  # the layers may be spread over several GPUs
            keys = torch.cat([self.keys[rows], key_states], dim=-2)
            values = torch.cat([self.values[rows], value_states], dim=-2)
            if self._keep:
                self.keys, self.values, self._rows = keys, values, None
            return keys, values

    return Branch
