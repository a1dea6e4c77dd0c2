"""C-SPEC on one page: read matrices, say what they say, leave tables and heat-maps behind.

matrices and evaluations -> specificities -> tables, heat-maps, cspec.json
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from clca.content.lookup import Content
from clca.errors import SettingsError, StoreError
from clca.evaluation import table_formats
from clca.evaluation.classification.specificity import Specificity, specificity
from clca.evaluation.cspec.heatmap import NORMALISED, RANKS, heatmap
from clca.evaluation.invalid_replies import invalid_counts_table, invalid_table
from clca.evaluation.mmlu.knowledge_table import SOURCES, data_table, mmlu_table
from clca.evaluation.mmlu.notes import asked
from clca.evaluation.mmlu.notes import notes as notes_on
from clca.evaluation.offense.score_tables import f1_table, normalised_table
from clca.evaluation.prediction_dir import INFO, read_info
from clca.evaluation.results import EVALUATIONS, Marks, Read, differing, marks_of, read_evaluation
from clca.evaluation.s2n_results import Published, load_s2n
from clca.evaluation.score_matrix import read_matrix
from clca.evaluation.table import Row, Table
from clca.evaluation.table_systems import TableSystem
from clca.storage.atomic import atomic_write
from clca.storage.fingerprint import fingerprint

SINGLE = "C-SPEC of a single culture is 1 by definition: there is no other adapter to compare with."
NOISE = (
    "Few texts make C-SPEC too low, most where adapters are alike, and its interval too narrow: compare it with chance,"
    " which they lower as much."
)


@dataclass(frozen=True, slots=True)
class Assessed:
    """One matrix; `name` is that of its evaluation or file, `notes` stand beside its numbers."""

    source: Path
    name: str
    specificity: Specificity
    notes: tuple[str, ...]
    read: Read | None
    marks: Marks


@dataclass(frozen=True, slots=True)
class Report:
    """Matrices and the tables over all of them; `folder` is where the files are."""

    folder: Path
    matrices: tuple[Assessed, ...]
    tables: tuple[Table, ...]
    marks: Marks


def assess(
    given: Sequence[str], content: Content, *, mmlu: Sequence[str] = (), seed: int = 42, out: Path | None = None
) -> Report:
    """Read CSV matrices or evaluations, and write what C-SPEC says of them."""
    if not 0 <= seed < 2**31:
        raise SettingsError(f"--seed {seed}: has to be from 0 to {2**31 - 1}")
    published = load_s2n(content)
    matrices = _told_apart([_matrix(one, seed) for one in given])
    places = [one.source.resolve() for one in matrices]
    twice = next((one for one in matrices if places.count(one.source.resolve()) > 1), None)
    if twice is not None:
        raise SettingsError(f"{twice.source} is given twice: leave one of them out")
    knowledge = _paired(matrices, [read_evaluation(one, "mmlu") for one in mmlu])
    marks = reduce(or_, [*(one.marks for one in matrices), *(one.marks for one in knowledge.values())])
    done = Report(out or _folder(matrices), matrices, tuple(_tables(matrices, knowledge, published)), marks)
    _write(done)
    return done


def _told_apart(matrices: Sequence[Assessed]) -> tuple[Assessed, ...]:
    """Of the same name the second is `NAME-2`."""
    names = [one.name for one in matrices]
    again = [names[:number].count(name) for number, name in enumerate(names)]
    return tuple(
        replace(one, name=f"{one.name}-{number + 1}") if number else one
        for one, number in zip(matrices, again, strict=True)
    )


def _matrix(given: str, seed: int) -> Assessed:
    path = Path(given).expanduser()
    if path.is_file() or path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _of_file(path, seed)
    return _of_evaluation(read_evaluation(given, "offense"), seed)


def _of_file(path: Path, seed: int) -> Assessed:
    matrix = read_matrix(path)
    found = specificity(matrix.cultures, matrix.values, seed=seed)
    # That of an evaluation is marked as the evaluation is.
    marks = marks_of(read_info(path.parent)) if _beside_evaluation(path) else Marks()
    name = f"{path.stem}-{fingerprint({'cultures': matrix.cultures, 'values': matrix.values})[:6]}"
    return Assessed(path, name, found, matrix.remarks, None, marks)


def _beside_evaluation(file: Path) -> bool:
    return (file.parent / INFO).is_file()


def _of_evaluation(read: Read, seed: int) -> Assessed:
    of = read.scores.specificity
    if of is None:
        raise SettingsError(
            f"{read.folder} has no culture with both an adapter and a score (rows {', '.join(read.scores.rows)}; tests"
            f" of {', '.join(read.scores.cultures)}): evaluate adapters with `clca eval-offense --adapter CULTURE=DIR`"
        )
    # The seed decides which orders of the adapters are looked at; intervals need texts and are those of the scores.
    again = specificity(of.cultures, of.matrix, seed=seed, invalid=of.invalid)
    found = again.model_copy(update={"cspec": of.cspec, "diagonal_mean": of.diagonal_mean})
    notes = [*read.caveats, *read.scores.notes()]
    aside = [row for row in read.scores.rows if row not in of.cultures]
    if aside:
        notes.append(f"Set aside, being no culture's own adapter with tests: {', '.join(aside)}.")
    untaught = [culture for culture in read.scores.cultures if culture not in of.cultures]
    if untaught:
        notes.append(f"Tests of cultures without an adapter or a score: {', '.join(untaught)}.")
    notes.append(SINGLE if len(of.cultures) == 1 else NOISE)
    return Assessed(read.folder, read.folder.resolve().name, found, tuple(notes), read, read.marks)


def _paired(matrices: Sequence[Assessed], knowledge: Sequence[Read]) -> dict[Path, Read]:
    """The MMLU evaluation of each evaluation's student and adapters, by the folder of the latter."""
    runs = [one.read for one in matrices if one.read is not None]
    if knowledge and not runs:
        raise SettingsError("--mmlu: stands beside an evaluation; a CSV matrix does not say what was trained")
    found: dict[Path, Read] = {}
    for one in knowledge:
        differences = {run.folder: differing(run, one) for run in runs}
        fitting = [folder for folder, what in differences.items() if not what]
        if not fitting:
            folder, what = min(differences.items(), key=lambda item: len(item[1]))
            raise SettingsError(
                f"--mmlu {one.folder}: is of other answers than {folder}: {'; '.join(what[:3])}; give the evaluation by"
                " `clca eval-mmlu` of the same student and adapters"
            )
        for folder in fitting:
            if folder in found:
                raise SettingsError(
                    f"--mmlu {one.folder}: {folder} has that of {found[folder].folder} already; leave one of them out"
                )
            found[folder] = one
    return found


