"""Files in the formats of other data sets, with made-up rows, and what an import makes of them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.generation.importers.audit import FINDINGS, Kind, RecordsAudit, read_import
from clca.generation.importers.context import ImportContext
from clca.generation.importers.importer import import_records
from clca.records import Norm, Seed


@cache
def catalogue() -> CultureCatalogue:
    return CultureCatalogue(Content())


@dataclass(frozen=True)
class Imported:
    """An import: its folder, its audit, and the findings."""

    folder: Path
    audit: RecordsAudit
    findings: list[dict[str, Any]]

    def _lines(self) -> list[bytes]:
        return (self.folder / self.audit.records_file).read_bytes().splitlines()

    @property
    def norms(self) -> list[Norm]:
        return [Norm.model_validate_json(line) for line in self._lines()]

    @property
    def scenarios(self) -> list[Seed]:
        return [Seed.model_validate_json(line) for line in self._lines()]

    @property
    def faults(self) -> list[tuple[int, str, str]]:
        """Line, field and reason of each rejected row."""
        return [
            (found["line"], found["field"], found["reason"])
            for found in self.findings
            if found["outcome"] == "rejected"
        ]


def imported(
    kind: Kind,
    *files: Path,
    format_name: str = "auto",
    cultures: Iterable[str] = (),
    license: str | None = None,
    out: Path | None = None,
) -> Imported:
    """Import files into `out`, by default `out` beside the first; the counts of rows are checked."""
    context = ImportContext(catalogue(), tuple(cultures), license)
    folder, audit = import_records(
        list(files), kind, format_name, context, lambda name: out or files[0].parent / "out" / name
    )
    assert read_import(folder) == audit
    findings = [json.loads(line) for line in (folder / FINDINGS).read_bytes().splitlines()]
    outcomes = [found["outcome"] for found in findings]
    assert audit.rows == audit.taken + audit.rejected + audit.duplicates + sum(audit.supporting.values())
    assert audit.rows == sum(file.rows for file in audit.files)
    assert (outcomes.count("rejected"), outcomes.count("duplicate")) == (audit.rejected, audit.duplicates)
    assert sum(rejection.rows for rejection in audit.rejections) == audit.rejected
    lines = (folder / audit.records_file).read_bytes().splitlines()
    assert len(lines) == audit.taken
    return Imported(folder, audit, findings)


def table(rows: Iterable[Mapping[str, object]], delimiter: str = ",") -> str:
    """The rows under a header, quoted where they have to be."""
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


_ROT_COLUMNS = """
area m split rot-agree rot-categorization rot-moral-foundations rot-char-targeting rot-bad rot-judgment action
action-agency action-moral-judgment action-agree action-legal action-pressure action-char-involved action-hypothetical
situation situation-short-id rot rot-id rot-worker-id breakdown-worker-id n-characters characters
"""
ROT_COLUMNS = _ROT_COLUMNS.split()


def rot(number: int, **changes: object) -> dict[str, object]:
    """A row of Social Chemistry 101."""
    row: dict[str, object] = dict.fromkeys(ROT_COLUMNS, "")
    row |= {
        "area": "example",
        "m": 1,
        "rot-agree": "3.0",
        "rot-categorization": "social-norms|morality-ethics",
        "rot-bad": 0,
        "situation": f"finding wallet number {number}",
        "rot": f"It is kind to return lost wallet number {number}.",
        "rot-id": f"rot/ex/{number}/0",
        "characters": "narrator|an owner",
    }
    return row | {key.replace("_", "-"): value for key, value in changes.items()}


def social_chemistry(*rows: Mapping[str, object]) -> str:
    return table(rows, "\t")


def story(number: int) -> dict[str, object]:
    """A row of NormAd."""
    return {
        "ID": number,
        "Country": "japan",
        "Background": "### Eating\n- Wait for the host.",
        "Axis": "etiquette",
        "Subaxis": "gift_giving",
        "Value": "Respect",
        "Rule-of-Thumb": f"Gift number {number} is wrapped before it is given.",
        "Story": "Ana gave it as it was.",
        "Explanation": "She did not wrap it.",
        "Gold Label": "no",
    }


def environment(pk: str = "01EX", **changes: Any) -> dict[str, Any]:
    """An environment profile of SOTOPIA."""
    return {
        "pk": pk,
        "codename": "ex_1",
        "source": "made_up",
        "scenario": f"Two people meet at lift {pk}.",
        "agent_goals": ["Ask for quiet at night", "Keep the party going"],
        "relationship": 2,
        "age_constraint": "[(18, 70), (18, 70)]",
        "occupation_constraint": None,
        "agent_constraint": None,
        "tag": "",
        **changes,
    }


def agent(pk: str = "01AG", **changes: Any) -> dict[str, Any]:
    """An agent profile of SOTOPIA."""
    return {
        "pk": pk,
        "first_name": "Mika",
        "last_name": f"Ex{pk}",
        "age": 34,
        "occupation": "Baker",
        "gender": "Woman",
        "gender_pronoun": "She/her",
        "public_info": "Mika likes chess.",
        "big_five": "Openness - High",
        "moral_values": ["Care"],
        "schwartz_personal_values": ["Security"],
        "personality_and_values": "Mika is calm.",
        "decision_making_style": "Analytical",
        "secret": "Dislikes bread.",
        "model_id": "",
        "mbti": "",
        "tag": "",
        **changes,
    }


def paper_scenario(**changes: Any) -> dict[str, Any]:
    """A line of a scenario file of the CLCA paper's authors."""
    return {
        "culture": "japan",
        "setting": "A lost umbrella at a station.",
        "persona": "Keiko and Ren",
        "person1": {
            "background": "A student of law who walks home late.",
            "occupation": "Student",
            "goal": "Get the umbrella back",
            "secrets": "None",
        },
        "person2": {
            "background": "He has run the office for lost things for years.",
            "occupation": "Clerk",
            "goal": "Follow the rules",
            "secrets": "He took an umbrella once.",
        },
        **changes,
    }


def json_lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def write_rules(path: Path, count: int) -> None:
    """A file of rules of thumb, every tenth of which is marked as bad."""
    with path.open("w", encoding="utf-8") as file:
        file.write("\t".join(ROT_COLUMNS) + "\n")
        for number in range(count):
            said = (
                f"It is expected that person {number} returns what was found to its owner as soon as that can be done."
            )
            file.write("\t".join(map(str, rot(number, rot=said, rot_bad=int(number % 10 == 0)).values())) + "\n")


if __name__ == "__main__":
    write_rules(Path(sys.argv[1]), int(sys.argv[2]))
