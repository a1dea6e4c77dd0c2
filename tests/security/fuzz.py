"""Hostile texts without end: those of a corpus, cut, joined, repeated and nested at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from time import monotonic

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 20_000  # characters of a text
PIECES = [
    *"{}[]()<>\"'`\\:,.;&*!|>#%@-?=+~$^_ \n\t\r\0\x1b\x7f\x85\u2028\ufeff\u202e\ud800\U000e0041é日",
    *("```json\n", "```", "<think>", "</think>", "null", "true", "NaN", "1e999", "-0", "0x", "1_000", "9" * 400),
    *("\\u0000", "\\ud800", "\\udc00", '{"a":', "[[[[", "- ", "? ", ": ", "&a ", "*a", "<<: ", "!!int ", "!!set "),
    *("%YAML 9.9\n", "---\n", "...\n", "2020-13-45", "yes", "~", ",,", '""', "\r\n", "!!python/object:os.system "),
]


def corpus(name: str) -> dict[str, bytes]:
    """The files of a corpus by name."""
    return {file.name: file.read_bytes() for file in sorted((CORPUS / name).iterdir())}


def fuzz(name: str, check: Callable[[bytes], None], seconds: float, seed: int) -> int:
    """Check texts for that long; returns how many. What fails is kept in the corpus, where every test run reads it."""
    until, count = monotonic() + seconds, 0
    texts = _texts(list(corpus(name).values()), random.Random(seed))
    while monotonic() < until:
        data, count = next(texts), count + 1
        try:
            check(data)
        except BaseException:
            (CORPUS / name / f"found-{sha256(data).hexdigest()[:12]}").write_bytes(data)
            raise
    return count


def _texts(seeds: list[bytes], chance: random.Random) -> Iterator[bytes]:
    texts = [seed.decode("utf-8", "surrogateescape") for seed in seeds]
    while True:
        text = chance.choice(texts)
        for _ in range(chance.choice((1, 1, 2, 4, 16))):
            text = _changed(text, chance.choice(texts), chance)[:LONGEST]
        if chance.random() < 0.01 and len(texts) < 1000:
            texts.append(text)
        data = text.encode("utf-8", "surrogatepass")
        if chance.random() < 0.05:
            at = chance.randrange(len(data) + 1)
            data = data[:at] + chance.randbytes(3) + data[at:]
        yield data


def _changed(text: str, other: str, chance: random.Random) -> str:
    first, second = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
    piece = chance.choice(PIECES)
    times = chance.choice((1, 1, 2, 10, 100, 2000))
    match chance.randrange(6):
        case 0:
            return text[:first] + text[second:]
        case 1:
            return text[:first] + piece * times + text[first:]
        case 2:
            return text[:first] + text[first:second] * times + text[second:]
        case 3:
            return text[:first] + other + text[second:]
        case 4:
            opening, closing = chance.choice((('{"a":', "}"), ("[", "]")))
            return text[:first] + opening * times + text[first:second] + closing * times + text[second:]
        case _:
            return text[:first] + text[second:first:-1] + text[second:]
