"""How the time that a reader takes grows with the length of the reply."""

from __future__ import annotations

import time
from collections.abc import Callable

LENGTH = 100_000  # characters


def require_linear(read: Callable[[str], object], head: str, piece: str) -> None:
    """Read a reply of `LENGTH` characters, and one of a tenth.

    The longer one may take forty times the time of the other, and a second: a square takes a hundred times as long.
    Counted are seconds of the CPU, which do not depend on what else the machine does.
    """
    seconds = []
    for length in (LENGTH // 10, LENGTH):
        reply = head + piece * (length // len(piece))
        started = time.process_time()
        read(reply)
        seconds.append(time.process_time() - started)
    assert seconds[1] < 1 + 40 * seconds[0], (head, piece, seconds)
