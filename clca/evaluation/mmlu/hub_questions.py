"""MMLU from the hub or what `datasets` saved, through that library, or from a folder in the layout of `cais/mmlu`."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from clca.bounded_json import parse_json
from clca.content.parsing import validation_message
from clca.errors import ContentError, SettingsError
from clca.evaluation.mmlu.audit import audit
from clca.evaluation.mmlu.csv_questions import LAYOUT
from clca.evaluation.mmlu.questions import LETTERS, SPLITS, MmluItem, QuestionSet, Split, require_subjects
from clca.evaluation.parquet import bounded_batches, open_parquet, require_plain
from clca.models.hub import is_reachable
from clca.safe_open import MIB, bounded_lines, read_json, safe_open

DEFAULT = "cais/mmlu"
CONFIG = "all"
SHOWN = 10  # subjects in a note
KINDS = (".parquet", ".jsonl", ".json")
MOST_ROWS, MOST_VALUES = 1_000_000, 10_000_000  # of a file; MMLU has 14,042 questions, 99,842 to train on
LONGEST_CELL, MOST_TEXT = MIB, 256 * MIB  # bytes
_BATCH = 1000  # rows
FIELDS = "question (text), subject (text), choices (four texts) and answer (0 to 3)"


def read_hub(name: str, subjects: Sequence[str], known: Sequence[str], *, named: bool) -> QuestionSet:
    """The questions of some subjects of the `known` ones; `named`: the user chose them.

    `name` is a data set of the hub or a folder. Raises `SettingsError` where it cannot be loaded or lacks subjects, and
    `ContentError` for malformed rows.
    """
    shown = f"--data {name}"
    questions: dict[Split, dict[str, tuple[MmluItem, ...]]] = {}
    present: dict[Split, set[str]] = {}
    for split in SPLITS:
        by_subject: dict[str, list[MmluItem]] = defaultdict(list)
        for number, row in enumerate(_load(name, split), start=1):
            parsed = _parse_row(f"{name}, {split}, row {number}", row)
            a, b, c, d = parsed.choices
            items = by_subject[parsed.subject]
            items.append(MmluItem(len(items) + 1, parsed.question, (a, b, c, d), LETTERS[parsed.answer]))
        present[split] = set(by_subject)
        questions[split] = {subject: tuple(by_subject[subject]) for subject in subjects if subject in by_subject}
    require_subjects(subjects, present["test"], shown, named=named, total=len(known))
    unknown = sorted(present["test"] - set(known))
    shown_unknown = ", ".join(unknown[:SHOWN]) + (f" and {len(unknown) - SHOWN:,} more" if unknown[SHOWN:] else "")
    notes = [f"{name}: {shown_unknown}: not in eval/mmlu/subjects.csv, and left out"] if unknown else []
    dev, test = questions["dev"], questions["test"]
    return QuestionSet(name, dev, test, (*notes, *audit(dev, test)))


class _Row(BaseModel):
    """A row of the data set; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    question: Annotated[str, StringConstraints(pattern=r"\S")]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    choices: Annotated[list[str], Field(min_length=len(LETTERS), max_length=len(LETTERS))]
    answer: Annotated[int, Field(ge=0, lt=len(LETTERS))]


def _parse_row(shown: str, row: Mapping[str, Any]) -> _Row:
    try:
        return _Row.model_validate(row)
    except ValidationError as error:
        raise ContentError(shown, None, f"{validation_message(error)}; the fields have to be {FIELDS}") from None


