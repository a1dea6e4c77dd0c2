"""The dialogues of JSONL files, read one by one, and any of them again by its number."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError, StoreError
from clca.records import Dialogue
from clca.safe_open import LONGEST, safe_open
from clca.storage.jsonl import read_lines


class DialogueReader:
    """Numbers the dialogues of some files as it reads them; of each its file and its offset are kept, 12 bytes."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._places, self._offsets = array("I"), array("Q")

    def __iter__(self) -> Iterator[tuple[int, int, Dialogue]]:
        """(number, place of its file among the files, dialogue) of each.

        Raises `ContentError` for a line that is no dialogue, and `StoreError`.
        """
        for place, file in enumerate(self._files):
            start = 0
            for line_number, (end, line) in enumerate(read_lines(file), start=1):
                try:
                    dialogue = Dialogue.model_validate_json(line)
                except ValidationError as error:
                    raise ContentError(str(file), line_number, validation_message(error)) from None
                self._places.append(place)
                self._offsets.append(start)
                yield len(self._offsets) - 1, place, dialogue
                start = end

    def place_of(self, number: int) -> int:
        """The place of a dialogue's file among the files."""
        return self._places[number]

    def read(self, number: int) -> Dialogue:
        """A dialogue that was read before. Raises `StoreError` where its file has changed since."""
        file = self._files[self._places[number]]
        try:
            with safe_open(file, within=file.parent) as lines:
                lines.seek(self._offsets[number])
                return Dialogue.model_validate_json(lines.readline(LONGEST))
        except (OSError, ValidationError):
            raise StoreError(f"{file} has changed while it was read: repeat the command") from None
