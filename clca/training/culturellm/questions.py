"""The questions behind CultureLLM's training data: those of the survey, and paraphrases of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from clca.bounded_json import MOST_VALUES, has_too_many_values
from clca.content.decoding import decode_text
from clca.errors import ContentError, SettingsError
from clca.safe_open import MIB, read_bytes

SEEDS, PARAPHRASES = "WVQ.jsonl", "new_WVQ*.jsonl"
LARGEST = 16 * MIB  # bytes of a file; the published ones have less than one

_ASKED = re.compile(r"^Give me the answer from \d+ to \d+: (?:Do you agree with )?")
_HEAD = 8  # characters by which questions are looked up
_MOST_ALIKE = 2000  # questions with the same head
_NUMBER = re.compile(r"[0-9]{1,6}")  # of a question
_SPACE = re.compile(r"\s*")


class Questions:
    """The items by the words of their questions. `files` are those that the words were read from."""

    def __init__(self, folder: Path, within: Path) -> None:
        """Read the questions of a folder; no file is a link out of `within`.

        Raises `SettingsError` without the survey's own, `ContentError`.
        """
        seeds = folder / SEEDS
        if not seeds.is_file():
            raise SettingsError(f"{folder} has no {SEEDS}: give CultureLLM's folder, or its folder data")
        self.files = (seeds, *sorted(folder.glob(PARAPHRASES)))
        self._by_head: dict[str, list[tuple[str, str, bool]]] = {}
        self._texts = set[str]()
        items: dict[str, str] = {}
        for file in self.files:
            for number, record in json_objects(file, within):
                text, original = str(record.get("q_content", "")).strip(), str(record.get("ori_content", "")).strip()
                item = str(record["q_id"]) if "q_id" in record else items.get(original, "")
                if file == seeds:
                    if not text or not _NUMBER.fullmatch(item):
                        raise ContentError(str(file), number, "needs q_id, the number of a question, and q_content")
                    items[text] = item
                if text and _NUMBER.fullmatch(item):
                    self._add(text, f"Q{item}", paraphrase=file != seeds and text not in items)
                if len(self._by_head.get(text[:_HEAD], ())) > _MOST_ALIKE:
                    raise ContentError(str(file), number, f"more than {_MOST_ALIKE:,} questions begin {text[:_HEAD]!r}")
        for known in self._by_head.values():
            known.sort(key=lambda entry: -len(entry[0]))

    def _add(self, text: str, item: str, *, paraphrase: bool) -> None:
        if text not in self._texts:
            self._texts.add(text)
            self._by_head.setdefault(text[:_HEAD], []).append((text, item, paraphrase))

    def find(self, asked: str) -> tuple[str | None, bool]:
        """The item that is asked for, and whether in other words than the survey's; (None, True) if it is not known."""
        words = _ASKED.sub("", asked).strip()
        for text, item, paraphrase in self._by_head.get(words[:_HEAD], ()):
            if words.startswith(text):
                return item, paraphrase
        return None, True


def json_objects(path: Path, within: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of a file of JSON objects: one published file has two of them on a line.

    Raises `ContentError` with the line, `SettingsError` for a file that cannot be read.
    """
    try:
        text = decode_text(str(path), read_bytes(path, within, LARGEST))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    decoder = json.JSONDecoder()
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if has_too_many_values(line.encode("utf-8", "replace")):
            raise ContentError(str(path), number, f"more than {MOST_VALUES:,} values")
        at = 0
        while at < len(line):
            try:
                record, at = decoder.raw_decode(line, at)
            except (ValueError, RecursionError):
                raise ContentError(str(path), number, "not JSON") from None
            if not isinstance(record, dict):
                raise ContentError(str(path), number, "not a JSON object")
            yield number, record
            at = _SPACE.match(line, at).end()  # type: ignore[union-attr]


def items_of(questions: Iterable[str | None]) -> tuple[str, ...]:
    """The items that are known, each once, in the survey's order."""
    return tuple(sorted({item for item in questions if item is not None}, key=lambda item: int(item[1:])))
