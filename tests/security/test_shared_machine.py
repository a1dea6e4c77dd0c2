"""Attacks by another user of the machine, who may read a folder and not write to it."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from clca.storage.lock import folder_lock
from clca.training import work_dir

OTHER = 4242  # a user who is not on this machine
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that everybody may read."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/") and folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    place = tmp_path / "run"
    place.mkdir(mode=0o755)
    place.chmod(0o755)
    return place


def as_another(work: Callable[[], None]) -> bool:
    """Whether another user could do the work."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(OTHER)
            os.setuid(OTHER)
            work()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@NEEDS_ROOT
def test_a_reader_cannot_take_the_lock(shared: Path) -> None:
    def take() -> None:
        fcntl.flock(os.open(shared / ".lock", os.O_RDONLY), fcntl.LOCK_SH)

    with folder_lock(shared):
        assert as_another(lambda: os.listdir(shared) and None)
        assert not as_another(take)


@NEEDS_ROOT
def test_a_reader_cannot_make_the_lock(shared: Path) -> None:
    assert not as_another(lambda: (shared / ".lock").touch())


@NEEDS_ROOT
def test_a_lock_that_an_earlier_version_left_open_to_readers_is_closed_to_them(shared: Path) -> None:
    (shared / ".lock").touch(mode=0o644)
    with folder_lock(shared):
        assert not as_another(lambda: os.close(os.open(shared / ".lock", os.O_RDONLY)))


@pytest.mark.parametrize(("folder", "lock"), [(0o755, 0o600), (0o700, 0o600), (0o775, 0o660), (0o777, 0o666)])
def test_who_may_write_to_the_folder_may_lock_it(tmp_path: Path, folder: int, lock: int) -> None:
    tmp_path.chmod(folder)
    with folder_lock(tmp_path):
        assert stat.S_IMODE((tmp_path / ".lock").stat().st_mode) == lock


@NEEDS_ROOT
def test_an_unfinished_training_of_another_user_is_readable_and_no_more(shared: Path) -> None:
    (shared / "checkpoints").mkdir()
    work_dir.require_own(shared)
    assert not as_another(lambda: (shared / "checkpoints" / "checkpoint-1").mkdir())