def _load(name: str, split: Split) -> list[Mapping[str, Any]]:
    folder = Path(os.path.expanduser(name))
    try:
        if not folder.is_dir() or (folder / "dataset_dict.json").is_file():
            return _library_rows(name, folder, split)
        files = _files(folder, split)
        if not files:
            raise SettingsError(
                f"--data {name}: neither {LAYOUT} nor {split}-*.parquet or {split}.jsonl"
                + (f"; give the folder above it, {folder.resolve().parent}" if _is_split(folder) else "")
            )
        return [row for file in files for row in _file_rows(file, folder)]
    except SettingsError:
        raise
    except Exception as error:  # the libraries have no common error for what does not exist or cannot be reached
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        advice = (
            "check the folder"
            if folder.is_dir()
            else "a set that needs a licence needs HF_TOKEN; where the hub cannot be reached, give --data DIR with"
            f" hendrycks' CSV folder ({LAYOUT}), or --data demo"
        )
        raise SettingsError(f"--data {name}: cannot be loaded: {reason}; {advice}") from None


def _library_rows(name: str, folder: Path, split: Split) -> list[Mapping[str, Any]]:
    try:
        import datasets
    except ImportError:
        raise SettingsError(
            f"--data {name}: needs the library datasets, not installed here: pip install '.[eval]' where clca's source"
            f" is, or give hendrycks' CSV folder ({LAYOUT})"
        ) from None
    datasets.disable_progress_bars()
    with _silent():
        if folder.is_dir():
            _require_own_files(folder, folder / split)
            return list(_plain_rows(datasets.load_from_disk(str(folder / split))))
        is_cached = (Path(datasets.config.HF_DATASETS_CACHE) / name.replace("/", "___")).is_dir()
        if not is_cached and not is_reachable(os.environ):
            raise OSError("the hub cannot be reached")
        return list(_plain_rows(datasets.load_dataset(name, CONFIG, split=split)))


def _require_own_files(folder: Path, split: Path) -> None:
    """Raise an error for a saved split that the library would follow out of its folder, wait for, or not bear."""
    state, _ = (parse_json(read_json(split / name, folder)) for name in ("state.json", "dataset_info.json"))
    for file in state["_data_files"]:
        safe_open(split / file["filename"], folder).close()


def _plain_rows(dataset: Any) -> Iterator[Mapping[str, Any]]:
    """The columns of questions as they are stored: a picture that is decoded may name any file of this machine."""
    if len(dataset) > MOST_ROWS:
        raise OSError(f"{len(dataset):,} rows")
    needed = [name for name in _Row.model_fields if name in dataset.column_names]
    for table in dataset.select_columns(needed).with_format("arrow").iter(_BATCH):
        require_plain(table.schema, lists=True)  # no dictionaries: each cell takes its own room in the file
        table.validate(full=True)  # the file is mapped, and its offsets may lead out of it
        yield from table.to_pylist()


def _file_rows(path: Path, folder: Path) -> Iterator[Mapping[str, Any]]:
    if path.suffix == ".parquet":
        with open_parquet(path, MOST_ROWS, MOST_VALUES, lists=True, within=folder) as file:
            for batch in bounded_batches(file, LONGEST_CELL, MOST_TEXT):
                yield from batch.to_pylist()
    else:
        with safe_open(path, within=folder) as lines:
            yield from (parse_json(line) for line in bounded_lines(lines) if line.strip())


@contextmanager
def _silent() -> Iterator[None]:
    """Mute the libraries, which log what they raise afterwards, and every retry of the network."""
    loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _is_split(folder: Path) -> bool:
    """Whether a folder is the `test` or `dev` folder of Hendrycks' distribution."""
    return any(True for split in SPLITS for _ in folder.glob(f"*_{split}.csv"))


def _files(folder: Path, split: Split) -> list[Path]:
    """The files of a split in a folder, else those below `all/`, of the first kind that exists."""
    for root in (folder, folder / CONFIG):
        for kind in KINDS:
            if paths := sorted({*root.glob(f"{split}-*{kind}"), *root.glob(f"{split}{kind}")}):
                irregular = next((path for path in paths if not path.is_file()), None)
                if irregular is not None:
                    raise SettingsError(f"{irregular}: is not a regular file: put the questions of {split} there")
                return paths
    return []
