"""Fingerprints: what identifies the inputs of a run, an adapter or an evaluation."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clca.errors import StoreError
from clca.safe_open import require_no_hole, safe_open
from clca.words import beginning

Inputs = dict[str, Any]


def fingerprint(inputs: Inputs) -> str:
    """SHA-256 of the inputs as JSON with sorted keys, in hexadecimal."""
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def runs_identity(fingerprints: Sequence[str]) -> str:
    """Identifies the results of a generation: by the fingerprint of its run, or by those of its runs together."""
    return fingerprints[0] if len(fingerprints) == 1 else fingerprint({"runs": list(fingerprints)})


def adapters_identity(names: Sequence[str]) -> str:
    """Identifies the results of a training by the names of its adapters, which end in digests of what decides them."""
    return fingerprint({"adapters": list(names)})


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises `StoreError` if it cannot be read."""
    try:
        with safe_open(path) as file:
            require_no_hole(file)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from None


def differences(old: Inputs, new: Inputs, names: Mapping[str, str] | None = None) -> list[str]:
    """One line for each input that differs, such as `samples: 2 -> 3`; content files are named without digests.

    `names` are those of settings that are recorded under other keys.
    """
    lines = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key.startswith("content:"):
            name = key.removeprefix("content:")
            change = "is new" if before is None else "is no longer used" if after is None else "has changed"
            lines.append(f"{name} {change}")
        else:
            lines.append(f"{(names or {}).get(key, key)}: {_shortened(before)} -> {_shortened(after)}")
    return lines


def slug(name: str) -> str:
    """A model's name as part of a file's name: lower-case letters, digits, dots and dashes, at most 40."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:40] or "teacher"


def _shortened(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, str):
        return value  # such as a path, which is to be copied
    return beginning(json.dumps(value, ensure_ascii=False), 60)
