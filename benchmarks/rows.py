"""`python rows.py COUNT DIALOGUES`: as many dialogues as that made into examples and token rows, one at a time.

The dialogues of the file are taken again and again under new ids until there are enough.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from clca.content.lookup import Content
from clca.models import ModelCatalogue
from clca.models.load import load_tokenizer
from clca.models.student import find_student
from clca.training.examples import ExampleCounts
from clca.training.recipe import Data
from clca.training.sources import assemble
from clca.training.tokenization import Encoder
from clca.training.training_sources import CultureRef, TrainingSources


def repeated(source: Path, target: Path, count: int) -> None:
    lines = source.read_text(encoding="utf-8").splitlines()
    with target.open("w", encoding="utf-8") as file:
        for number, line in enumerate(islice(cycle(lines), count)):
            record = json.loads(line)
            record["id"] = f"{record['id']}-{number}"
            record["scenario"]["id"] = f"s{number}"
            file.write(json.dumps(record) + "\n")


def main(count: int, source: Path) -> None:
    content = Content()
    tokenizer = load_tokenizer(find_student("tiny", ModelCatalogue(content), os.environ, content))
    with tempfile.TemporaryDirectory(prefix="clca-rows-") as folder:
        file = Path(folder) / "dialogues.jsonl"
        repeated(source, file, count)
        material = TrainingSources((CultureRef("japan", "Japan"),), (file,), content, Data(), 42)
        encoder, tally = Encoder(tokenizer, 2048), ExampleCounts()
        started = time.monotonic()
        for part in ("train", "held-out"):
            for _ in encoder.rows(assemble(material, part, encoder.lengths, tally), tally):
                pass
        seconds = time.monotonic() - started
    print(json.dumps({"seconds": seconds, "rows": tally.rows.total(), "tokens": tally.tokens.total()}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
