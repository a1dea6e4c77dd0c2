"""An evaluation's folder, open: locked while in use, and every sheet in it whole.

`evaluations/wvs/<name>/` holds `evaluation.json`, `questions.jsonl` and `sheets.jsonl` (the two halves of each
prompt), `predictions.jsonl`, and at the end `scores.json` and the tables.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any, NoReturn, Self

from pydantic import ValidationError

from clca.documents import describe, suggestion
from clca.errors import ContentError, NotFoundError, StoreError
from clca.evaluation.wvs.sheet import RespondentSheet
from clca.records import Prediction
from clca.store.files import LineFile, lock, read_lines, write_whole

INFO, SCORES = "evaluation.json", "scores.json"
QUESTIONS, SHEETS, PREDICTIONS = "questions.jsonl", "sheets.jsonl", "predictions.jsonl"
TABLE = "table"  # .md, .csv, .tex

Key = tuple[str, str, str]
"""Of a sheet: culture, method, respondent."""


def key_of(one: RespondentSheet | Prediction) -> Key:
    return one.culture, one.method, one.respondent


class Folder:
    """An open folder. `sheets` are all that will be asked; `finished` those that are answered."""

    def __init__(self, path: Path, sheets: Iterable[RespondentSheet]) -> None:
        self.path = path
        self._asked = {key_of(sheet): len(sheet.questions) for sheet in sheets}
        self.finished: set[Key] = set()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot write to {path}: {error.strerror}; choose another folder with --out") from None
        with ExitStack() as opened:
            opened.callback(os.close, lock(path))
            self._file = LineFile(path / PREDICTIONS)
            opened.callback(self._file.close)
            self._reconcile()
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def add(self, sheet: RespondentSheet, predictions: Sequence[Prediction]) -> None:
        """Put a sheet's predictions on disk: all of them, or none."""
        self._file.append([one.model_dump_json().encode() + b"\n" for one in predictions])
        self._file.sync()
        self.finished.add(key_of(sheet))

    def predictions(self) -> Iterator[Prediction]:
        return read_predictions(self.path)

    def write_info(self, info: Mapping[str, Any]) -> None:
        write_whole(self.path / INFO, json.dumps(info, indent=2, ensure_ascii=False) + "\n")

    def write_prompts(self, sheets: Iterable[RespondentSheet]) -> None:
        """Both halves of every prompt: what a sheet begins with, and its questions, each set of them once."""
        sets: dict[tuple[object, ...], str] = {}
        questions, begun = [], []
        for sheet in sheets:
            shared = tuple((one.item.id, one.order, one.text, one.shown) for one in sheet.questions)
            if shared not in sets:
                sets[shared] = f"{len(sets) + 1}"
                for item, order, text, shown in shared:
                    line = {"set": sets[shared], "item": item, "order": order, "text": text, "shown": shown}
                    questions.append(json.dumps(line, ensure_ascii=False))
            said = {"culture": sheet.culture, "method": sheet.method, "respondent": sheet.respondent}
            begun.append(json.dumps({**said, "questions": sets[shared], "system": sheet.system}, ensure_ascii=False))
        write_whole(self.path / QUESTIONS, "".join(f"{line}\n" for line in questions))
        write_whole(self.path / SHEETS, "".join(f"{line}\n" for line in begun))

    def _reconcile(self) -> None:
        """Cut off the sheet that a kill or a full disk left unfinished; anything else that is amiss is an error."""
        whole, torn = 0, False
        for key, group in groupby(_lines(self._file.path), key=lambda line: key_of(line[2])):
            lines = list(group)
            answered = {(prediction.item, prediction.order) for _, _, prediction in lines}
            if torn or key not in self._asked:
                self._refuse(lines[0][0], "its sheet is not of this evaluation, or follows one that is not whole")
            if key in self.finished or len(answered) < len(lines):
                self._refuse(lines[0][0], "its sheet stands twice")
            torn = len(lines) < self._asked[key]
            if not torn:
                whole = lines[-1][1]
                self.finished.add(key)
        if whole < self._file.length:
            self._file.cut(whole)

    def _refuse(self, line: int, what: str) -> NoReturn:
        raise ContentError(str(self._file.path), line, f"{what}; remove the line, or begin anew with --new")


def _lines(path: Path) -> Iterator[tuple[int, int, Prediction]]:
    """Number, end and prediction of each whole line."""
    for number, (end, line) in enumerate(read_lines(path), start=1):
        try:
            yield number, end, Prediction.model_validate_json(line)
        except ValidationError as error:
            raise ContentError(str(path), number, describe(error, Prediction)) from None


def read_predictions(folder: Path) -> Iterator[Prediction]:
    """The predictions of an evaluation, in the order in which their sheets were finished."""
    return (prediction for _, _, prediction in _lines(folder / PREDICTIONS))


def read_info(folder: Path) -> dict[str, Any]:
    """What `evaluation.json` says. Raises `NotFoundError` for a folder without one, `StoreError` for a damaged one."""
    file = folder / INFO
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("not an object")
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{folder} is no evaluation: it has no {INFO}") from None
    except (OSError, ValueError) as error:
        advice = "the `clca eval-wvs` command that made it writes it anew"
        raise StoreError(f"cannot read {file} ({error}): {advice}") from None
    return data


def find_evaluation(name: str, out: Path) -> Path:
    """The folder of an evaluation, by its path, or below `out` by its name or what that begins with (the newest)."""
    for folder in (Path(name), out / name):
        if (folder / INFO).is_file():
            return folder
    known = [file.parent for file in out.glob(f"*/*/{INFO}")]
    found = [one for one in known if one.name == name] or [one for one in known if name and one.name.startswith(name)]
    if found:
        return max(found, key=lambda one: (read_info(one).get("created", ""), one.name))
    names = sorted(one.name for one in known)
    if not names:
        raise NotFoundError(f"no evaluation {name!r}: there are none in {out}/ (make one with `clca eval-wvs`)")
    hint = suggestion(name, names) or f"; there are {', '.join(names[-5:])}"
    raise NotFoundError(f"no evaluation {name!r} in {out}/{hint}")
