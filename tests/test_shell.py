"""Commands that are printed can be copied into a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from clca.shell import command_line

PATHS = (
    "runs/japan",
    "my runs/it's",
    "-dash",
    "--out",
    "line\nbreak",
    "tab\tand \x1b[31mred",
    "back\\slash\x07'quote'",
    "\udcff\udc80",
    '$HOME `id` "x" *?',
    "日本",
)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_shell_reads_the_words_back() -> None:
    line = command_line("printf", "%s\\0", *map(Path, PATHS))
    assert line.isprintable()
    done = subprocess.run(["bash", "-c", os.fsencode(line)], capture_output=True, check=True)
    words = [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]
    assert [os.path.normpath(word) for word in words] == [os.path.normpath(path) for path in PATHS]
    assert all(not word.startswith("-") for word in words)


def test_words_that_a_shell_reads_as_they_are_stay() -> None:
    assert command_line("clca", "retry", Path("generated/japan/a-1"), "--failed") == (
        "clca retry generated/japan/a-1 --failed"
    )
