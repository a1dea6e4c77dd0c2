"""The manual as a site: it is built without a warning, which a link that leads nowhere is, too."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from clca.cli import COMMANDS
from clca.schema_index import FILES
from tests.cli_process import environment
from tests.docs.blocks import ROOT

pytest.importorskip("mkdocs")


def test_the_site_has_a_section_for_each_command_and_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env=environment(NO_MKDOCS_2_WARNING="1", PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    commands = (tmp_path / "site/commands/index.html").read_text(encoding="utf-8")
    assert [f"clca-{name}" for name in COMMANDS] == re.findall(r'<h2 id="(clca-[a-z-]+)"', commands)
    files = (tmp_path / "site/files/index.html").read_text(encoding="utf-8")
    assert all(f"<code>{name}</code>" in files for name in FILES)
    tutorial = (tmp_path / "site/tutorials/first-score/index.html").read_text(encoding="utf-8")
    assert 'href="../first-score.ipynb"' in tutorial
    assert "half of the people" in tutorial  # what a cell printed
    assert (tmp_path / "site/tutorials/first-score.ipynb").is_file()
    assert 'src="http' not in commands  # the pages ask nothing of other hosts
