"""A folder with offensiveness tests of three cultures, and an adapter of each that always answers its own label."""

from __future__ import annotations

import json
from pathlib import Path

from clca.models.student import Student
from tests.cli.evaluation_folder import Desk
from tests.evaluation.trained_adapters import ALWAYS, OFFENSE, TEXTS, offense_adapters

LABELS = ("non", "prof", "grp")


def offense_folder(folder: Path, student: Student, shared: Path, count: int) -> Desk:
    """`count` texts a culture, of which half have the label of its own adapter; `shared` is the session's folder."""
    one = Desk(folder)
    (one.folder / "in").mkdir()
    files = []
    for place, culture in enumerate(ALWAYS):
        lines = [
            {"text": f"{TEXTS[n % 4]} {n}", "label": LABELS[(place + (n % 4) // 2 * (1 + n % 2)) % 3]}
            for n in range(count)
        ]
        (one.folder / "in" / f"{culture}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        entry = {"path": f"{culture}.jsonl", "culture": culture, "task": OFFENSE, "type": OFFENSE}
        files.append({**entry, "text": "text", "label": "label"})
    (one.folder / "mapping.yaml").write_text(json.dumps({"files": files}))
    imported = one.run("data", "import-offense", "in", "--mapping", "mapping.yaml")
    assert imported.returncode == 0, imported.stderr
    offense_adapters(student, shared, one.folder / "adapters")
    return one
