"""How many connections the limit of open files (`ulimit -n`) leaves room for."""

from __future__ import annotations

import os
import resource
from contextlib import suppress

SPARE = 12  # files that a run opens besides its connections: records, reply cache, lock, event loop, modules
CLIENTS = 3  # of a run at most: the teacher's, the partner's and the judge's


def possible_connections(wanted: int) -> int:
    """`wanted`, or a third of what this process may open now, at least 1; its limit is raised first where it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _open_files() + SPARE + CLIENTS * wanted
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return wanted
    raised = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, raised), hard))
        soft = max(soft, raised)
    return max(1, min(wanted, (soft - _open_files() - SPARE) // CLIENTS))


def too_few(wanted: int) -> str:
    """A note where fewer than the `wanted` connections are possible, or an empty text."""
    possible = possible_connections(wanted)
    if possible == wanted:
        return ""
    return (
        f"Note: at most {possible} requests are in flight, not {wanted}: too few files may be open; raise the limit"
        " with ulimit -n"
    )


def _open_files() -> int:
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return 2 * SPARE
