"""The kept dialogues of runs, read one by one, and any of them again by its number."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError, StoreError
from clca.quality.stats.sides import SideRun
from clca.records import Dialogue
from clca.safe_open import LONGEST, safe_open
from clca.storage.jsonl import read_lines


class DialogueReader:
    """Numbers the dialogues of some runs as it reads them; of each a file and an offset is kept, 10 bytes."""

    def __init__(self, runs: Sequence[SideRun]) -> None:
        self._runs = runs
        self._run_of, self._offsets = array("H"), array("Q")

    def __iter__(self) -> Iterator[tuple[int, SideRun, Dialogue]]:
        """(number, run, dialogue) of each. Raises `ContentError` for a line that is no dialogue, and `StoreError`."""
        for place, side_run in enumerate(self._runs):
            start = 0
            for line_number, (end, line) in enumerate(read_lines(side_run.file), start=1):
                try:
                    dialogue = Dialogue.model_validate_json(line)
                except ValidationError as error:
                    raise ContentError(str(side_run.file), line_number, validation_message(error)) from None
                self._run_of.append(place)
                self._offsets.append(start)
                yield len(self._offsets) - 1, side_run, dialogue
                start = end

    def run_of(self, number: int) -> SideRun:
        """The run of a dialogue."""
        return self._runs[self._run_of[number]]

    def read(self, number: int) -> Dialogue:
        """A dialogue that was read before. Raises `StoreError` where its file has changed since."""
        file = self.run_of(number).file
        try:
            with safe_open(file, within=file.parent) as lines:
                lines.seek(self._offsets[number])
                return Dialogue.model_validate_json(lines.readline(LONGEST))
        except (OSError, ValidationError):
            raise StoreError(f"{file} has changed while it was read: repeat the command") from None