def _tables(matrices: Sequence[Assessed], knowledge: Mapping[Path, Read], published: Published) -> list[Table]:
    """The normalised matrix of each, then what all evaluations share."""
    several, tables = len(matrices) > 1, []
    runs = [(one, one.read, one.read.ours) for one in matrices if one.read is not None]
    kinds = [(ours.model, ours.data) for _, _, ours in runs]
    shown = {
        read.folder: replace(ours, name=one.name) if kinds.count((ours.model, ours.data)) > 1 else ours
        for one, read, ours in runs
    }
    for one in matrices:
        ours = shown.get(one.source)
        made = normalised_table(
            one.specificity,
            model=ours.model if ours else "",
            data=ours.data if ours else None,
            published=published,
            notes=one.notes,
        )
        tables.append(replace(made, rows=tuple(_of(one.name, row) for row in made.rows)) if several else made)
    if not runs:
        return tables
    all_ours = list(shown.values())
    notes = [f"{one.name}: {note}" if several else note for one, _, _ in runs for note in one.notes if note != NOISE]
    tables += [
        f1_table(all_ours, published, notes=notes),
        invalid_table(all_ours, published, notes=notes),
        invalid_counts_table(all_ours, published, notes=notes),
    ]
    mmlus = {folder: replace(shown[folder], scores=one.scores) for folder, one in knowledge.items()}
    said = [
        *dict.fromkeys(f"MMLU, {one.folder.name}: {note}" for one in knowledge.values() for note in _about_mmlu(one)),
        *(note for folder, one in knowledge.items() for note in _unshared(shown[folder], one)),
    ]
    for mode in SOURCES:
        of_mode = [mmlus[folder] for folder, one in knowledge.items() if one.about.get("mode") == mode]
        if of_mode:
            made = mmlu_table(of_mode, published, mode=mode, notes=said)
            tables += [made] if made.rows else []  # without a macro-F1, which a note tells, there is nothing to show
    if several or knowledge:
        both = [(ours, mmlus[folder].scores if folder in mmlus else None) for folder, ours in shown.items()]
        tables.append(data_table(both, published, notes=[*notes, *said]))
    return tables


