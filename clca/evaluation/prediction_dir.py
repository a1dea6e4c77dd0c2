"""The open folder of an evaluation: locked while in use, and every request group in it whole.

`evaluations/<kind>/<name>/` holds `evaluation.json`, `questions.jsonl` and `sheets.jsonl` (the two halves of each
prompt), `predictions.jsonl`, and at the end `scores.json` and the tables.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, Generic, NoReturn, Self, TypeVar

from pydantic import ValidationError

from clca.bounded_json import has_too_many_values, parse_json
from clca.content.parsing import suggestion, validation_message
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError, StoreError
from clca.records import Choice, Prediction
from clca.safe_open import UnsafeFile, read_bytes, read_json
from clca.storage.atomic import atomic_write, held_folder
from clca.storage.fingerprint import differences
from clca.storage.jsonl import LineFile, read_lines
from clca.storage.lock import folder_lock
from clca.storage.selection import Selection, listed

INFO, SCORES = "evaluation.json", "scores.json"
QUESTIONS, SHEETS, PREDICTIONS = "questions.jsonl", "sheets.jsonl", "predictions.jsonl"
TABLE = "table"  # .md, .csv, .tex

MOST_VALUES = 2_000_000  # of `scores.json`: 14 cultures, 3 methods and 2 readings of 44 items have some 200,000
MIN_FAILURES = 50  # after so many without any answer an evaluation ends

R = TypeVar("R", Prediction, Choice)
K = TypeVar("K", bound=Hashable)


class Unanswered(ClcaError):
    """A server answered none of the questions."""

    exit_code: ClassVar[int] = 1


class PredictionDir(Generic[R, K]):
    """An open folder whose predictions are records of one type, in request groups.

    `sizes` has the number of predictions of each group that will be asked, `finished` the groups that are answered.
    `key` gives the group of a prediction, `part` which of that group's it is. Where a server gave no answer, a line
    says so: `unanswered` has the parts of a group without an answer, and the reason. They are asked again by a later
    run, and what comes of that follows in the file. `tried` are the groups that this run has asked.

    Raises `StoreError` for a folder that cannot be written or is in use, and `ContentError` for predictions that do not
    fit.
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
        self.unanswered: dict[K, dict[Hashable, str]] = {}
        self.tried = set[K]()
        self._answered = False  # whether any question was
        self._record: type[R] = record
        self._key: Callable[[R], K] = key
        self._part: Callable[[R], Hashable] = part
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot write to {path}: {error.strerror}; choose another folder with --out") from None
        with ExitStack() as opened:
            opened.enter_context(folder_lock(path))
            self._held = opened.enter_context(held_folder(path))
            self._file = LineFile(path / PREDICTIONS, self._held)
            opened.callback(self._file.close)
            self._reconcile()
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def put(self, key: K, predictions: Sequence[R]) -> None:
        """Write the predictions of a request group to disk: all of them, or none.

        Of a group that was asked before, they are those of its unanswered parts.
        """
        self._file.append([_line(prediction) for prediction in predictions])
        self._file.sync()
        self.tried.add(key)
        self._settle(key, predictions)

    def is_pending(self, key: K) -> bool:
        """Whether any question of a group has no answer, and was not asked in this run."""
        return key not in self.finished and key not in self.tried

    def is_unanswered(self, key: K, part: Hashable) -> bool:
        """Whether there is no answer to a question of a group."""
        return key not in self.finished and part in self.unanswered.get(key, (part,))

    @property
    def failures(self) -> Counter[str]:
        """Number of questions that were asked and have no answer, by reason."""
        return Counter(reason for reasons in self.unanswered.values() for reason in reasons.values())

    def require_answers(self, at_least: int = 1) -> None:
        """Raises `Unanswered` if so many questions were asked, and none was answered."""
        failures = self.failures
        if failures.total() >= at_least and not self._answered:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in failures.most_common())
            raise Unanswered(
                f"no question was answered, of {failures.total():,} that were asked ({reasons}): check the server, and"
                " repeat the command to ask them again"
            )

    def numbered(self) -> Iterator[tuple[int, R]]:
        """The answers with the numbers of their lines, in the order in which their groups were finished."""
        return ((number, prediction) for number, _, prediction in self._lines() if prediction.failure is None)

    def predictions(self) -> Iterator[R]:
        """The answers, in the order in which their groups were finished."""
        return (prediction for _, prediction in self.numbered())

    def write_info(self, info: Mapping[str, Any]) -> None:
        """Write `evaluation.json`."""
        self.write(INFO, json.dumps(info, indent=2, ensure_ascii=False) + "\n")

    def write(self, name: str, text: str) -> None:
        """Write another file of the folder."""
        atomic_write(self._held / name, text)

    def refuse(self, line: int, reason: str) -> NoReturn:
        """Raise `ContentError` for a line of the predictions."""
        raise ContentError(str(self._file.path), line, f"{reason}; remove the line, or start over with --new")

    def _lines(self) -> Iterator[tuple[int, int, R]]:
        return _records(self._file.lines(), self._file.path, self._record)

    def _reconcile(self) -> None:
        """Cut off the group that a kill or a full disk left unfinished; any other fault is an error."""
        complete_bytes = 0
        group: dict[Hashable, R] = {}
        current: K | None = None
        first = 0
        for number, end, prediction in self._lines():
            key, part = self._key(prediction), self._part(prediction)
            if key not in self.sizes or (group and key != current):
                self.refuse(number, "its request group is not part of this evaluation, or follows an incomplete one")
            first = first if group else number
            if part in group or not self.is_unanswered(key, part):
                self.refuse(first, "duplicate request group")
            group[part], current = prediction, key
            asked = self.unanswered.get(key)
            if len(group) == (self.sizes[key] if asked is None else len(asked)):
                self._settle(key, list(group.values()))
                complete_bytes, group = end, {}
        if complete_bytes < self._file.length:
            self._file.cut(complete_bytes)

    def _settle(self, key: K, predictions: Sequence[R]) -> None:
        """Note what is answered of a group, and what is not."""
        failures = {self._part(prediction): prediction.failure for prediction in predictions}
        self._answered = self._answered or None in failures.values()
        reasons = {part: failure for part, failure in failures.items() if failure is not None}
        if reasons:
            self.unanswered[key] = reasons
        else:
            self.unanswered.pop(key, None)
            self.finished.add(key)


