"""The subjects of MMLU and their four groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from clca.content.lookup import Content
from clca.content.parsing import read_csv, suggestion
from clca.errors import ContentError, SettingsError
from clca.records import Line, Record, Slug

SUBJECTS = "eval/mmlu/subjects.csv"

Group = Literal["stem", "humanities", "social_sciences", "other"]
GROUPS: tuple[Group, ...] = get_args(Group)


class Subject(Record):
    """A subject: `id` as in the names of files, `name` as in prompts."""

    id: Slug
    group: Group
    name: Line


def load_subjects(content: Content) -> dict[str, Subject]:
    """All subjects by id, in the order of the file. Raises `ContentError`."""
    rows = read_csv(content.shown(SUBJECTS), content.text(SUBJECTS), Subject)
    subjects: dict[str, Subject] = {}
    for number, row in enumerate(rows, start=2):
        if row.id in subjects:
            raise ContentError(content.shown(SUBJECTS), number, f"id: duplicate {row.id}")
        subjects[row.id] = row
    return subjects


def choose_subjects(named: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    """The subjects that `--subject` names, by id or in words, in the order of `known`; all for no name.

    Raises `SettingsError` for an unknown subject.
    """
    every = tuple(known)
    wanted = set()
    for name in named:
        if not name.strip():
            raise SettingsError(f"--subject: is empty; give the id of a subject, as in {SUBJECTS}")
        id = "_".join(name.lower().replace("-", " ").replace("_", " ").split())
        if id not in every:
            hint = suggestion(id, every) or f"; there are {', '.join(every)}"
            raise SettingsError(f"--subject {name}: is not known{hint}")
        wanted.add(id)
    return tuple(subject for subject in every if not wanted or subject in wanted)
