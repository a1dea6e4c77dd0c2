"""The key-value cache of a batch of rows: branched off prefixes, extended in place, cut, and joined with others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def branch(prefixes: Sequence[Any], rows: torch.Tensor, room: int | None) -> Any:
    """A cache whose row i continues the prefix with the index rows[i]; `prefixes` are the layers of their cache.

    Unless `room` is None, what is added on top is kept, with room for that many columns more.
    """
    from transformers import Cache

    return Cache(layers=[layer_type()(layer, rows, room) for layer in prefixes])


def empty(layers: int) -> list[Any]:
    """The layers of prefixes that have no tokens."""
    from transformers.cache_utils import DynamicLayer

    return [DynamicLayer() for _ in range(layers)]


@cache
def layer_type() -> Any:
    """The class of the layers, made on first use: its base class takes long to import."""
    import torch
    from transformers.cache_utils import DynamicLayer

    class Layer(DynamicLayer):  # type: ignore[misc]
        """One layer of several rows on some prefixes, whose keys and values are copied when the layer is computed.

        Where nothing on top is kept the copy is freed as soon as the layer is done: then a batch takes the memory of
        one layer. Where it is kept, `keys` and `values` [rows, heads, columns, head_dim] are the columns in use of
        tensors that have more.
        """

        def __init__(self, prefix: Any, rows: Any, room: int | None) -> None:
            super().__init__()
            self._rows, self._room = rows, room
            self._buffers: Any = None  # of keys and values, with room
            if prefix.is_initialized:
                self.keys, self.values, self.is_initialized = prefix.keys, prefix.values, True
                self.dtype, self.device = prefix.keys.dtype, prefix.keys.device

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            new = (key_states, value_states)
            if self._buffers is not None:
                return self._extended(new)
            if not self.is_initialized:
                self.dtype, self.device, self.is_initialized = key_states.dtype, key_states.device, True
                prefix: tuple[Any, ...] = tuple(states[:, :, :0] for states in new)
            else:
                rows = self._rows.to(self.device)  # the layers may be spread over several GPUs
                prefix = (self.keys[rows], self.values[rows])
            if self._room is None:
                keys, values = (torch.cat(pair, dim=-2) for pair in zip(prefix, new, strict=True))
                return keys, values
            self._hold([torch.cat(pair, dim=-2) for pair in zip(prefix, new, strict=True)], self._room)
            return self.keys, self.values

        def _extended(self, new: tuple[Any, Any]) -> tuple[Any, Any]:
            used, added = self.get_seq_length(), new[0].shape[-2]
            if used + added > self._buffers[0].shape[-2]:
                pairs = zip((self.keys, self.values), new, strict=True)
                self._hold([torch.cat(pair, dim=-2) for pair in pairs], added)
                return self.keys, self.values
            for buffer, states in zip(self._buffers, new, strict=True):
                buffer[:, :, used : used + added] = states
            self.keys, self.values = (buffer[:, :, : used + added] for buffer in self._buffers)
            return self.keys, self.values

        def _hold(self, keys_and_values: Sequence[Any], room: int) -> None:
            """Copy keys and values to where there is room for more columns."""
            rows, heads, columns, _ = keys_and_values[0].shape
            self._buffers = [
                states.new_empty(rows, heads, columns + room, states.shape[-1]) for states in keys_and_values
            ]
            for buffer, states in zip(self._buffers, keys_and_values, strict=True):
                buffer[:, :, :columns] = states
            self.keys, self.values = (buffer[:, :, :columns] for buffer in self._buffers)

        def join(self, others: Sequence[Any], kept: Sequence[Any], columns: int, room: int) -> None:
            """Take in the kept rows of other layers, which are emptied; all end at the last of `columns`."""
            if not self.is_initialized:
                return
            layers, buffers = [self, *others], []
            for name in ("keys", "values"):
                parts = [getattr(layer, name) for layer in layers]
                shape = (sum(map(len, kept)), parts[0].shape[1], columns + room, parts[0].shape[-1])
                buffer = parts[0].new_zeros(shape)  # a masked column still must hold numbers
                row = 0
                for states, rows in zip(parts, kept, strict=True):
                    used = min(columns, states.shape[-2])
                    target = buffer[row : row + len(rows), :, columns - used : columns]
                    target.copy_(states[rows.to(states.device), :, states.shape[-2] - used :])
                    row += len(rows)
                buffers.append(buffer)
            for layer in others:
                layer.keys = layer.values = layer._buffers = None
            self._buffers = buffers
            self.keys, self.values = (buffer[:, :, :columns] for buffer in buffers)

    return Layer
