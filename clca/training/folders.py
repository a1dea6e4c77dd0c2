"""Folders that appear whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def put(draft: Path, target: Path) -> None:
    """Rename a draft that is complete, once all of it is on the disk; `target` must not be there, or be empty."""
    make_readable(draft)
    for path in (*draft.rglob("*"), draft):
        sync(path)
    os.rename(draft, target)
    sync(target.parent)


def make_readable(folder: Path) -> None:
    """Give a folder and its files the rights that new ones have: safetensors and temporary folders are private."""
    mask = os.umask(0)
    os.umask(mask)
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)


def sync(path: Path) -> None:
    """Wait until a file or a folder's list of names is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
