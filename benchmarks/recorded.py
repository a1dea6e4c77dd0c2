"""What a run recorded, read as plain JSON, so that the runs of any version can be scored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One run folder: `info` is its `run.json`, the rest the lines of its three files."""

    folder: Path
    info: Json
    kept: list[Json]
    discarded: list[Json]
    failed: list[Json]

    @property
    def culture(self) -> str:
        return str(self.info["culture"])

    @property
    def seed(self) -> int:
        return int(self.info["settings"].get("seed", 42))

    def played(self) -> list[Json]:
        """The records with turns, whatever became of them."""
        return [record for record in (*self.kept, *self.discarded, *self.failed) if record["turns"]]

    def scenarios(self) -> Iterator[Json]:
        """Each scenario that was adapted or composed, once."""
        seen = set()
        for record in (*self.kept, *self.discarded, *self.failed):
            scenario = record["scenario"]
            if scenario is None or record.get("stage") in ("adapt", "compose") or scenario["id"] in seen:
                continue
            seen.add(scenario["id"])
            yield scenario

    def tokens(self) -> tuple[int, int]:
        """Prompt and completion tokens of the whole run."""
        usage = self.info["usage"]
        return int(usage["prompt_tokens"]), int(usage["completion_tokens"])

    def cached(self) -> tuple[int, int]:
        """Prompt tokens that the servers had cached, of those that they looked up, the judge's calibration included."""
        servers = [server for session in self.info["sessions"] for server in session.get("servers", ())]
        seen = [server["throughput"] for server in servers if server.get("throughput")]
        return sum(each["cache_hits"] for each in seen), sum(each["cache_queries"] for each in seen)


def read(folder: Path) -> Recorded:
    """The run in a folder. Raises `SystemExit` where there is none."""
    if not (folder / "run.json").is_file():
        raise SystemExit(f"{folder}: not a run folder: it has no run.json")
    return Recorded(
        folder,
        json.loads((folder / "run.json").read_text(encoding="utf-8")),
        *(_lines(folder / name) for name in ("dialogues.jsonl", "discarded.jsonl", "failed.jsonl")),
    )


def _lines(file: Path) -> list[Json]:
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return [json.loads(line) for line in text.split("\n") if line.strip()]
