"""The folder of an unfinished training, `.<name>.unfinished`: what no training makes is neither used nor removed.

It may have come with somebody's workspace, so it is looked at before anything in it is opened.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from clca.errors import StoreError
from clca.models.adapter import LOGS
from clca.storage import lock
from clca.training.checkpoints import FOLDER, INPUTS

ROWS, ADAPTER = "rows", "adapter"
_FOLDERS = (ROWS, LOGS, ADAPTER, FOLDER)
_DRAFTS = re.compile(r"\..+\.part")  # of a kill, of `inputs.json` and of the finished adapter


def require_own(work: Path) -> None:
    """Refuse a folder of an unfinished training that holds what no training makes. Raises `StoreError`."""
    for path in sorted(work.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise _foreign(work, path, "a link, or no file")
    for path in sorted(work.iterdir()):
        if not (path.name in _FOLDERS and path.is_dir()) and not _is_own_file(path):
            raise _foreign(work, path, "of no training")


def remove(work: Path) -> None:
    """Remove what a training made in its folder, and the folder if nothing else is in it."""
    try:
        require_own(work)
    except StoreError:
        return  # something was put there meanwhile
    shutil.rmtree(work, ignore_errors=True)


def _is_own_file(path: Path) -> bool:
    return path.name in (INPUTS, lock.NAME) or bool(_DRAFTS.fullmatch(path.name))


def _foreign(work: Path, path: Path, what: str) -> StoreError:
    return StoreError(f"{path} is {what}: move it out of {work}, which a training replaces, and repeat the command")
