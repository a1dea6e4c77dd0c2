"""Folders of questions, as hendrycks' and as the hub's."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

QUESTION = ["What is 2 + 2?", "3", "4", "5", "6", "B"]


def rows(count: int, answer: str = "B") -> list[list[str]]:
    return [[f"What is {number} + 2?", "3", "4", "5", "6", answer] for number in range(count)]


def write_csv(file: Path, given: Sequence[Sequence[str]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(given)
    file.write_text(text.getvalue(), encoding="utf-8")
    return file


def csv_folder(folder: Path, *subjects: str, dev: int = 5, test: int = 3) -> Path:
    for subject in subjects:
        write_csv(folder / "dev" / f"{subject}_dev.csv", rows(dev))
        write_csv(folder / "test" / f"{subject}_test.csv", rows(test))
    return folder


def hub_rows(subject: str, count: int, **changes: Any) -> list[dict[str, Any]]:
    """As `cais/mmlu` has them."""
    return [
        {
            "question": f"What is {number} + 2?",
            "subject": subject,
            "choices": ["3", "4", "5", "6"],
            "answer": 1,
            **changes,
        }
        for number in range(count)
    ]


def parquet_folder(folder: Path, dev: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]]) -> Path:
    """The layout of `cais/mmlu` on disk."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "all").mkdir(parents=True, exist_ok=True)
    for split, given in (("dev", dev), ("test", test), ("validation", dev[:1])):
        pq.write_table(pa.Table.from_pylist(list(given)), folder / "all" / f"{split}-00000-of-00001.parquet")
    return folder
