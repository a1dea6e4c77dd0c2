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
from clca.evaluation.row_names import APART
from clca.models import ModelCatalogue
from clca.models.adapter import TrainedAdapter, find_adapters, list_adapters
from clca.models.adapter_selection import select_adapter
from clca.models.student import TINY, Student, find_student, pin_revision
from clca.shell import command_line
from clca.storage.run_index import find_runs
from clca.storage.selection import Selection

ADAPTERS = Path("adapters")
NAMED = "named by --adapter"


def choose_by_culture(
    name: str | None,
    given: Sequence[TrainedAdapter],
    cultures: Sequence[str],
    bits: int | None,
    content: Content,
    environment: Mapping[str, str],
    *,
    asked: bool = True,
) -> EvaluatedModel:
    """The student, named or that of the `given` adapters, with one adapter for each culture that has one.

    Without `given` adapters, those that were trained on this student, as `select_adapter` takes them: the culture's own
    before one of several cultures. Where no adapter is `asked`, of several that differ none is taken. Raises
    `SettingsError` for adapters of other students or of none of the cultures, for several of one culture, and for an
    unknown student.
    """
    student, unavailable_reason = _student(name, given, content, environment)
    chosen, notes, selection = {}, list[str](), list[Selection]()
    existing = list_adapters(ADAPTERS, lambda error: notes.append(f"passed over: {error.message}"))
    candidates = list(given) or [adapter for adapter in existing if _base_of(adapter) == _source_of(student)]
    for culture in cultures:
        of_culture = [adapter for adapter in candidates if culture in adapter.data.cultures]
        if not of_culture and len(given) == 1:
            trained_on = ", ".join(given[0].data.cultures)
            notes.append(f"{given[0].folder} was taught {trained_on}; here it answers for {culture}")
            of_culture = list(given)
        if not of_culture and given:
            raise SettingsError(
                f"--adapter: none of those given was trained on {culture}; leave it out, or give one that was"
            )
        of_others = [adapter for adapter in existing if culture in adapter.data.cultures and adapter not in candidates]
        if not of_culture:
            notes += [_not_used(adapter, student) for adapter in of_others]
            continue
        own = [adapter for adapter in of_culture if len(adapter.data.cultures) == 1] or of_culture
        if given:
            adapter, entry = _named(culture, own, [each for each in existing if culture in each.data.cultures])
        else:
            set_aside = {str(each.folder): "of several cultures" for each in of_culture if each not in own}
            set_aside |= {str(each.folder): f"trained on {_base_of(each)}" for each in of_others}
            try:
                adapter, entry = select_adapter(culture, own, set_aside)
            except SettingsError:
                if asked:
                    raise
                continue
        chosen[culture] = Adapter(str(adapter.folder), adapter)
        selection.append(entry)
    unused = [adapter for adapter in given if not set(cultures) & set(adapter.data.cultures)]
    if unused and len(given) > 1:
        trained_on = ", ".join(unused[0].data.cultures)
        raise SettingsError(
            f"--adapter {unused[0].folder} was trained on {trained_on}, which is not evaluated: add it with --culture,"
            " or leave the adapter out"
        )
    return _evaluated_model(student, unavailable_reason, chosen, bits, notes, selection)


def _named(
    row: str, own: Sequence[TrainedAdapter], existing: Sequence[TrainedAdapter]
) -> tuple[TrainedAdapter, Selection]:
    """The one adapter that was given for a row, beside those that exist for it. Raises `SettingsError` for several."""
    by_folder = {adapter.folder.resolve(): adapter for adapter in own}
    if len(by_folder) > 1:
        names = " and ".join(f"{adapter.folder} ({adapter.taught})" for adapter in own)
        raise SettingsError(
            f"--adapter: {names} are both of {row}, and an evaluation has one adapter for each culture: repeat the"
            " command for each; `clca compare` puts two evaluations beside each other"
        )
    (taken,) = by_folder.values()
    others = {str(adapter.folder): adapter.taught for adapter in existing if adapter.folder.resolve() not in by_folder}
    return taken, Selection(target=row, taken=(str(taken.folder),), reason=NAMED, others=others)


