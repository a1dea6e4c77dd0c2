"""What others wrote and `clca` runs on: its versions, files, known faults and licences."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.security.dependencies import normal, pins, table

ROOT = Path(__file__).parents[2]


def test_the_gate_installs_files_by_their_hashes_and_every_pin_but_torch_has_some() -> None:
    text = (ROOT / ".ci" / "hashes.txt").read_text().replace("\\\n", " ")
    entries = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    named = {normal(entry[0].partition("==")[0]): entry[0].partition("==")[2] for entry in entries}
    assert named == {name: pinned for name, pinned in pins().items() if name != "torch"}
    for entry in entries:
        assert len(entry) > 1
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word) for word in entry[1:])
    assert "--require-hashes --no-deps -r .ci/hashes.txt" in (ROOT / ".ci" / "run").read_text()


def test_the_licences_of_all_dependencies_are_listed() -> None:
    for name, pinned in pins().items():
        try:
            if version(name).partition("+")[0] != pinned:
                pytest.skip(f"{name} {version(name)} is installed, not {pinned} of constraints.txt")
        except PackageNotFoundError:
            continue
    assert (ROOT / "DEPENDENCIES.md").read_text() == table()


@pytest.mark.slow
def test_no_dependency_has_a_known_fault() -> None:
    if find_spec("pip_audit") is None:
        pytest.skip("pip install pip-audit first")
    command = [sys.executable, "-m", "pip_audit", "-r", str(ROOT / "constraints.txt"), "--no-deps", "--disable-pip"]
    done = subprocess.run([*command, "-f", "json", "--progress-spinner", "off"], capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        pytest.skip(f"pip-audit could not ask for known faults: {done.stderr.strip()[-200:]}")
    audited = [entry for entry in json.loads(done.stdout)["dependencies"] if "skip_reason" not in entry]
    if not audited:
        pytest.skip("the package index here does not tell known faults")
    assert {entry["name"]: [fault["id"] for fault in entry["vulns"]] for entry in audited if entry["vulns"]} == {}
