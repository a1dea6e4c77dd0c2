"""The lines of runs, read one at a time, and which of them match."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clca.generation.run_records import parse_record
from clca.quality.inspection.config import InspectConfig
from clca.storage.jsonl import read_lines
from clca.storage.reviews import Review, Reviews, status_of
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo


@dataclass(frozen=True, slots=True)
class Line:
    """A dialogue of a run as it stands in its file; `number` counts the lines of the file from 1."""

    run: RunInfo
    outcome: str
    path: Path
    number: int
    text: bytes

    def record(self) -> dict[str, Any]:
        """The record. Raises `ContentError` where it is none."""
        return parse_record(self.path, self.number, self.text)


def lines(runs: Sequence[RunInfo], outcomes: Collection[str]) -> Iterator[Line]:
    """The dialogues of the runs with one of the outcomes, all where none is named."""
    for run in runs:
        for outcome, name in FILES.items():
            path = run.folder / name
            if (not outcomes or outcome in outcomes) and path.is_file():
                for number, (_, text) in enumerate(read_lines(path), 1):
                    yield Line(run, outcome, path, number, text)


class Matcher:
    """Whether a dialogue is among those that a configuration asks for.

    `reviews` are those of each run by its folder; `ids`, where there is an SQL condition, the dialogues of each file
    that fulfil it.
    """

    def __init__(
        self,
        config: InspectConfig,
        reviews: Mapping[Path, Reviews],
        ids: Mapping[Path, Collection[str]] | None,
    ) -> None:
        self._config, self._reviews, self._ids = config, reviews, ids
        self._text, self._intent = _folded(config.text), _folded(config.intent)
        self.reads = bool(
            config.culture
            or config.intent
            or config.relevance
            or config.ending
            or config.text
            or config.reviewer
            or config.review
            or ids is not None
        )
        """Whether a line has to be parsed before it is known to match."""

    def matches(self, line: Line) -> bool:
        """Whether a dialogue matches. Raises `ContentError` for a line that is no record."""
        return not self.reads or self._fits(line, line.record())

    def reviews_of(self, line: Line, dialogue: str) -> tuple[Review, ...]:
        """The reviews of a dialogue that count."""
        return tuple(self._reviews.get(line.run.folder, {}).get(dialogue, {}).values())

    def _fits(self, line: Line, record: Mapping[str, Any]) -> bool:
        config = self._config
        turns = [turn for turn in _list(record.get("turns")) if isinstance(turn, dict)]
        return (
            (self._ids is None or record["id"] in self._ids.get(line.path, ()))
            and (not config.culture or record.get("culture") in config.culture)
            and (not config.ending or record.get("ended") in config.ending)
            and (not config.text or self._says(record, turns))
            and (not (config.intent or config.relevance) or any(map(self._means, turns)))
            and (not (config.reviewer or config.review) or self._is_reviewed(line, record["id"]))
        )

    def _says(self, record: Mapping[str, Any], turns: Sequence[Mapping[str, Any]]) -> bool:
        scenario = record.get("scenario")
        texts = [scenario.get("setting")] if isinstance(scenario, dict) else []
        texts += [turn.get(key) for turn in turns for key in ("text", "thought")]
        return any(self._text in _folded(text) for text in texts if isinstance(text, str))

    def _means(self, turn: Mapping[str, Any]) -> bool:
        intent = turn.get("intent")
        if not isinstance(intent, dict):
            return False
        texts = [intent.get("text"), *_list(intent.get("customs"))]
        return self._config.relevance in (None, intent.get("relevance")) and any(
            self._intent in _folded(text) for text in texts if isinstance(text, str)
        )

    def _is_reviewed(self, line: Line, dialogue: str) -> bool:
        config = self._config
        reviews = self.reviews_of(line, dialogue)
        if config.reviewer:
            reviews = tuple(review for review in reviews if review.reviewer in config.reviewer)
            if not reviews:
                return False
        is_commented = any(review.comment for review in reviews)
        return (
            not config.review or status_of(reviews) in config.review or (is_commented and "commented" in config.review)
        )


def _folded(text: str | None) -> str:
    return (text or "").casefold()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
