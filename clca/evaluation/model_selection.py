"""Selection of the student under evaluation and of its adapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.evaluation.classification.scores import COMBINED
from clca.evaluation.evaluated_model import FULL_BITS, Adapter, EvaluatedModel
from clca.models import ModelCatalogue
from clca.models.adapter import TrainedAdapter, find_adapter, list_adapters
from clca.models.student import TINY, Student, find_student, pin_revision
from clca.shell import command_line
from clca.storage.run_index import find_run

ADAPTERS = Path("adapters")


def choose_by_culture(
    name: str | None,
    given: Sequence[TrainedAdapter],
    cultures: Sequence[str],
    bits: int | None,
    content: Content,
    environment: Mapping[str, str],
) -> EvaluatedModel:
    """The student, named or that of the `given` adapters, with one adapter for each culture that has one.

    Without `given` adapters, the newest of each culture that was trained on this student. Raises `SettingsError` for
    adapters of other students or of none of the cultures, and for an unknown student.
    """
    student, unavailable_reason = _student(name, given, content, environment)
    chosen, notes = {}, []
    existing = list(list_adapters(ADAPTERS))
    candidates = given or [adapter for adapter in existing if _base_of(adapter) == _source_of(student)]
    for culture in cultures:
        own = [adapter for adapter in candidates if culture in adapter.data.cultures]
        if not own and len(given) == 1:
            trained_on = ", ".join(given[0].data.cultures)
            notes.append(f"{given[0].folder} was taught {trained_on}; here it answers for {culture}")
            own = list(given)
        if not own and given:
            raise SettingsError(
                f"--adapter: none of those given was trained on {culture}; leave it out, or give one that was"
            )
        of_other_students = [adapter for adapter in existing if culture in adapter.data.cultures]
        if of_other_students and not own:
            notes.append(_not_used(of_other_students[-1], student))
        if own:
            chosen[culture] = Adapter(str(own[-1].folder), own[-1])
    return _evaluated_model(student, unavailable_reason, chosen, bits, notes)


def choose_by_row(
    name: str | None,
    given: Mapping[str, TrainedAdapter],
    wanted: Callable[[str], bool],
    bits: int | None,
    content: Content,
    environment: Mapping[str, str],
) -> EvaluatedModel:
    """The student, named or that of the adapters, with the `given` adapters by row.

    For each further row that is `wanted`, the newest adapter that was trained on this student. Raises as
    `choose_by_culture` does.
    """
    student, unavailable_reason = _student(name, list(given.values()), content, environment)
    chosen, newest, notes = dict(given), dict[str, TrainedAdapter](), []
    for adapter in list_adapters(ADAPTERS):
        row = row_of(adapter)
        if row not in given and wanted(row):
            newest[row] = adapter
            if _base_of(adapter) == _source_of(student):
                chosen[row] = adapter
    notes += [_not_used(adapter, student) for row, adapter in newest.items() if row not in chosen]
    for row, adapter in given.items():
        if row != row_of(adapter):
            notes.append(f"{adapter.folder} was taught {', '.join(adapter.data.cultures)}; here it answers as {row}")
    by_row = {row: Adapter(str(adapter.folder), adapter) for row, adapter in chosen.items()}
    return _evaluated_model(student, unavailable_reason, by_row, bits, notes)


def choose_served_by_culture(name: str | None, given: Sequence[str], cultures: Sequence[str]) -> EvaluatedModel:
    """A model on a server; `given` are the server's names of its adapters: one for all cultures, or one for each.

    Raises `SettingsError` for another number of adapters, and for a missing student.
    """
    if len(given) not in (0, 1, len(cultures)):
        raise SettingsError(
            f"--adapter: {len(given)} given for {len(cultures)} cultures: give one for all, or one for each in order"
        )
    each = [*given] if len(given) == len(cultures) else [*given] * len(cultures)
    return choose_served(name, dict(zip(cultures, each, strict=False)))


def choose_served(name: str | None, given: Mapping[str, str]) -> EvaluatedModel:
    """A model on a server; `given` has the server's name of its adapter for each row.

    Raises `SettingsError` for a missing student.
    """
    if name is None:
        raise SettingsError("--base-url needs --student NAME: the model's name on the server")
    rehearsals = [adapter for adapter in dict.fromkeys(given.values()) if _rehearsed(adapter)]
    reasons = [f"the adapter {adapter} is a rehearsal" for adapter in rehearsals]
    by_row = {row: Adapter(adapter, None) for row, adapter in given.items()}
    return EvaluatedModel(name, None, FULL_BITS, by_row, tuple(reasons))


def row_of(adapter: TrainedAdapter) -> str:
    """The row that an adapter answers as: its culture, or `combined` where it learned from several."""
    return adapter.data.cultures[0] if len(adapter.data.cultures) == 1 else COMBINED


def find(name: str, catalogue: CultureCatalogue, runs: Path) -> TrainedAdapter:
    """An adapter by folder, name, any name of a culture, or the run (below `runs`) that it learned from.

    Raises `NotFoundError`.
    """
    try:
        return find_adapter(name, ADAPTERS)
    except NotFoundError as error:
        not_found = error
    try:
        return find_adapter(catalogue.find(name), ADAPTERS)
    except NotFoundError:
        pass
    try:
        run_fingerprint = find_run(name, runs).data.get("fingerprint")
    except NotFoundError:
        raise not_found from None
    of_run = [
        adapter
        for adapter in list_adapters(ADAPTERS)
        if run_fingerprint in {run.fingerprint for run in adapter.data.lineage}
    ]
    if not of_run:
        train = command_line("clca", "train", "--run", name)
        raise NotFoundError(f"no adapter in {ADAPTERS}/ was trained on run {name}: `{train}` makes one")
    return of_run[-1]


def _student(
    name: str | None, given: Sequence[TrainedAdapter], content: Content, environment: Mapping[str, str]
) -> tuple[Student, str]:
    """The student of that name or of the given adapters, and why it cannot be run here, or ""."""
    bases = {_base_of(adapter): adapter for adapter in given}
    if len(bases) > 1:
        names = " and ".join(f"{adapter.folder} on {adapter.data.student.name}" for adapter in bases.values())
        raise SettingsError(f"--adapter: they were trained on different students, {names}: evaluate them one by one")
    if name is None and given:
        name = TINY if given[0].data.student.name == TINY else given[0].source
    models, unavailable_reason = ModelCatalogue(content), ""
    try:
        student = find_student(name or TINY, models, environment, content)
    except SettingsError as error:
        model = models.find(name or TINY)
        if model is None:
            raise
        student, unavailable_reason = Student(model.name, model.hub, None, False, model), error.message
    for adapter in given:
        if _base_of(adapter) != _source_of(student):
            raise SettingsError(
                f"--adapter {adapter.folder} was trained on {_base_of(adapter)}, not on {_source_of(student)}:"
                " leave out --student, or train one on it"
            )
    return student, unavailable_reason


def _evaluated_model(
    student: Student, unavailable_reason: str, chosen: dict[str, Adapter], bits: int | None, notes: Sequence[str]
) -> EvaluatedModel:
    all_notes = list(notes)
    used = {adapter.name: adapter.trained for adapter in chosen.values() if adapter.trained is not None}
    revisions = {adapter.data.student.revision for adapter in used.values()} - {None}
    if len(revisions) == 1:  # the adapters fit this one; the hub may have another by now
        student = replace(student, revision=revisions.pop())
    elif revisions:
        all_notes.append(f"the adapters were trained on several revisions of {student.source}; asked is the newest")
    if student.revision is None and not unavailable_reason and find_spec("transformers") is not None:
        student = pin_revision(student)
    if bits is None:
        trained = {adapter.data.recipe["base"]["bits"] for adapter in used.values()}
        bits = trained.pop() if len(trained) == 1 and not student.tiny else FULL_BITS  # quantised, CPUs are slow
    reasons = ["the student is tiny"] if student.tiny else []
    reasons += [
        f"{path} is a rehearsal" for path, adapter in used.items() if adapter.data.rehearsal and not student.tiny
    ]
    return EvaluatedModel(student.name, student, bits, chosen, tuple(reasons), tuple(all_notes), unavailable_reason)


def _not_used(adapter: TrainedAdapter, student: Student) -> str:
    return f"{adapter.folder} was trained on {_base_of(adapter)}, not on {_source_of(student)}: it takes no part"


def _source_of(student: Student) -> str:
    """What the adapters of a student call it: of one in a folder only the folder's name."""
    source = Path(os.path.expanduser(student.source))
    return source.resolve().name if source.is_dir() else student.source


def _base_of(adapter: TrainedAdapter) -> str:
    return adapter.data.student.source


def _rehearsed(name: str) -> bool:
    try:
        return find_adapter(name, ADAPTERS).data.rehearsal
    except ClcaError:
        return False
