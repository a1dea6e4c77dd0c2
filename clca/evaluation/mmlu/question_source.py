"""Where an exam comes from: the demonstration, a folder, or the hub."""

from __future__ import annotations

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
    """The exam that `--data` names. `subjects` are those to ask, of all `known`; `named` says the user chose them."""
    path = Path(name).expanduser()
    if name == DEMO:
        return demonstration(subjects, known, content, named=named)
    if path.is_dir():
        if is_csv_folder(path):
            return read_folder(path, subjects, known, named=named)
        return read_hub(name, subjects, known, named=named)
    if path.exists() or name.count("/") != 1 or name.startswith((".", "/", "~")):
        hint = suggestion(name, [DEMO])
        raise SettingsError(f"--data {name}: is no folder, no data set of the hub (OWNER/NAME) and not demo{hint}")
    return read_hub(name, subjects, known, named=named)


def demonstration(subjects: Sequence[str], known: Sequence[str], content: Content, *, named: bool) -> QuestionSet:
    """The shipped questions, of which there are a few subjects only."""
    read: dict[Split, dict[str, tuple[MmluItem, ...]]] = {split: {} for split in SPLITS}
    if named:
        has = [_subject(path, "test") for path in content.files(f"{FOLDER}/test/*_test.csv")]
        require_subjects(subjects, has, "--data demo", named=True, whole=len(known))
    for split in SPLITS:
        for path in content.files(f"{FOLDER}/{split}/*_{split}.csv"):
            subject = _subject(path, split)
            if subject in subjects:
                content.text(path)  # notes what was used
                read[split][subject] = read_items(content.locate(path), content.shown(path))
    test = {one: read["test"][one] for one in subjects if one in read["test"]}
    return replace(QuestionSet(DEMO, read["dev"], test), demonstration=True)


def _subject(path: str, split: Split) -> str:
    return path.rpartition("/")[2].removesuffix(f"_{split}.csv")
