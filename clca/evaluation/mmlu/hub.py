"""MMLU as the `datasets` library has it: from the hub, or from a folder in the layout of `cais/mmlu`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from clca.errors import ContentError, SettingsError
from clca.evaluation.mmlu.data import LETTERS, SPLITS, Exam, Item, Split, require_subjects
from clca.evaluation.mmlu.folder import LAYOUT, repeated

DEFAULT = "cais/mmlu"
CONFIG = "all"
KINDS = {".parquet": "parquet", ".jsonl": "json", ".json": "json"}
FIELDS = "question (text), subject (text), choices (four texts) and answer (0 to 3)"


def read_hub(name: str, subjects: Sequence[str], known: Sequence[str], *, named: bool) -> Exam:
    """The questions of the subjects. `name` is a data set of the hub or a folder, as `read_folder` has the rest."""
    shown = f"--data {name}"
    read: dict[Split, dict[str, tuple[Item, ...]]] = {}
    strange: set[str] = set()
    for split in SPLITS:
        by_subject: dict[str, list[Item]] = defaultdict(list)
        for number, row in enumerate(_load(name, split), start=1):
            subject, item = _item(f"{name}, {split}, row {number}", row, by_subject)
            by_subject[subject].append(item)
        strange |= set(by_subject) - set(known)
        read[split] = {one: tuple(by_subject[one]) for one in subjects if one in by_subject}
    require_subjects(subjects, read["test"], shown, named=named, whole=len(known))
    left = ", ".join(sorted(strange))
    notes = [f"{name}: {left}: not in eval/mmlu/subjects.csv, and left out"] if strange else []
    return Exam(name, read["dev"], read["test"], (*notes, *repeated(read["test"])))


def _item(where: str, row: Mapping[str, Any], before: Mapping[str, Sequence[Item]]) -> tuple[str, Item]:
    question, subject, choices, answer = (row.get(key) for key in ("question", "subject", "choices", "answer"))
    fault = ""
    if not isinstance(question, str) or not question.strip() or not isinstance(subject, str) or not subject:
        fault = "question or subject is empty"
    elif not isinstance(choices, Sequence) or len(choices) != len(LETTERS) or isinstance(choices, str):
        fault = "choices are not four texts"
    elif not all(isinstance(one, str) for one in choices):
        fault = "choices are not four texts"
    elif not isinstance(answer, int) or not 0 <= answer < len(LETTERS):
        fault = f"answer {answer!r}: has to be from 0 to {len(LETTERS) - 1}"
    if fault:
        raise ContentError(where, None, f"{fault}; the fields have to be {FIELDS}")
    a, b, c, d = choices
    return str(subject), Item(len(before.get(str(subject), ())) + 1, str(question), (a, b, c, d), LETTERS[int(answer)])


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
        if not folder.is_dir():
            found = datasets.load_dataset(name, CONFIG, split=split)
        elif (folder / "dataset_dict.json").is_file():
            found = datasets.load_from_disk(str(folder))[split]
        elif files := _files(folder, split):
            # By their names: the library itself takes files called dev for a part of the validation split.
            kind = KINDS[files[0].suffix]
            found = datasets.load_dataset(kind, data_files={split: [*map(str, files)]}, split=split, streaming=True)
        else:
            raise SettingsError(f"--data {name}: holds neither {LAYOUT} nor {split}-*.parquet or {split}.jsonl")
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


def _files(folder: Path, split: Split) -> list[Path]:
    """A folder's own files of a split, or those below `all/`, of the first kind that there are any of."""
    for root in (folder, folder / CONFIG):
        for kind in KINDS:
            if found := sorted({*root.glob(f"{split}-*{kind}"), *root.glob(f"{split}{kind}")}):
                return found
    return []
