"""Rows on disk: written once for a training, read by it without being held in memory."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.errors import SettingsError, StoreError
from clca.models.adapter_info import ListedExample
from clca.storage.atomic import write_errors
from clca.training.distributed import once
from clca.training.examples import Example, ExampleCounts
from clca.training.sources import assemble
from clca.training.split import Part
from clca.training.tokenization import Encoder, Row
from clca.training.training_sources import TrainingSources

UNTRAINED = -100  # the label that transformers leaves out of the loss


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a part: `dataset` has the columns `input_ids` and `labels`; `digest` is that of all of them.

    `counts` says what became of the material, the file `examples` which example each row is of.
    """

    dataset: Any
    digest: str
    counts: ExampleCounts
    examples: Path


def write_rows(sources: TrainingSources, part: Part, encoder: Encoder, folder: Path) -> Rows:
    """Make a part's rows and read them back; under `accelerate launch`, one process of each machine makes them."""
    from datasets import Dataset

    file = folder / f"{part}-{socket.gethostname()}.arrow"
    listed = file.with_suffix(".jsonl")

    def write() -> tuple[str, ExampleCounts]:
        counts, digest = ExampleCounts(), hashlib.sha256()
        examples = assemble(sources, part, encoder.lengths, counts)
        with _listing(listed, part) as taken:
            _write(file, _noted(encoder.rows(examples, counts, taken), digest))
        if part == "train" and not counts.rows:
            raise SettingsError(f"no row to train on; dropped: {counts.reasons}")
        return digest.hexdigest(), counts

    digest, counts = once(write, on_each_machine=True)
    return Rows(Dataset.from_file(str(file)), digest, counts, listed)


@contextmanager
def _listing(file: Path, part: Part) -> Iterator[Callable[[Example], None]]:
    """What writes a line for each example, in the order of the rows: a `ListedExample`."""
    with write_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = file.open("w", encoding="ascii")

    def taken(example: Example) -> None:
        record = ListedExample(part=part, task=example.task, id=example.id, run=example.run)
        with write_errors(file):
            lines.write(json.dumps(record.model_dump()) + "\n")

    try:
        yield taken
    finally:
        with write_errors(file):
            lines.close()


def _write(file: Path, rows: Iterator[Row]) -> None:
    from datasets import Features, List, Value
    from datasets.arrow_writer import ArrowWriter

    features = Features({"input_ids": List(Value("int32")), "labels": List(Value("int32"))})
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(ArrowWriter(path=str(file), features=features)) as writer:
            for row in rows:
                pairs = zip(row["input_ids"], row["assistant_masks"], strict=True)
                labels = [token if trained else UNTRAINED for token, trained in pairs]
                writer.write({"input_ids": row["input_ids"], "labels": labels})
            writer.finalize()
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror or error}") from None


def _noted(rows: Iterator[Row], digest: Any) -> Iterator[Row]:
    for row in rows:
        for numbers in (array("i", row["input_ids"]), array("b", row["assistant_masks"])):
            digest.update(len(numbers).to_bytes(4, "little") + numbers.tobytes())
        yield row


def join_files(files: Sequence[Path], out: Path) -> None:
    """Write one file of the lines of several. Raises `StoreError`."""
    with write_errors(out), out.open("wb") as joined:
        for file in files:
            with file.open("rb") as lines:
                shutil.copyfileobj(lines, joined)
