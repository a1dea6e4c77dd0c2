"""Seeds and random generators derived from what a choice is about, never from when it is made."""

from __future__ import annotations

import hashlib
import random


def derive(*parts: object) -> int:
    """A seed in [0, 2**31) from the parts, by their `str`; the same in every process and on every machine."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 33


def chooser(*parts: object) -> random.Random:
    """A random generator seeded from the parts."""
    return random.Random(derive(*parts))
