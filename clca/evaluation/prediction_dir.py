"""The open folder of an evaluation: locked while in use, and every request group in it whole.

`evaluations/<kind>/<name>/` holds `evaluation.json`, `questions.jsonl` and `sheets.jsonl` (the two halves of each
prompt), `predictions.jsonl`, and at the end `scores.json` and the tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any, Generic, NoReturn, Self, TypeVar

from pydantic import ValidationError

from clca.content.parsing import suggestion, validation_message
from clca.errors import ContentError, NotFoundError, StoreError
from clca.records import Record
from clca.storage.atomic import atomic_write
from clca.storage.jsonl import LineFile, read_lines
from clca.storage.lock import folder_lock

INFO, SCORES = "evaluation.json", "scores.json"
QUESTIONS, SHEETS, PREDICTIONS = "questions.jsonl", "sheets.jsonl", "predictions.jsonl"
TABLE = "table"  # .md, .csv, .tex

R = TypeVar("R", bound=Record)
K = TypeVar("K", bound=Hashable)


class PredictionDir(Generic[R, K]):
    """An open folder whose predictions are records of one type, in request groups.

    `sizes` has the number of predictions of each group that will be asked, `finished` the groups that are answered.
    `key` gives the group of a prediction, `part` which of that group's it is. Raises `StoreError` for a folder that
    cannot be written or is in use, and `ContentError` for predictions that do not fit.
    """

    def __init__(
        self,
        path: Path,
        record: type[R],
        sizes: Mapping[K, int],
        key: Callable[[R], K],
        part: Callable[[R], Hashable],
    ) -> None:
        self.path, self.sizes, self.finished = path, sizes, set[K]()
        self._record, self._key, self._part = record, key, part
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot write to {path}: {error.strerror}; choose another folder with --out") from None
        with ExitStack() as opened:
            opened.enter_context(folder_lock(path))
            self._file = LineFile(path / PREDICTIONS)
            opened.callback(self._file.close)
            self._reconcile()
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def put(self, key: K, predictions: Sequence[R]) -> None:
        """Write the predictions of a request group to disk: all of them, or none."""
        self._file.append([prediction.model_dump_json().encode() + b"\n" for prediction in predictions])
        self._file.sync()
        self.finished.add(key)

    def numbered(self) -> Iterator[tuple[int, R]]:
        """The predictions with the numbers of their lines, in the order in which their groups were finished."""
        return ((number, prediction) for number, _, prediction in _lines(self._file.path, self._record))

    def predictions(self) -> Iterator[R]:
        """The predictions, in the order in which their groups were finished."""
        return (prediction for _, prediction in self.numbered())

    def write_info(self, info: Mapping[str, Any]) -> None:
        """Write `evaluation.json`."""
        atomic_write(self.path / INFO, json.dumps(info, indent=2, ensure_ascii=False) + "\n")

    def refuse(self, line: int, reason: str) -> NoReturn:
        """Raise `ContentError` for a line of the predictions."""
        raise ContentError(str(self._file.path), line, f"{reason}; remove the line, or start over with --new")

    def _reconcile(self) -> None:
        """Cut off the group that a kill or a full disk left unfinished; any other fault is an error."""
        complete_bytes, torn = 0, False
        for key, group in groupby(_lines(self._file.path, self._record), key=lambda line: self._key(line[2])):
            lines = list(group)
            parts = {self._part(prediction) for _, _, prediction in lines}
            if torn or key not in self.sizes:
                self.refuse(
                    lines[0][0], "its request group is not part of this evaluation, or follows an incomplete one"
                )
            if key in self.finished or len(parts) < len(lines):
                self.refuse(lines[0][0], "duplicate request group")
            torn = len(lines) < self.sizes[key]
            if not torn:
                complete_bytes = lines[-1][1]
                self.finished.add(key)
        if complete_bytes < self._file.length:
            self._file.cut(complete_bytes)


def _lines(path: Path, record: type[R]) -> Iterator[tuple[int, int, R]]:
    """Number, end and prediction of each whole line."""
    for number, (end, line) in enumerate(read_lines(path), start=1):
        try:
            yield number, end, record.model_validate_json(line)
        except ValidationError as error:
            raise ContentError(str(path), number, validation_message(error, record)) from None


def read_records(folder: Path, record: type[R]) -> Iterator[R]:
    """The predictions of an evaluation, in the order in which their request groups were finished."""
    return (prediction for _, _, prediction in _lines(folder / PREDICTIONS, record))


def read_info(folder: Path) -> dict[str, Any]:
    """The content of `evaluation.json`; `clca.evaluation.result.EvaluationInfo` documents its keys.

    Raises `NotFoundError` for a folder without one, `StoreError` for a damaged one.
    """
    file = folder / INFO
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("not an object")
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{folder} is not an evaluation: it has no {INFO}") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {file} ({error}): repeat the command that made it") from None
    return data


def find_evaluation(name: str, out: Path, kind: str) -> Path:
    """The folder of an evaluation, by its path, or below `out/kind` by its name or what that begins with (the newest).

    A path may lead to an evaluation of another kind. Raises `NotFoundError`, with the nearest names.
    """
    for folder in (Path(name), out / name, out / kind / name):
        if (folder / INFO).is_file():
            return folder
    folders = [file.parent for file in out.glob(f"{kind}/*/{INFO}")]
    matching = [folder for folder in folders if name and folder.name.startswith(name)]
    if matching:
        return max(matching, key=lambda folder: (read_info(folder).get("created", ""), folder.name))
    names = sorted(folder.name for folder in folders)
    if not names:
        made = f"make one with `clca eval-{kind}`"
        raise NotFoundError(f"no evaluation {name!r}: there are none in {out / kind}/ ({made})")
    hint = suggestion(name, names) or f"; there are {', '.join(names[-5:])}"
    raise NotFoundError(f"no evaluation {name!r} in {out / kind}/{hint}")
