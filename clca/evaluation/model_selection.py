"""Which student is evaluated, and which adapters of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, NotFoundError, SettingsError
from clca.evaluation.classification.scores import COMBINED
from clca.evaluation.evaluated_model import WHOLE, Adapter, EvaluatedModel
from clca.models import ModelCatalogue
from clca.models.adapter import TrainedAdapter, find_adapter, list_adapters
from clca.models.student import TINY, Student, find_student, pin_revision
from clca.storage.run_index import find_run

ADAPTERS = Path("adapters")


def find_given(names: Sequence[str], catalogue: CultureCatalogue, generated: Path) -> list[TrainedAdapter]:
    """Adapters by folder, name, any name of a culture, or the run that they learned from."""
    return [find(name, catalogue, generated) for name in names]


def choose(
    name: str | None,
    given: Sequence[TrainedAdapter],
    cultures: Sequence[str],
    bits: int | None,
    content: Content,
    environment: Mapping[str, str],
    *,
    elsewhere: bool = False,
) -> EvaluatedModel:
    """The student, named or that of the adapters, and an adapter for each culture that there is one of.

    Without `given` ones, the newest of each culture that was trained on this student. With `elsewhere` the
    student need not be to be had here.
    """
    student, obstacle = _student(name, given, content, environment, elsewhere)
    chosen, notes = {}, []
    there = list(list_adapters(ADAPTERS))
    known = given or [one for one in there if _base_of(one) == _known_as(student)]
    for culture in cultures:
        own = [one for one in known if culture in one.data.cultures]
        if not own and len(given) == 1:
            taught = ", ".join(given[0].data.cultures)
            notes.append(f"{given[0].folder} was taught {taught}; here it answers for {culture}")
            own = list(given)
        if not own and given:
            raise SettingsError(f"--adapter: none of those given was taught {culture}; leave it out, or give one")
        others = [one for one in there if culture in one.data.cultures]
        if others and not own:
            notes.append(_no_part(others[-1], student))
        if own:
            chosen[culture] = Adapter(str(own[-1].folder), own[-1])
    return _subject(student, obstacle, chosen, bits, notes)


def choose_rows(
    name: str | None,
    given: Mapping[str, TrainedAdapter],
    wanted: Callable[[str], bool],
    bits: int | None,
    content: Content,
    environment: Mapping[str, str],
    *,
    elsewhere: bool = False,
) -> EvaluatedModel:
    """The student, named or that of the adapters, with the `given` adapters by row.

    Of a further row that is `wanted` it has the newest adapter that was trained on this student. The row of an
    adapter is its culture, or `combined` where it was taught several.
    """
    student, obstacle = _student(name, list(given.values()), content, environment, elsewhere)
    chosen, newest, notes = dict(given), dict[str, TrainedAdapter](), []
    for one in list_adapters(ADAPTERS):
        if row_of(one) not in given and wanted(row_of(one)):
            newest[row_of(one)] = one
            if _base_of(one) == _known_as(student):
                chosen[row_of(one)] = one
    notes += [_no_part(one, student) for row, one in newest.items() if row not in chosen]
    for row, one in given.items():
        if row != row_of(one):
            notes.append(f"{one.folder} was taught {', '.join(one.data.cultures)}; here it answers as {row}")
    by_row = {row: Adapter(str(one.folder), one) for row, one in chosen.items()}
    return _subject(student, obstacle, by_row, bits, notes)


def row_of(one: TrainedAdapter) -> str:
    return one.data.cultures[0] if len(one.data.cultures) == 1 else COMBINED


def _student(
    name: str | None, given: Sequence[TrainedAdapter], content: Content, environment: Mapping[str, str], elsewhere: bool
) -> tuple[Student, str]:
    """The student of the given adapters or of that name, and why it cannot be run here, or ""."""
    bases = {_base_of(one): one for one in given}
    if len(bases) > 1:
        names = " and ".join(f"{one.folder} on {one.data.student.name}" for one in bases.values())
        raise SettingsError(f"--adapter: they were trained on different students, {names}: evaluate them one by one")
    if name is None and given:
        name = TINY if given[0].data.student.name == TINY else given[0].source
    models, obstacle = ModelCatalogue(content), ""
    try:
        student = find_student(name or TINY, models, environment, content)
    except SettingsError as error:
        model = models.find(name or TINY)
        if not elsewhere or model is None:
            raise
        student, obstacle = Student(model.name, model.hub, None, False, model), error.message
    for one in given:
        if _base_of(one) != _known_as(student):
            raise SettingsError(
                f"--adapter {one.folder} was trained on {_base_of(one)}, not on {_known_as(student)}:"
                " leave out --student, or train one on it"
            )
    return student, obstacle


def _subject(
    student: Student, obstacle: str, chosen: dict[str, Adapter], bits: int | None, notes: Sequence[str]
) -> EvaluatedModel:
    said = list(notes)
    used = {one.name: one.found for one in chosen.values() if one.found is not None}
    revisions = {one.data.student.revision for one in used.values()} - {None}
    if len(revisions) == 1:  # they were trained on this one; what the hub has by now may be another
        student = replace(student, revision=revisions.pop())
    elif revisions:
        said.append(f"the adapters were trained on several revisions of {student.source}; asked is the newest")
    if student.revision is None and not obstacle and find_spec("transformers") is not None:
        student = pin_revision(student)
    if bits is None:
        trained = {one.data.recipe["base"]["bits"] for one in used.values()}
        bits = trained.pop() if len(trained) == 1 and not student.tiny else WHOLE  # quantised, CPUs are slow
    because = ["the student is tiny"] if student.tiny else []
    because += [f"{path} is a rehearsal" for path, one in used.items() if one.data.rehearsal and not student.tiny]
    return EvaluatedModel(student.name, student, bits, chosen, tuple(because), tuple(said), obstacle)


def choose_served(name: str | None, given: Sequence[str], cultures: Sequence[str]) -> EvaluatedModel:
    """A model on a server, and its adapters by the names that the server has for them."""
    if len(given) not in (0, 1, len(cultures)):
        raise SettingsError(
            f"--adapter: {len(given)} given for {len(cultures)} cultures: give one for all, or one for each in order"
        )
    each = [*given] if len(given) == len(cultures) else [*given] * len(cultures)
    return served(name, dict(zip(cultures, each, strict=False)))


def served(name: str | None, given: Mapping[str, str]) -> EvaluatedModel:
    """A model on a server, and for each row its adapter by the name that the server has for it."""
    if name is None:
        raise SettingsError("--base-url needs --student NAME: the model to ask there")
    because = [f"the adapter {one} is a rehearsal" for one in dict.fromkeys(given.values()) if _rehearsed(one)]
    return EvaluatedModel(name, None, WHOLE, {row: Adapter(one, None) for row, one in given.items()}, tuple(because))


def _no_part(one: TrainedAdapter, student: Student) -> str:
    return f"{one.folder} was trained on {_base_of(one)}, not on {_known_as(student)}: it takes no part"


def _known_as(student: Student) -> str:
    """What the adapters of a student call it: of one in a folder only the folder's name."""
    source = Path(student.source).expanduser()
    return source.resolve().name if source.is_dir() else student.source


def _base_of(one: TrainedAdapter) -> str:
    return one.data.student.source


def _rehearsed(name: str) -> bool:
    try:
        return find_adapter(name, ADAPTERS).data.rehearsal
    except ClcaError:
        return False


def find(name: str, catalogue: CultureCatalogue, generated: Path) -> TrainedAdapter:
    try:
        return find_adapter(name, ADAPTERS)
    except NotFoundError as error:
        fault = error
    try:
        return find_adapter(catalogue.find(name), ADAPTERS)
    except NotFoundError:
        pass
    try:
        learned = find_run(name, generated).data.get("fingerprint")
    except NotFoundError:
        raise fault from None
    of_run = [one for one in list_adapters(ADAPTERS) if learned in {run.fingerprint for run in one.data.lineage}]
    if not of_run:
        raise NotFoundError(f"no adapter in {ADAPTERS}/ learned from run {name}: `clca train --run {name}` makes one")
    return of_run[-1]