def _line(prediction: Prediction | Choice) -> bytes:
    """A line of the file. An answer has no key `failure`, as in the files of earlier versions."""
    exclude = {"failure"} if prediction.failure is None else None
    return prediction.model_dump_json(exclude=exclude).encode() + b"\n"


def _records(lines: Iterator[tuple[int, bytes]], path: Path, record: type[R]) -> Iterator[tuple[int, int, R]]:
    """Number, end and prediction of each whole line."""
    for number, (end, line) in enumerate(lines, start=1):
        try:
            yield number, end, record.model_validate_json(line)
        except ValidationError as error:
            raise ContentError(str(path), number, validation_message(error, record)) from None


def read_records(folder: Path, record: type[R]) -> Iterator[R]:
    """The answers of an evaluation, in the order in which their request groups were finished."""
    path = folder / PREDICTIONS
    return (prediction for _, _, prediction in _records(read_lines(path), path, record) if prediction.failure is None)


def read_scores(folder: Path) -> dict[str, Any]:
    """The content of an evaluation's `scores.json`, of any kind.

    Raises `NotFoundError` where there is none yet, `ContentError` for a damaged file or one of too many values.
    """
    file = folder / SCORES
    try:
        data = read_bytes(file, within=folder)
        if has_too_many_values(data, MOST_VALUES):
            raise UnsafeFile(f"it has more than {MOST_VALUES:,} values")
        content = parse_json(data)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(
            f"{folder} has no {SCORES}: it is not finished; repeat the command that started it"
        ) from None
    except (OSError, ValueError) as error:
        raise ContentError(str(file), None, f"cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise ContentError(str(file), None, "is not a JSON object")
    return content


def read_info(folder: Path) -> dict[str, Any]:
    """The content of `evaluation.json`; `clca.evaluation.result.EvaluationInfo` documents its keys.

    Raises `NotFoundError` for a folder without one, `StoreError` for a damaged one.
    """
    file = folder / INFO
    try:
        data = parse_json(read_json(file, within=folder))
        if not isinstance(data, dict):
            raise ValueError("not an object")
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{folder} is not an evaluation: it has no {INFO}") from None
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {file} ({error}): repeat the command that made it") from None
    return data


def find_evaluation(name: str, out: Path, kind: str) -> tuple[Path, Selection]:
    """The folder of an evaluation, by its path, or below `out/kind` by its name or what that begins with.

    A path may lead to an evaluation of another kind. Of several with the same inputs it is the newest finished one.
    Raises `NotFoundError`, with the nearest names, and `SettingsError` for the beginning of several that differ.
    """
    for folder in (Path(name), out / name, out / kind / name):
        if (folder / INFO).is_file():
            return folder, Selection(target=name, taken=(str(folder),), reason="named")
    folders = [file.parent for file in out.glob(f"{kind}/*/{INFO}")]
    matching = [folder for folder in folders if name and folder.name.startswith(name)]
    if matching:
        return _select(name, matching)
    names = sorted(folder.name for folder in folders)
    if not names:
        made = f"make one with `clca eval-{kind}`"
        raise NotFoundError(f"no evaluation {name!r}: there are none in {out / kind}/ ({made})")
    hint = suggestion(name, names) or f"; there are {', '.join(names[-5:])}"
    raise NotFoundError(f"no evaluation {name!r} in {out / kind}/{hint}")


def _select(name: str, folders: Sequence[Path]) -> tuple[Path, Selection]:
    infos = {folder: read_info(folder) for folder in folders}

    def age(folder: Path) -> tuple[bool, str, str]:
        return bool(infos[folder].get("finished")), str(infos[folder].get("created", "")), folder.name

    by_age = sorted(folders, key=age)
    taken, others = by_age[-1], by_age[:-1]
    apart = {str(folder): _differences(infos[taken], infos[folder]) for folder in others}
    differing = {folder: why for folder, why in apart.items() if why}
    if differing:
        raise SettingsError(f"{name} is the beginning of {taken} and {listed(differing)}: give the whole name of one")
    reason = f"the newest of {len(folders)} with the same inputs" if others else "the only one of this beginning"
    states = {str(folder): "the same inputs" if infos[folder].get("finished") else "not finished" for folder in others}
    return taken, Selection(target=name, taken=(str(taken),), reason=reason, others=states)


def _differences(taken: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What sets the inputs of an evaluation apart, in a few words; "" for the same inputs."""
    inputs = [info["inputs"] if isinstance(info.get("inputs"), dict) else {} for info in (taken, other)]
    lines = differences(*inputs)
    if not lines and taken.get("fingerprint") != other.get("fingerprint"):
        lines = ["other inputs"]
    return "; ".join(lines[:3])
