"""Processes of one launch agree: what one of them cannot do ends all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clca.errors import StoreError
from clca.training.distributed import each, once

ROOT = Path(__file__).parents[2]
LAUNCHED = """
import os
from clca.errors import ClcaError, StoreError
from clca.training.distributed import each, join, once
rank = join(cpu=True).process_index
def say(*words):  # in one piece, also where both write at once
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
def refuse():
    raise StoreError("no room")
say(rank, each(rank), once(lambda: rank), once(lambda: rank, on_each_machine=True))
try:
    once(refuse)
except ClcaError as error:
    say(rank, error.message)
"""


def test_one_process_is_all_there_are() -> None:
    assert each("it") == ["it"]
    assert once(lambda: 3) == 3
    with pytest.raises(StoreError, match=r"^no room$"):
        once(refused)


def refused() -> None:
    raise StoreError("no room")


def test_all_processes_have_what_the_first_made_or_its_fault(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(LAUNCHED)
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", str(program)]
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(launch, capture_output=True, env=path, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["0 [0, 1] 0 0", "0 no room", "1 [0, 1] 0 0", "1 no room"]
