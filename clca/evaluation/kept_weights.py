"""The weights that an evaluation has loaded, kept for the next evaluation of the same student in this process."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class KeptWeights:
    """The weights that were loaded last, by what they are of: nothing, before the first."""

    def __init__(self) -> None:
        self._of: Hashable = None
        self._weights: Any = None

    def has(self, of: Hashable) -> bool:
        """Whether the weights are of this. Others are let go of, to make room."""
        if self._of != of:
            self._of = self._weights = None
        return self._weights is not None

    def take(self, of: Hashable) -> Any | None:
        """The weights, if they are of this, with the adapters of the last evaluation taken off."""
        weights: Any = self._weights if self.has(of) else None
        self._of = self._weights = None
        return weights.unload() if hasattr(weights, "peft_config") else weights

    def put(self, of: Hashable, weights: Any) -> None:
        """Keep weights, with the adapters around them."""
        self._of, self._weights = of, weights


_KEPT: ContextVar[KeptWeights | None] = ContextVar("kept_weights", default=None)


def kept_weights() -> KeptWeights | None:
    """Where weights are kept; None outside `keep_weights`."""
    return _KEPT.get()


@contextmanager
def keep_weights() -> Iterator[None]:
    """Within it, an evaluation takes the weights that the last one loaded, where they are of the same student."""
    token = _KEPT.set(KeptWeights())
    try:
        yield
    finally:
        _KEPT.reset(token)