def _of(name: str, row: Row) -> Row:
    return replace(row, group=f"{name}, {row.group}" if row.group else name)


def _about_mmlu(read: Read) -> Iterator[str]:
    """What was asked and how, and what has to be known of the numbers."""
    yield asked(read.scores, read.about)
    yield from read.caveats
    found = read.about.get("notes")
    yield from map(str, found if isinstance(found, list) else ())
    yield from notes_on(read.scores)


def _unshared(run: TableSystem, mmlu: Read) -> Iterator[str]:
    """Table 5 takes MMLU over the adapters that both have."""
    mine, theirs = run.scores.adapters, mmlu.scores.adapters
    for has, lacks, where in ((theirs, mine, "offensiveness"), (mine, theirs, "MMLU")):
        only = [row for row in has if row not in lacks]
        if only:
            yield f"{mmlu.folder.name}: adapters that were not evaluated on {where}: {', '.join(only)}."


def _folder(matrices: Sequence[Assessed]) -> Path:
    """Where the files go, if it is not said: beside an evaluation, else below `evaluations/cspec`."""
    first = matrices[0]
    if len(matrices) > 1:
        digest = fingerprint({"sources": sorted(str(one.source.resolve()) for one in matrices)})[:6]
        return EVALUATIONS / "cspec" / f"{first.name}-and-{len(matrices) - 1}-more-{digest}"
    if first.read is not None:
        return first.source / "cspec"
    if _beside_evaluation(first.source):
        return first.source.parent / f"cspec-{first.source.stem}"
    return EVALUATIONS / "cspec" / first.name


def facts(one: Assessed) -> dict[str, Any]:
    """What `cspec.json` holds and `--json` prints of a matrix."""
    return {
        "source": str(one.source),
        **asdict(one.marks),
        **one.specificity.model_dump(mode="json"),
        "notes": list(one.notes),
    }


def _write(done: Report) -> None:
    files: list[tuple[Path, str | bytes]] = [
        (done.folder / "tables.md", table_formats.markdown(done.tables)),
        (done.folder / "tables.csv", table_formats.csv_text(done.tables, **asdict(done.marks))),
        (done.folder / "tables.tex", table_formats.latex(done.tables)),
    ]
    for place, one in places(done):
        title = ", ".join(mark for mark, there in asdict(one.marks).items() if there).capitalize()
        for kind in (RANKS, NORMALISED):
            pictures = heatmap(one.specificity, kind, title=title)
            files += [(place / f"{kind}.{form}", data) for form, data in pictures.items()]
        files.append((place / "cspec.json", json.dumps(facts(one), indent=2, ensure_ascii=False) + "\n"))
    for file, data in files:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot write to {file.parent}: {error.strerror}; choose another folder with --out"
            ) from None
        atomic_write(file, data)


def places(done: Report) -> Iterator[tuple[Path, Assessed]]:
    """The folder of each matrix: of several one of its own."""
    for one in done.matrices:
        yield (done.folder / one.name if len(done.matrices) > 1 else done.folder), one
