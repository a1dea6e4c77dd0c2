"""The norms of a user's JSONL file, such as an imported one: as many as are wanted, chosen in one pass."""

from __future__ import annotations

import hashlib
from pathlib import Path

from clca.content.parsing import parse_records, suggestion
from clca.culture.profile import PLACES
from clca.errors import ContentError, SettingsError
from clca.generation.scenarios import hashed, holds
from clca.records import Culture, Norm
from clca.safe_open import bounded_lines, safe_open
from clca.seeding import Lowest


def read_norm_file(path: Path, culture: Culture, count: int, seed: int, more: int = 0) -> tuple[list[Norm], str]:
    """`count` norms of a file that hold in the culture, its own before general ones, and the file's SHA-256 in hex.

    There are up to `more` further ones, where the file has them. `seed` decides which, whatever the order of the file's
    lines; those of a smaller count begin those of a larger one. Memory grows with `count + more` and the number of ids
    only. Raises `SettingsError` when the file cannot be read or has too few such norms, `ContentError` for a broken or
    duplicate norm.
    """
    own, general = Lowest[Norm](count + more), Lowest[Norm](count + more)
    ids = set[bytes]()
    digest = hashlib.sha256()
    try:
        if path.exists() and not path.is_file():
            raise SettingsError(f"--norm-file {path}: not a file")
        with safe_open(path) as file:
            for line_number, norm in parse_records(hashed(bounded_lines(file), digest), str(path), Norm):
                known = len(ids)
                ids.add(hashlib.blake2b(norm.id.encode(), digest_size=12).digest())
                if len(ids) == known:
                    raise ContentError(str(path), line_number, f"id: duplicate norm {norm.id!r}")
                if norm.place and norm.place not in PLACES:
                    hint = suggestion(norm.place, PLACES)
                    raise ContentError(str(path), line_number, f"place: {norm.place!r} is unknown{hint}")
                if holds(norm, culture):
                    kind, lowest = ("general norms", general) if norm.is_general else ("own norms", own)
                    lowest.offer(_rank(norm, seed, kind, culture.id), norm)
    except OSError as error:
        raise SettingsError(f"--norm-file {path}: cannot read the file: {error.strerror}") from None
    if not ids:
        raise ContentError(str(path), None, "no norms in the file")
    if count > own.offered + general.offered:
        raise SettingsError(
            f"--norms {count}: {path} has {own.offered:,} norms of {culture.id} and {general.offered:,} general ones"
        )
    return [*own.items(), *general.items()][: count + more], digest.hexdigest()


def _rank(norm: Norm, *parts: object) -> int:
    """The rank of a norm in a draw, which follows from its id and the parts."""
    key = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(hashlib.blake2b(norm.id.encode(), key=key, digest_size=16).digest(), "big")
