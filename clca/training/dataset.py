"""Rows on disk: written once for a training, read by it without being held in memory."""

from __future__ import annotations

import hashlib
import socket
from array import array
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.errors import SettingsError, StoreError
from clca.training.distributed import once
from clca.training.examples import ExampleCounts
from clca.training.sources import assemble
from clca.training.split import Part
from clca.training.tokenization import Encoder, Row
from clca.training.training_sources import TrainingSources

UNTRAINED = -100  # the label that transformers leaves out of the loss


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a part: `dataset` has the columns `input_ids` and `labels`; `digest` is that of all of them.

    `tally` says what became of the material.
    """

    dataset: Any
    digest: str
    counts: ExampleCounts


def write_rows(sources: TrainingSources, part: Part, encoder: Encoder, folder: Path) -> Rows:
    """Make a part's rows and read them back; under `accelerate launch`, one process of each machine makes them."""
    from datasets import Dataset

    file = folder / f"{part}-{socket.gethostname()}.arrow"

    def write() -> tuple[str, ExampleCounts]:
        counts, digest = ExampleCounts(), hashlib.sha256()
        _write(file, _noted(encoder.rows(assemble(sources, part, encoder.lengths, counts), counts), digest))
        if part == "train" and not counts.rows:
            raise SettingsError(f"no row to train on; dropped: {counts.reasons}")
        return digest.hexdigest(), counts

    digest, counts = once(write, on_each_machine=True)
    return Rows(Dataset.from_file(str(file)), digest, counts)


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