def choose_by_row(
    name: str | None,
    given: Mapping[str, TrainedAdapter],
    wanted: Callable[[str], bool],
    bits: int | None,
    content: Content,
    environment: Mapping[str, str],
) -> EvaluatedModel:
    """The student, named or that of the adapters, with the `given` adapters by row.

    For each further row that is `wanted`, an adapter that was trained on this student, as `select_adapter` takes it.
    Raises as `choose_by_culture` does.
    """
    student, unavailable_reason = _student(name, list(given.values()), content, environment)
    chosen, notes, selection = dict(given), list[str](), list[Selection]()
    existing: dict[str, list[TrainedAdapter]] = {}
    for adapter in list_adapters(ADAPTERS, lambda error: notes.append(f"passed over: {error.message}")):
        existing.setdefault(row_of(adapter), []).append(adapter)
    for row, of_row in existing.items():
        if row in given or not wanted(row):
            continue
        own = [adapter for adapter in of_row if _base_of(adapter) == _source_of(student)]
        of_others = [adapter for adapter in of_row if adapter not in own]
        if own:
            set_aside = {str(each.folder): f"trained on {_base_of(each)}" for each in of_others}
            chosen[row], entry = select_adapter(row, own, set_aside, f"--adapter {row}=DIR")
            selection.append(entry)
        else:
            notes += [_not_used(adapter, student) for adapter in of_others]
    for row, adapter in given.items():
        selection.append(_named(row, [adapter], existing.get(row, []))[1])
        if row.partition(APART)[0] != row_of(adapter):
            notes.append(f"{adapter.folder} was taught {', '.join(adapter.data.cultures)}; here it answers as {row}")
    by_row = {row: Adapter(str(adapter.folder), adapter) for row, adapter in chosen.items()}
    return _evaluated_model(student, unavailable_reason, by_row, bits, notes, selection)


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


def find(name: str, catalogue: CultureCatalogue, runs: Path) -> tuple[TrainedAdapter, Selection]:
    """An adapter by folder, name, any name of a culture, or the run (below `runs`) that it learned from.

    The selection has what else the name stands for. Raises `NotFoundError`, and `SettingsError` for a name of several
    adapters that differ.
    """
    return select_adapter(name, _find_all(name, catalogue, runs), advice="a folder of one of them")


def _find_all(name: str, catalogue: CultureCatalogue, runs: Path) -> list[TrainedAdapter]:
    try:
        return find_adapters(name, ADAPTERS)
    except NotFoundError as error:
        not_found = error
    try:
        return find_adapters(catalogue.find(name), ADAPTERS)
    except NotFoundError:
        pass
    try:
        run_fingerprints = {run.data.get("fingerprint") for run in find_runs(name, runs)}
    except NotFoundError:
        raise not_found from None
    of_run = [
        adapter
        for adapter in list_adapters(ADAPTERS)
        if run_fingerprints & {run.fingerprint for run in adapter.data.lineage}
    ]
    if not of_run:
        train = command_line("clca", "train", "--run", name)
        raise NotFoundError(f"no adapter in {ADAPTERS}/ was trained on run {name}: `{train}` makes one")
    return of_run


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
    student: Student,
    unavailable_reason: str,
    chosen: dict[str, Adapter],
    bits: int | None,
    notes: Sequence[str],
    selection: Sequence[Selection],
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
    return EvaluatedModel(
        student.name,
        student,
        bits,
        chosen,
        tuple(reasons),
        tuple(all_notes),
        unavailable_reason,
        tuple(selection),
    )


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
        return any(adapter.data.rehearsal for adapter in find_adapters(name, ADAPTERS))
    except ClcaError:
        return False
