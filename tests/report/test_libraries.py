"""A report needs no library but those of every installation; only its figures do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import clca
from tests.cli_process import environment

WITHOUT = """
import sys
for name in ("numpy", "matplotlib", "torch"):
    sys.modules[name] = None
import clca
clca.generate(culture="japan", scenarios=1, samples=1, max_exchanges=2, progress=False)
result = clca.report(progress=False)
assert result.figures == 0, result
"""


def test_a_report_is_made_without_numpy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(Path(clca.__file__).parents[1])),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").is_file()
