"""Paths as they are given on the command line."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(path: Path) -> Path:
    """The path with `~` for the home folder; as it is where there is no such home."""
    return Path(os.path.expanduser(path))
