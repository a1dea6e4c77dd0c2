"""Who is evaluated: a student as it is, and as its adapters make it; here, or on a server."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clca.culture import Catalogue
from clca.errors import ClcaError, NotFoundError, SettingsError, StoreError
from clca.models import Models
from clca.store.runs import find_run
from clca.teacher.machine import Machine
from clca.training.adapter import WEIGHTS, Found, adapters, find_adapter
from clca.training.estimate import least_bytes
from clca.training.mix import parse_mix
from clca.training.recipe import Base
from clca.training.student import TINY, Student, compute_type, find_student, load_model, pinned
from clca.workspace import Content

ADAPTERS = Path("adapters")
PLAIN = {"wvs", "wvs-translated", "wiki", "normad"}  # sources whose examples are no chats
WHOLE = 16  # bits of weights that are not quantised
GIB = 2**30
MODEL_FILES = {".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"}


class SubjectError(ClcaError):
    """The student cannot be run: its memory, or its weights. Finished sheets are kept."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter by its folder here (`found`), or by the name that a server has for it."""

    name: str
    found: Found | None

    @property
    def digest(self) -> str:
        """Of its weights; of one on a server nothing but the name is known."""
        if self.found is None:
            return f"server:{self.name}"
        file = self.found.folder / WEIGHTS
        try:
            return hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise StoreError(f"cannot read {file}: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Subject:
    """`student` is None on a server. `adapters` are by culture; `because` says why its scores mean nothing.

    `obstacle` says why it cannot be run here, where that is all the same to a plan.
    """

    name: str
    student: Student | None
    bits: int
    adapters: dict[str, Adapter]
    because: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    obstacle: str = ""

    @property
    def id(self) -> str:
        """What decides its answers, but for the adapters."""
        if self.student is None:
            return f"server:{self.name}"
        return base_id(self.student)

    @property
    def tiny(self) -> bool:
        return self.student is not None and self.student.tiny

    @property
    def plain(self) -> bool:
        """Whether all its adapters learned from plain texts alone."""
        found = [one.found for one in self.adapters.values()]
        return bool(found) and all(one is not None and _is_plain(one) for one in found)


def base_id(student: Student) -> str:
    """What decides a student's answers; the tiny one is the same wherever it lies."""
    folder = Path(student.source).expanduser()
    if student.name == TINY:
        return folder.name
    if folder.is_dir():
        return f"{folder.resolve().name}:{_stamp(folder)}"
    return f"{student.source}@{student.revision or 'main'}"


def _stamp(folder: Path) -> str:
    """A digest of the names, sizes and times of a model's files: to read weights would take as long as to load them."""
    try:
        facts = [(one.name, one.stat()) for one in sorted(folder.iterdir()) if one.suffix in MODEL_FILES]
    except OSError as error:
        raise StoreError(f"cannot read {folder}: {error.strerror}") from None
    said = "".join(f"{name} {fact.st_size} {fact.st_mtime_ns}\n" for name, fact in facts)
    return hashlib.sha256(said.encode()).hexdigest()


def _known_as(student: Student) -> str:
    """What the adapters of a student call it: of one in a folder only the folder's name."""
    source = Path(student.source).expanduser()
    return source.resolve().name if source.is_dir() else student.source


def find_given(names: Sequence[str], catalogue: Catalogue, generated: Path) -> list[Found]:
    """Adapters by folder, name, any name of a culture, or the run that they learned from."""
    return [_find(name, catalogue, generated) for name in names]


def choose(
    name: str | None,
    given: Sequence[Found],
    cultures: Sequence[str],
    bits: int | None,
    content: Content,
    environment: Mapping[str, str],
    *,
    elsewhere: bool = False,
) -> Subject:
    """The student, named or that of the adapters, and an adapter for each culture that there is one of.

    Without `given` ones, the newest of each culture that was trained on this student. With `elsewhere` the
    student need not be to be had here.
    """
    bases = {_base_of(one): one for one in given}
    if len(bases) > 1:
        names = " and ".join(f"{one.folder} on {one.data.student.name}" for one in bases.values())
        raise SettingsError(f"--adapter: they were trained on different students, {names}: evaluate them one by one")
    if name is None and given:
        name = TINY if given[0].data.student.name == TINY else given[0].source
    models, obstacle = Models(content), ""
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
    chosen, notes = {}, []
    there = list(adapters(ADAPTERS))
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
            was = _base_of(others[-1])
            notes.append(f"{others[-1].folder} was trained on {was}, not on {_known_as(student)}: it takes no part")
        if own:
            chosen[culture] = Adapter(str(own[-1].folder), own[-1])
    used = {one.name: one.found for one in chosen.values() if one.found is not None}
    revisions = {one.data.student.revision for one in used.values()} - {None}
    if len(revisions) == 1:  # they were trained on this one; what the hub has by now may be another
        student = replace(student, revision=revisions.pop())
    elif revisions:
        notes.append(f"the adapters were trained on several revisions of {student.source}; asked is the newest")
    if student.revision is None and not obstacle and find_spec("transformers") is not None:
        student = pinned(student)
    if bits is None:
        trained = {one.data.recipe["base"]["bits"] for one in used.values()}
        bits = trained.pop() if len(trained) == 1 and not student.tiny else WHOLE  # quantised, CPUs are slow
    because = ["the student is tiny"] if student.tiny else []
    because += [f"{path} is a rehearsal" for path, one in used.items() if one.data.rehearsal and not student.tiny]
    return Subject(student.name, student, bits, chosen, tuple(because), tuple(notes), obstacle)


def choose_served(name: str | None, given: Sequence[str], cultures: Sequence[str]) -> Subject:
    """A model on a server, and its adapters by the names that the server has for them."""
    if name is None:
        raise SettingsError("--base-url needs --student NAME: the model to ask there")
    if len(given) not in (0, 1, len(cultures)):
        raise SettingsError(
            f"--adapter: {len(given)} given for {len(cultures)} cultures: give one for all, or one for each in order"
        )
    each = [*given] if len(given) == len(cultures) else [*given] * len(cultures)
    because = [f"the adapter {one} is a rehearsal" for one in dict.fromkeys(given) if _rehearsed(one)]
    chosen = {culture: Adapter(one, None) for culture, one in zip(cultures, each, strict=False)}
    return Subject(name, None, WHOLE, chosen, tuple(because))


def require_room(subject: Subject, machine: Machine, device: str) -> None:
    """Refuse a student whose weights alone are more than this machine holds, or in bits that nothing here can hold."""
    assert subject.student is not None
    if subject.bits < WHOLE and find_spec("bitsandbytes") is None:
        raise SettingsError(
            f"{subject.name} in {subject.bits} bits needs bitsandbytes, not installed here: pip install '.[eval]' where"
            " clca's source is, or --bits 16"
        )
    base = _load_as(subject)
    needs = least_bytes(subject.student, base, compute_type(base, device))
    there = min((gpu.free for gpu in machine.gpus), default=machine.ram) if device == "cuda" else machine.ram
    if needs is not None and needs > there:
        where = "of GPU memory" if device == "cuda" else "of RAM (no GPU is used)"
        fewer = "--bits 4, " if subject.bits > 4 else ""
        raise SettingsError(
            f"{subject.name} does not fit: its weights take {needs / GIB:.1f} GiB in {subject.bits} bits, here are"
            f" {there / GIB:.1f} GiB {where}; instead: {fewer}a smaller --student, or a server with --base-url"
        )


def load(subject: Subject, device: str) -> Any:
    """The student's weights, with all its adapters around them, each by its folder's name; none is chosen yet."""
    assert subject.student is not None
    from clca.training.quiet import quiet

    with quiet():
        model = load_model(subject.student, _load_as(subject), device)
        model.config.use_cache = True
        for folder in dict.fromkeys(one.name for one in subject.adapters.values()):
            model = _with_adapter(model, folder)
    return model.eval()


def _with_adapter(model: Any, folder: str) -> Any:
    from peft import PeftModel

    try:
        if isinstance(model, PeftModel):
            model.load_adapter(folder, adapter_name=_slot(folder))
            return model
        return PeftModel.from_pretrained(model, folder, adapter_name=_slot(folder))
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise SettingsError(f"--adapter {folder} cannot be loaded: {said}") from None


def select(model: Any, adapter: str) -> None:
    """Have this one of the loaded adapters answer."""
    model.set_adapter(_slot(adapter))


def _slot(folder: str) -> str:
    """PEFT makes it part of a module's name, in which dots would part it."""
    return hashlib.sha256(folder.encode()).hexdigest()[:12]


def _load_as(subject: Subject) -> Base:
    return Base.model_validate({"bits": subject.bits})


def _base_of(one: Found) -> str:
    return one.data.student.source


def _is_plain(one: Found) -> bool:
    try:
        return set(parse_mix(one.data.recipe["data"]["mix"]).sources) <= PLAIN
    except (KeyError, ValueError):
        return False


def _rehearsed(name: str) -> bool:
    try:
        return find_adapter(name, ADAPTERS).data.rehearsal
    except ClcaError:
        return False


def _find(name: str, catalogue: Catalogue, generated: Path) -> Found:
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
    of_run = [one for one in adapters(ADAPTERS) if learned in {run.fingerprint for run in one.data.lineage}]
    if not of_run:
        raise NotFoundError(f"no adapter in {ADAPTERS}/ learned from run {name}: `clca train --run {name}` makes one")
    return of_run[-1]
