"""What is read once for a plan of many parts: content files, and what is made of them alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_KEPT: ContextVar[dict[Hashable, Any] | None] = ContextVar("kept", default=None)


@contextmanager
def steady_content() -> Iterator[None]:
    """Within it every content file is as it was when it was first read, so that many plans see one state of them."""
    if _KEPT.get() is not None:
        yield
        return
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` makes: within `steady_content` once for each key, and not to be changed; else anew each time."""
    known = _KEPT.get()
    if known is None:
        return make()
    if key not in known:
        known[key] = make()
    made: T = known[key]
    return made
