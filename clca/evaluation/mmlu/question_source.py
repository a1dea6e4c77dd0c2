"""Sources of questions: the demonstration, a folder, or the hub."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clca.content.lookup import Content
from clca.content.parsing import suggestion
from clca.errors import SettingsError
from clca.evaluation.mmlu.csv_questions import is_csv_folder, read_folder, read_items
from clca.evaluation.mmlu.hub_questions import read_hub
from clca.evaluation.mmlu.questions import SPLITS, MmluItem, QuestionSet, Split, require_subjects

DEMO = "demo"
FOLDER = "eval/mmlu/demo"


def open_questions(
    name: str, subjects: Sequence[str], known: Sequence[str], content: Content, *, named: bool
) -> QuestionSet:
    """The questions that `--data` names, of some subjects of the `known` ones; `named`: the user chose them.

    Raises `SettingsError` for a source that does not exist or lacks subjects, and `ContentError` for malformed ones.
    """
    path = Path(os.path.expanduser(name))
    if name == DEMO:
        return demonstration(subjects, known, content, named=named)
    if path.is_dir():
        if is_csv_folder(path):
            return read_folder(path, subjects, known, named=named)
        return read_hub(name, subjects, known, named=named)
    require_source(name)
    return read_hub(name, subjects, known, named=named)


def require_source(name: str) -> None:
    """Refuse what cannot name questions. Raises `SettingsError`."""
    path = Path(os.path.expanduser(name))
    if name == DEMO or path.is_dir():
        return
    if path.exists() or name.count("/") != 1 or name.startswith((".", "/", "~")):
        hint = suggestion(name, [DEMO])
        raise SettingsError(f"--data {name}: neither a folder, nor a data set of the hub (OWNER/NAME), nor demo{hint}")


def demonstration(subjects: Sequence[str], known: Sequence[str], content: Content, *, named: bool) -> QuestionSet:
    """The shipped questions, which are of a few subjects only."""
    items: dict[Split, dict[str, tuple[MmluItem, ...]]] = {split: {} for split in SPLITS}
    if named:
        present = [_subject(path, "test") for path in content.files(f"{FOLDER}/test/*_test.csv")]
        require_subjects(subjects, present, "--data demo", named=True, total=len(known))
    for split in SPLITS:
        for path in content.files(f"{FOLDER}/{split}/*_{split}.csv"):
            subject = _subject(path, split)
            if subject in subjects:
                content.text(path)  # records that it was used
                items[split][subject] = read_items(content.locate(path), content.shown(path))
    test = {subject: items["test"][subject] for subject in subjects if subject in items["test"]}
    return replace(QuestionSet(DEMO, items["dev"], test), demonstration=True)


def _subject(path: str, split: Split) -> str:
    return path.rpartition("/")[2].removesuffix(f"_{split}.csv")
