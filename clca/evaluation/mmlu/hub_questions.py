"""MMLU as the `datasets` library has it: from the hub, or from a folder in the layout of `cais/mmlu`."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError, SettingsError
from clca.evaluation.mmlu.audit import audit
from clca.evaluation.mmlu.csv_questions import LAYOUT
from clca.evaluation.mmlu.questions import LETTERS, SPLITS, MmluItem, QuestionSet, Split, require_subjects

DEFAULT = "cais/mmlu"
CONFIG = "all"
KINDS = {".parquet": "parquet", ".jsonl": "json", ".json": "json"}
FIELDS = "question (text), subject (text), choices (four texts) and answer (0 to 3)"


def read_hub(name: str, subjects: Sequence[str], known: Sequence[str], *, named: bool) -> QuestionSet:
    """The questions of the subjects. `name` is a data set of the hub or a folder, as `read_folder` has the rest."""
    shown = f"--data {name}"
    read: dict[Split, dict[str, tuple[MmluItem, ...]]] = {}
    found: dict[Split, set[str]] = {}
    for split in SPLITS:
        by_subject: dict[str, list[MmluItem]] = defaultdict(list)
        for number, row in enumerate(_load(name, split), start=1):
            one = _row(f"{name}, {split}, row {number}", row)
            a, b, c, d = one.choices
            items = by_subject[one.subject]
            items.append(MmluItem(len(items) + 1, one.question, (a, b, c, d), LETTERS[one.answer]))
        found[split] = set(by_subject)
        read[split] = {one: tuple(by_subject[one]) for one in subjects if one in by_subject}
    require_subjects(subjects, found["test"], shown, named=named, whole=len(known))
    strange = found["test"] - set(known)
    left = ", ".join(sorted(strange))
    notes = [f"{name}: {left}: not in eval/mmlu/subjects.csv, and left out"] if strange else []
    return QuestionSet(name, read["dev"], read["test"], (*notes, *audit(read["dev"], read["test"])))


class _Row(BaseModel):
    """A row of the data set; what else it holds is left."""

    model_config = ConfigDict(extra="ignore", strict=True)

    question: Annotated[str, StringConstraints(pattern=r"\S")]
    subject: Annotated[str, StringConstraints(min_length=1)]
    choices: Annotated[list[str], Field(min_length=len(LETTERS), max_length=len(LETTERS))]
    answer: Annotated[int, Field(ge=0, lt=len(LETTERS))]


def _row(where: str, given: Mapping[str, Any]) -> _Row:
    try:
        return _Row.model_validate(given)
    except ValidationError as error:
        raise ContentError(where, None, f"{validation_message(error)}; the fields have to be {FIELDS}") from None


def _load(name: str, split: Split) -> Iterable[Mapping[str, Any]]:
    try:
        import datasets
    except ImportError:
        raise SettingsError(
            f"--data {name}: needs the library datasets, not installed here: pip install '.[eval]' where clca's source"
            f" is, or give hendrycks' CSV folder ({LAYOUT})"
        ) from None
    datasets.disable_progress_bars()
    folder = Path(name).expanduser()
    try:
        with _silent():
            if not folder.is_dir():
                found = datasets.load_dataset(name, CONFIG, split=split)
            elif (folder / "dataset_dict.json").is_file():
                found = datasets.load_from_disk(str(folder))[split]
            elif files := _files(folder, split):
                # By their names: the library itself takes files called dev for a part of the validation split.
                kind = KINDS[files[0].suffix]
                found = datasets.load_dataset(kind, data_files={split: [*map(str, files)]}, split=split, streaming=True)
            else:
                raise SettingsError(
                    f"--data {name}: holds neither {LAYOUT} nor {split}-*.parquet or {split}.jsonl"
                    + (f"; give the folder above it, {folder.resolve().parent}" if _is_split(folder) else "")
                )
            rows: Iterable[Mapping[str, Any]] = list(found)
    except SettingsError:
        raise
    except Exception as error:  # the library has no one kind of error for what is not there or cannot be reached
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        advice = (
            "look at the folder"
            if folder.is_dir()
            else "a set that needs a licence needs HF_TOKEN; where the hub cannot be reached, give --data DIR with"
            f" hendrycks' CSV folder ({LAYOUT}), or --data demo"
        )
        raise SettingsError(f"--data {name}: cannot be loaded: {reason}; {advice}") from None
    return rows


@contextmanager
def _silent() -> Iterator[None]:
    """The libraries log at length what they raise afterwards, and every retry of the network."""
    loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def _is_split(folder: Path) -> bool:
    """Whether it is the `test` or `dev` of hendrycks' folder."""
    return any(True for split in SPLITS for _ in folder.glob(f"*_{split}.csv"))


def _files(folder: Path, split: Split) -> list[Path]:
    """A folder's own files of a split, or those below `all/`, of the first kind that there are any of."""
    for root in (folder, folder / CONFIG):
        for kind in KINDS:
            if found := sorted({*root.glob(f"{split}-*{kind}"), *root.glob(f"{split}{kind}")}):
                strange = next((one for one in found if not one.is_file()), None)
                if strange is not None:
                    raise SettingsError(f"{strange}: is no plain file: put the questions of {split} there")
                return found
    return []
