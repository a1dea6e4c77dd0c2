"""The folder of an unfinished training, `.<name>.unfinished`: what no training makes is neither used nor removed.

It may have come with somebody's workspace, so it is looked at before anything in it is opened.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from clca.errors import StoreError
from clca.models.adapter import LOGS
from clca.safe_open import walk
from clca.storage import lock
from clca.storage.atomic import held_path, opened_folder, remove_folder, write_errors
from clca.training.checkpoints import FOLDER, INPUTS

ROWS, ADAPTER = "rows", "adapter"
_FOLDERS = (ROWS, LOGS, ADAPTER, FOLDER)
_PICKLES = (".metadata",)  # of a checkpoint that torch.distributed shards; all others are read as weights alone
_DRAFTS = re.compile(r"\..+\.part")  # of a kill, of `inputs.json` and of the finished adapter


def close_to_others(work: Path) -> None:
    """Let only its owner enter the folder: who may write to it could put links there, after it was looked at.

    Raises `StoreError` for a link, and for a folder of another user.
    """
    with write_errors(work):
        try:
            handle = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            raise StoreError(f"{work} is a link, or no folder: remove it, and repeat the command") from None
        try:
            os.fchmod(handle, 0o700)
        except PermissionError:
            if os.fstat(handle).st_uid != os.geteuid():  # else a file system without modes
                raise StoreError(f"{work} is another user's: give another folder with --out") from None
        finally:
            os.close(handle)


@contextmanager
def held(work: Path) -> Iterator[Path]:
    """The path by which a training writes to its folder, whatever others put in its place meanwhile.

    Raises `StoreError` where they have done so before.
    """
    with ExitStack() as opened:
        with write_errors(work):
            handle = opened.enter_context(opened_folder(work))
            if os.fstat(handle).st_uid != os.geteuid():
                raise StoreError(f"{work} is another user's: give another folder with --out")
            path = held_path(work, handle)
        yield path


def require_own(work: Path) -> None:
    """Refuse a folder of an unfinished training that holds what no training makes. Raises `StoreError`."""
    with write_errors(work):
        paths = sorted(walk(work))
    for path in paths:
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise _foreign(work, path, "a link, or no file")
        if path.name in _PICKLES:
            raise _foreign(work, path, "a pickle, which runs whatever it says (fsdp_state_dict_type: FULL_STATE_DICT)")
    for path in sorted(work.iterdir()):
        if not (path.name in _FOLDERS and path.is_dir()) and not _is_own_file(path):
            raise _foreign(work, path, "of no training")


def remove(work: Path) -> None:
    """Remove what a training made in its folder, and the folder if nothing else is in it."""
    with suppress(OSError, StoreError), opened_folder(work) as handle:  # else something was put there meanwhile
        require_own(held_path(work, handle))
        remove_folder(work, handle)


def _is_own_file(path: Path) -> bool:
    return path.name in (INPUTS, lock.NAME) or bool(_DRAFTS.fullmatch(path.name))


def _foreign(work: Path, path: Path, what: str) -> StoreError:
    return StoreError(f"{path} is {what}: move it out of {work}, which a training replaces, and repeat the command")
