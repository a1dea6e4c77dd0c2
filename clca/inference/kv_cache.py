"""The cache of a batch of rows: begun on prefixes, grown in place, cut, and joined with others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def branch(prefixes: Sequence[Any], rows: torch.Tensor, room: int | None) -> Any:
    """A cache whose row i goes on after the prefix of number rows[i]; `prefixes` are the layers of their cache.

    What comes on top is kept, with room for that many columns more, unless `room` is None.
    """
    from transformers import Cache

    return Cache(layers=[layer_type()(layer, rows, room) for layer in prefixes])


def empty(layers: int) -> list[Any]:
    """The layers of prefixes that have no tokens."""
    from transformers.cache_utils import DynamicLayer

    return [DynamicLayer() for _ in range(layers)]


@cache
def layer_type() -> Any:
    import torch
    from transformers.cache_utils import DynamicLayer

    class Layer(DynamicLayer):  # type: ignore[misc]
        """One layer of several rows on some prefixes; they are copied when the layer's turn comes.

        Where nothing on top is kept the copy goes as soon as the layer is done: then a batch takes the memory of
        one layer. Where it is, `keys` and `values` are the columns in use of tensors that have more.
        """

        def __init__(self, prefix: Any, rows: Any, room: int | None) -> None:
            super().__init__()
            self._rows, self._room = rows, room
            self._whole: Any = None
            if prefix.is_initialized:
                self.keys, self.values, self.is_initialized = prefix.keys, prefix.values, True
                self.dtype, self.device = prefix.keys.dtype, prefix.keys.device

        def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            given = (key_states, value_states)
            if self._whole is not None:
                return self._grown(given)
            if not self.is_initialized:
                self.dtype, self.device, self.is_initialized = key_states.dtype, key_states.device, True
                before: tuple[Any, ...] = tuple(one[:, :, :0] for one in given)
            else:
                rows = self._rows.to(self.device)  # the layers may be spread over several GPUs
                before = (self.keys[rows], self.values[rows])
            if self._room is None:
                keys, values = (torch.cat(both, dim=-2) for both in zip(before, given, strict=True))
                return keys, values
            self._hold([torch.cat(both, dim=-2) for both in zip(before, given, strict=True)], self._room)
            return self.keys, self.values

        def _grown(self, given: tuple[Any, Any]) -> tuple[Any, Any]:
            used = self.get_seq_length()
            new = given[0].shape[-2]
            if used + new > self._whole[0].shape[-2]:
                self._hold([torch.cat(both, dim=-2) for both in zip((self.keys, self.values), given, strict=True)], new)
                return self.keys, self.values
            for whole, states in zip(self._whole, given, strict=True):
                whole[:, :, used : used + new] = states
            self.keys, self.values = (whole[:, :, : used + new] for whole in self._whole)
            return self.keys, self.values

        def _hold(self, both: Sequence[Any], room: int) -> None:
            """Copy keys and values to where there is room for more columns."""
            count, heads, columns, _ = both[0].shape
            self._whole = [one.new_empty(count, heads, columns + room, one.shape[-1]) for one in both]
            for whole, one in zip(self._whole, both, strict=True):
                whole[:, :, :columns] = one
            self.keys, self.values = (whole[:, :, :columns] for whole in self._whole)

        def join(self, others: Sequence[Any], kept: Sequence[Any], columns: int, room: int) -> None:
            """Take in the kept rows of others, whose layers are emptied; all end at the last of `columns`."""
            layers = [self, *others]
            if not self.is_initialized:
                return
            both = []
            for name in ("keys", "values"):
                old = [getattr(layer, name) for layer in layers]
                shape = (sum(map(len, kept)), old[0].shape[1], columns + room, old[0].shape[-1])
                whole = old[0].new_zeros(shape)  # a masked column still must hold numbers
                row = 0
                for one, rows in zip(old, kept, strict=True):
                    used = min(columns, one.shape[-2])
                    to = whole[row : row + len(rows), :, columns - used : columns]
                    to.copy_(one[rows.to(one.device), :, one.shape[-2] - used :])
                    row += len(rows)
                both.append(whole)
            for layer in others:
                layer.keys = layer.values = layer._whole = None
            self._whole = both
            self.keys, self.values = (whole[:, :, :columns] for whole in both)

    return Layer
