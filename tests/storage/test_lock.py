"""A folder is locked while a process works on it, and never longer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clca.errors import StoreError
from clca.storage.lock import folder_lock

HOLD = """
import sys, time
from pathlib import Path
from clca.storage.lock import folder_lock

with folder_lock(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""

CONTEND = """
import sys
from pathlib import Path
from clca.errors import StoreError
from clca.storage.lock import folder_lock

folder, times = Path(sys.argv[1]), 0
while times < 200:
    try:
        with folder_lock(folder):
            (folder / "held").mkdir()  # fails if another process holds the lock too
            (folder / "held").rmdir()
            times += 1
    except StoreError:
        pass
"""


def test_the_second_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with folder_lock(tmp_path):
        with pytest.raises(StoreError, match=f"^{tmp_path} is in use by another process: wait for it, "):
            folder_lock(tmp_path).__enter__()
        assert all(path.name.startswith(".") for path in tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
    with folder_lock(tmp_path):
        pass


def test_a_folder_that_is_removed_while_it_is_locked_is_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    with folder_lock(folder):
        (folder / ".lock").unlink()
        folder.rmdir()


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "locked\n"
        with pytest.raises(StoreError, match="is in use by another process"), folder_lock(tmp_path):
            pass
        child.kill()
    with folder_lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_never_do_two_processes_hold_it(tmp_path: Path) -> None:
    children = [subprocess.Popen([sys.executable, "-c", CONTEND, str(tmp_path)]) for _ in range(3)]
    assert [child.wait(120) for child in children] == [0, 0, 0]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=f"^cannot lock {tmp_path}/file: "):
        folder_lock(tmp_path / "file").__enter__()
