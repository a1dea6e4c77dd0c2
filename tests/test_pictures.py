from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from clca.pictures import PRINT, pictures

# In a process of its own, whose hashes are others: ids and the order of sets must not depend on them.
PROGRAM = """
import hashlib
from tests.test_pictures import drawn
print(*(hashlib.sha256(data).hexdigest() for data in drawn().values()))
"""


def drawn() -> dict[str, bytes]:
    return pictures(3, 2, _draw, title="Rehearsal", forms=PRINT)


def _draw(figure: Any) -> None:
    axes = figure.subplots()
    axes.set_title("Grüße, ελλάδα, $\\frac$")
    axes.plot([0, 1], [1, 0], label="uk")
    axes.legend()


def test_the_same_drawing_gives_the_same_bytes_in_every_process() -> None:
    root = Path(__file__).parents[1]
    digests = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_pdf_says_neither_when_it_was_made_nor_by_what_and_embeds_its_fonts() -> None:
    made = drawn()
    assert list(made) == ["png", "svg", "pdf"]
    assert made["pdf"].startswith(b"%PDF")
    assert b"CreationDate" not in made["pdf"]
    assert b"Producer" not in made["pdf"]
    assert b"/CIDFontType2" in made["pdf"]
    assert b"/Type3" not in made["pdf"]


def test_what_is_for_the_screen_has_no_pdf() -> None:
    assert list(pictures(3, 2, _draw)) == ["png", "svg"]
